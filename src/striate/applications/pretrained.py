"""Weights that were learnt elsewhere, put into our layers: every name and every shape is checked first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from striate.applications.foreign_weights import Slot, slots_by_name
from striate.applications.pretrained_files import KERAS, OWN, read_weights
from striate.core.errors import FileFormatError, ShapeError
from striate.core.shapes import format_shape
from striate.layers.weights import named_weights, public_shape
from striate.models.saving import fill_weights

_SHOWN = 60


@dataclass(frozen=True)
class Family:
    """What is known of a network's weights elsewhere.

    `namings` are functions from a model to what each of its layers with weights is called in one
    library; `top` names the layers that `include_top=False` leaves out, and `tops` how their
    weights begin in those libraries. `fetch` brings a file of ImageNet's weights.
    """

    namings: tuple[Callable[[Any], Mapping[str, str]], ...]
    top: tuple[str, ...]
    tops: tuple[str, ...]
    fetch: Callable[[], Path]


def load_pretrained(model: Any, weights: str | Path, family: Family, include_top: bool = True) -> None:
    """Load the weights that `weights` names, 'imagenet' or a file's path, into a network; all or none.

    Files of Striate (`save_weights`, `save`), state dicts of PyTorch in the names of torchvision
    and timm (.pth, .safetensors) and weights of Keras (.h5) are known by what is in them.

    Raises:
        FileAccessError: the file is missing or could not be downloaded.
        FileFormatError: it is damaged, or its weights belong to another network.
        ShapeError: weights of other shapes.
        MissingExtraError: what reads or brings them is not installed.
    """
    path = family.fetch() if weights == "imagenet" else Path(weights)
    kind, found = read_weights(path)
    if kind == OWN:
        model.load_weights(path)
        return
    leave_out = () if include_top else family.top if kind == KERAS else family.tops
    if kind == KERAS:
        arrays = _from_keras(model, found, leave_out, path)
    else:
        arrays = _from_torch(model, found, family, leave_out, path)
    fill_weights(model, arrays, str(path))


def _from_torch(
    model: Any, found: Mapping[str, Any], family: Family, leave_out: tuple[str, ...], path: Path
) -> dict[str, np.ndarray]:
    """Rename and turn a state dict's tensors, by the naming that most of their names belong to."""
    namings = [slots_by_name(model, naming(model)) for naming in family.namings]
    slots = max(namings, key=lambda naming: sum(slot.key in found for slot in naming.values()))
    wanted = {slot.key: slot for slot in slots.values()}
    extra = [
        key
        for key in found
        if key not in wanted
        and not key.endswith("num_batches_tracked")
        and not any(key.startswith(f"{top}.") for top in leave_out)
    ]
    _check_names(model, path, [key for key in wanted if key not in found], extra)
    _check_shapes(model, path, {key: (found[key], slot.accepts) for key, slot in wanted.items()})
    return {place: _turned(slot, found[slot.key]) for place, slot in slots.items()}


def _turned(slot: Slot, array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(slot.turn(array), dtype=np.float32)


def _from_keras(
    model: Any, found: Mapping[str, list[np.ndarray]], leave_out: tuple[str, ...], path: Path
) -> dict[str, np.ndarray]:
    """Take a Keras file's arrays layer by layer; within a layer their order is ours."""
    places: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for place, tensor, spec in named_weights(model):
        places.setdefault(place.rpartition("/")[0], []).append((place, public_shape(tensor, spec)))
    extra = [name for name in found if name not in places and name not in leave_out]
    _check_names(model, path, [name for name in places if name not in found], extra)
    for name, wanted in places.items():
        if len(found[name]) != len(wanted):
            raise FileFormatError(
                f"{path} does not fit {model.name}: layer {name!r} has {len(wanted)} weights here but "
                f"{len(found[name])} in the file. A ResNet50 of Keras has biases, one of PyTorch has none: "
                "see its argument `variant`."
            )
    pairs = {
        place: (array, (shape,))
        for name, wanted in places.items()
        for (place, shape), array in zip(wanted, found[name], strict=True)
    }
    _check_shapes(model, path, pairs)
    return {place: np.asarray(array, np.float32) for place, (array, _) in pairs.items()}


def _check_names(model: Any, path: Path, missing: list[str], extra: list[str]) -> None:
    if missing or extra:
        raise FileFormatError(
            f"{path} does not fit {model.name}: missing {_listed(missing)}; left over {_listed(extra)}."
        )


def _check_shapes(
    model: Any, path: Path, pairs: Mapping[str, tuple[Any, tuple[tuple[int, ...], ...]]]
) -> None:
    wrong = [
        f"{name} has {format_shape(tuple(array.shape))} where {format_shape(shapes[0])} is wanted"
        for name, (array, shapes) in pairs.items()
        if tuple(array.shape) not in shapes
    ]
    if wrong:
        raise ShapeError(
            f"{path} does not fit {model.name}: {_listed(wrong)}. Another number of classes, or another "
            "input size, takes include_top=False."
        )


def _listed(names: list[str]) -> str:
    if not names:
        return "nothing"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
