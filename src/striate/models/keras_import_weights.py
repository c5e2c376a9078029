"""Which array of a Keras file is which weight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from striate.core.errors import FileFormatError
from striate.core.registry import snake_case
from striate.layers.base import Layer
from striate.layers.weights import WeightSpec, check_weight_shape, named_weights, set_public
from striate.models.keras_import_graph import Made

_Arrays = Mapping[tuple[str, ...], np.ndarray]
# Names that both libraries give, so that weights in another order are noticed.
_NAMES = frozenset(
    (
        "alpha", "beta", "bias", "depthwise_kernel", "embeddings", "gamma", "kernel", "mean", "moving_mean",
        "moving_variance", "pointwise_kernel", "variance",
    )
)  # fmt: skip
# What layers that draw at random keep in the older file; each library draws in its own way.
_RANDOM_STATE = ("StateVar", "seed_generator_state", "rng_state")


class Target(NamedTuple):
    """One weight that waits for its numbers."""

    path: str
    tensor: torch.Tensor
    spec: WeightSpec | None
    trainable: bool


def fill_from_groups(made: Made, arrays: _Arrays) -> None:
    """Fill in the weights of a `.keras` file, whose groups are numbered by the classes of the layers.

    Raises:
        FileFormatError: weights that are missing or left over.
        ShapeError: one of another shape.
    """
    used: set[tuple[str, ...]] = set()
    pairs = list(_of_groups(made, (), arrays, used))
    _fill(pairs)
    left = sorted(
        path for path, array in arrays.items() if path not in used and not _is_random_state(path, array)
    )
    if left:
        raise FileFormatError(f"the file has weights that belong to no layer: {'/'.join(left[0])!r}.")


def _is_random_state(path: tuple[str, ...], array: np.ndarray) -> bool:
    # Generators keep whole numbers: layers/dropout/seed_generator/vars/0.
    return array.dtype.kind in "iu" and len(path) > 2 and path[-3].endswith("generator")


def _of_groups(
    made: Made, prefix: tuple[str, ...], arrays: _Arrays, used: set[tuple[str, ...]]
) -> Iterator[tuple[list[Target], list[np.ndarray]]]:
    if made.inner is None:
        found: list[np.ndarray] = []
        while (path := (*prefix, "vars", str(len(found)))) in arrays:
            used.add(path)
            found.append(arrays[path])
        yield list(_targets(made.layer, True)), found
        return
    counts: dict[str, int] = {}
    for part in made.inner:
        base = snake_case(part.kind)
        number = counts[base] = counts.get(base, -1) + 1
        yield from _of_groups(part, (*prefix, "layers", f"{base}_{number}" if number else base), arrays, used)


def fill_from_lists(made: Made, arrays: _Arrays) -> None:
    """Fill in the weights of an `.h5` file, which lists them for each layer of the outermost model.

    Raises:
        FileFormatError: weights that are missing, left over or in another order.
        ShapeError: one of another shape.
    """
    lists: dict[str, list[tuple[str, np.ndarray]]] = {}
    for (layer, _, name), array in arrays.items():
        short = name.rpartition("/")[2].partition(":")[0]
        if not short.startswith(_RANDOM_STATE):
            lists.setdefault(layer, []).append((short, array))
    pairs = []
    for part in made.inner or ():
        listed = lists.pop(part.layer.name, [])
        targets = _as_listed(part)
        for (name, _), target in zip(listed, targets, strict=False):
            own = target.path.rpartition("/")[2]
            if name != own and {name, own} <= _NAMES:
                raise FileFormatError(
                    f"the weights of {part.layer.name!r} stand in an order not known: {name!r} for {own!r}."
                )
        pairs.append((targets, [array for _, array in listed]))
    if lists:
        raise FileFormatError(f"the file has weights that belong to no layer: of {next(iter(lists))!r}.")
    _fill(pairs)


def _as_listed(made: Made) -> list[Target]:
    """All weights of a layer in the order of that file: those that were trained, then the others."""
    targets = list(_inside(made, True))
    return [one for one in targets if one.trainable] + [one for one in targets if not one.trainable]


def _inside(made: Made, trainable: bool) -> Iterator[Target]:
    trainable = trainable and made.layer.trainable
    if made.inner is None:
        yield from _targets(made.layer, trainable)
    for part in made.inner or ():
        yield from _inside(part, trainable)


def _targets(layer: Layer, trainable: bool) -> Iterator[Target]:
    trainable = trainable and layer.trainable
    for name, tensor, spec in named_weights(layer):
        path = f"{layer.name}/{name}"
        yield Target(path, tensor, spec, trainable and (spec is None or spec.trainable))


def _fill(pairs: list[tuple[list[Target], list[np.ndarray]]]) -> None:
    for targets, arrays in pairs:
        if len(targets) != len(arrays):
            names = ", ".join(target.path for target in targets[:5]) or "none"
            raise FileFormatError(
                f"a layer has {len(targets)} weights ({names}) but the file holds {len(arrays)} for it."
            )
        for target, array in zip(targets, arrays, strict=True):
            check_weight_shape(array.shape, target.path, target.tensor, target.spec)
    for targets, arrays in pairs:
        for target, array in zip(targets, arrays, strict=True):
            set_public(target.tensor, target.spec, _writable(array))


def _writable(array: np.ndarray) -> Any:
    # Torch warns of arrays that it could write into by mistake; only empty ones come so.
    return array if array.flags.writeable else array.copy()
