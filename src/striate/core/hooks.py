"""Whether somebody looks at what goes through a module."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from torch.nn.modules import module as torch_module

# What a person puts in for all modules at once.
_FOR_ALL = (
    torch_module._global_forward_hooks,
    torch_module._global_forward_pre_hooks,
    torch_module._global_backward_hooks,
    torch_module._global_backward_pre_hooks,
)


def has_hooks(module: nn.Module) -> bool:
    """Whether the module calls something of a person's on its way forward or back."""
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
    )


def are_watched(modules: Iterable[nn.Module]) -> bool:
    """Whether one of the modules has a hook, or all modules have."""
    return any(_FOR_ALL) or any(map(has_hooks, modules))
