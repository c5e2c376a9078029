"""The state of every source of chance that a training draws from, as arrays and numbers, and back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from striate.layers.seeded import SeededLayer
from striate.training.distributed import Processes


def random_state(device: torch.device) -> dict[str, Any]:
    """Read the state of Python's, NumPy's and torch's own generators, the device's among them."""
    version, numbers, gauss = random.getstate()
    old = np.random.get_state(legacy=False)
    return {
        "python": {"version": version, "numbers": np.array(numbers, np.int64), "gauss": gauss},
        "numpy": old,
        "torch": torch.get_rng_state().numpy(),
        "device": None if device.type == "cpu" else _of_device(device).numpy(),
    }


def _of_device(device: torch.device) -> torch.Tensor:
    return torch.mps.get_rng_state() if device.type == "mps" else torch.cuda.get_rng_state(device)


def set_random_state(state: Mapping[str, Any], device: torch.device) -> None:
    """Put all generators back to where `random_state` read them."""
    python = state["python"]
    random.setstate((python["version"], tuple(python["numbers"].tolist()), python["gauss"]))
    np.random.set_state(state["numpy"])
    torch.set_rng_state(torch.from_numpy(np.array(state["torch"])))
    if state["device"] is not None and device.type in ("cuda", "mps"):
        found = torch.from_numpy(np.array(state["device"]))
        torch.mps.set_rng_state(found) if device.type == "mps" else torch.cuda.set_rng_state(found, device)


def share_chance(group: Processes | None, device: torch.device) -> None:
    """Let all processes of a training draw what the first one draws from here on."""
    if group is not None:
        state = group.from_first(random_state(device) if group.is_first else None)
        if not group.is_first:
            set_random_state(state, device)


def layer_states(module: nn.Module) -> list[np.ndarray | None]:
    """Read the generators of layers that have a seed of their own; None where nothing was drawn yet."""
    generators = [layer._generator for layer in _seeded(module)]
    return [None if generator is None else generator.get_state().numpy() for generator in generators]


def set_layer_states(module: nn.Module, states: list[np.ndarray | None], device: torch.device) -> None:
    """Put the layers' generators back to where `layer_states` read them."""
    for layer, state in zip(_seeded(module), states, strict=True):
        layer._generator = None
        if state is None:
            continue
        # Layers that change images draw on the CPU wherever the network is.
        for place in (device, torch.device("cpu")):
            generator = layer._own_generator(place)
            if generator is not None and generator.get_state().numel() == state.size:
                generator.set_state(torch.from_numpy(np.array(state)))
                break


def remember(module: nn.Module, device: torch.device) -> Callable[[], None]:
    """Note where all generators stand; what comes back puts them there again."""
    state, layers = random_state(device), layer_states(module)

    def again() -> None:
        set_random_state(state, device)
        set_layer_states(module, layers, device)

    return again


@contextmanager
def untouched(module: nn.Module, device: torch.device) -> Iterator[None]:
    """Try something with a module, and leave its buffers and all generators as they were."""
    again, kept = remember(module, device), [buffer.clone() for buffer in module.buffers()]
    try:
        yield
    finally:
        again()
        with torch.no_grad():
            for buffer, before in zip(module.buffers(), kept, strict=True):
                buffer.copy_(before)


def draws_by_itself(module: nn.Module) -> bool:
    """Whether a module of torch's own is inside that draws in training, for just the rows it gets."""
    for inner in module.modules():
        if isinstance(inner, (nn.modules.dropout._DropoutNd, nn.RReLU, nn.FractionalMaxPool2d)):
            return True
        if isinstance(inner, (nn.RNNBase, nn.MultiheadAttention)) and inner.dropout > 0:
            return True
    return False


def _seeded(module: nn.Module) -> Iterator[SeededLayer]:
    return (layer for layer in module.modules() if isinstance(layer, SeededLayer))


def source_state(source: Any) -> dict[str, Any]:
    """Read what the next pass over a source of batches depends on, beside the generators that all share.

    That is what its own `get_state` says, and the generators of a DataLoader and its sampler.
    """
    own = source.get_state() if hasattr(source, "get_state") and hasattr(source, "set_state") else None
    return {"own": own, "generators": [each.get_state().numpy() for each in _generators(source)]}


def set_source_state(source: Any, state: Mapping[str, Any]) -> None:
    """Put a source back to where `source_state` read it."""
    if state["own"] is not None and hasattr(source, "set_state"):
        source.set_state(state["own"])
    for generator, array in zip(_generators(source), state["generators"], strict=False):
        generator.set_state(torch.from_numpy(np.array(array)))


def _generators(source: Any) -> list[torch.Generator]:
    found = [getattr(holder, "generator", None) for holder in (source, getattr(source, "sampler", None))]
    return [one for one in found if isinstance(one, torch.Generator)]
