"""A network as `torch.compile` translates it for a GPU, where `compile(jit_compile=True)` asks for that.

On a GPU a small network's step is mostly launches of kernels; translated, there are fewer. It takes
half a minute or so at the first step, and again for another batch size, so it pays in long trainings only
and is never chosen by itself. On CPUs it is not used: there our own kernels take this place, and
PyTorch's are slower translated than not (docs/decisions/0015).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import torch
from torch import nn

from striate.core.console import remark
from striate.core.hooks import are_watched
from striate.core.position import here

DEVICES = ("cuda",)
BACKEND = "inductor"


def translated(module: nn.Module, wanted: bool, device: torch.device) -> Callable[[Any], Any] | None:
    """The module for `torch.compile`'s devices, where it is wanted; else None."""
    return Translated(module) if wanted and device.type in DEVICES else None


@final
class Translated:
    """Runs the steps of training through `torch.compile`, and all else as it is written.

    So do steps where a module inside has a hook, which a translation made before does not know, and where
    a batch goes through in parts, each of which takes its rows of what is drawn for the whole.
    """

    def __init__(self, module: nn.Module):
        self._module = module
        self._translated: Any = None
        self._failed = False

    def __call__(self, inputs: Any) -> Any:
        """Compute the module's outputs."""
        spot = here()
        whole = spot is not None and spot.is_whole
        if not whole or self._failed or are_watched(self._module.modules()):
            return self._module(inputs)
        if self._translated is None:
            # PyTorch's compiler takes seconds to be loaded alone.
            self._translated = torch.compile(self._module, backend=BACKEND)
        try:
            return self._translated(inputs)
        except torch._dynamo.exc.TorchDynamoException as error:
            # A compiler that is missing or fails: how a step is computed changes, not what.
            self._failed = True
            reason = str(error).strip().partition("\n")[0]
            remark(f"jit_compile=True: torch.compile failed ({reason}); training goes on without it.")
            return self._module(inputs)
