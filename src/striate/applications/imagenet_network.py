"""What the networks that were trained on ImageNet share: how they begin and end, and their weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from striate.applications.ends import check_classes, check_input_shape
from striate.applications.imagenet_classes import names_at_hand
from striate.applications.pretrained import Family, load_pretrained
from striate.core.errors import ArgumentError
from striate.core.shapes import Shape, check_choice
from striate.layers import GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from striate.layers.symbolic import SymbolicTensor
from striate.models import Model

SIDE = 224
# Five times the map is halved; below this nothing is left.
LEAST_SIDE = 32
CLASSES = 1000
POOLINGS = {"avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}


def begin(
    name: str,
    include_top: bool,
    input_tensor: SymbolicTensor | None,
    input_shape: Shape | None,
    any_size: bool,
) -> SymbolicTensor:
    """Begin a network at an input of its own or at a tensor that is there.

    `any_size` says that the top, too, takes images of every size.

    Raises:
        ArgumentError: both given, or something that is no symbolic tensor.
        ShapeError: an input that is no image, or too small.
    """
    if input_tensor is not None:
        if not isinstance(input_tensor, SymbolicTensor) or input_shape is not None:
            raise ArgumentError(
                f"{name} takes either input_shape, or what Input(...) or a layer called on it returned as "
                f"input_tensor; got {input_tensor!r} with input_shape={input_shape!r}."
            )
        return input_tensor
    if input_shape is None:
        input_shape = (SIDE, SIDE, 3) if include_top else (None, None, 3)
    if (include_top and not any_size) or None not in input_shape:
        input_shape = check_input_shape(name, input_shape, axes=3, least=LEAST_SIDE)
    return Input(input_shape)


def check_end(name: str, include_top: bool, pooling: str | None, classes: int, weights: Any) -> None:
    """Refuse arguments that contradict each other.

    Raises:
        ArgumentError: pooling together with the top, no classes, or ImageNet's weights for others.
    """
    if include_top and pooling is not None:
        raise ArgumentError(
            f"{name}: pooling={pooling!r} takes the place of the top; it needs include_top=False."
        )
    if pooling is not None:
        check_choice(pooling, tuple(POOLINGS), "pooling")
    check_classes(name, classes, 1)
    if weights == "imagenet" and include_top and classes != CLASSES:
        raise ArgumentError(
            f"{name}: weights='imagenet' answer for {CLASSES} classes, not for {classes}. Take "
            "include_top=False and put a Dense layer behind it, which learns the new classes."
        )


def pooled(outputs: Any, pooling: str | None) -> Any:
    """End a network without its top: the maps themselves, or one value of each."""
    return outputs if pooling is None else POOLINGS[pooling](name="global_pool")(outputs)


def finish(
    inputs: Any, outputs: Any, name: str, weights: str | Path | None, family: Family, include_top: bool
) -> Model:
    """Make the model and load its weights, where some are named.

    With ImageNet's weights and top it gets the classes' names where their list is in the cache.

    Raises:
        ArgumentError: weights that are neither None nor 'imagenet' nor a path.
        FileAccessError, MissingExtraError: weights that cannot be had.
        FileFormatError, ShapeError: weights that do not fit.
    """
    if weights is not None and not isinstance(weights, (str, Path)):
        raise ArgumentError(
            f"{name} takes weights=None for random ones, 'imagenet', or the path of a file of weights; "
            f"got {weights!r}."
        )
    model = Model(inputs, outputs, name=name)
    if weights is not None:
        load_pretrained(model, weights, family, include_top)
    if weights == "imagenet" and include_top:
        model.class_names = names_at_hand()
    return model
