"""VGG16 and VGG19: plain stacks of 3x3 convolutions, by the names that their weights go by.

Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition",
arXiv 1409.1556, configurations D and E.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from striate.applications.ends import check_classes, check_input_shape
from striate.core.errors import ArgumentError
from striate.core.shapes import Shape, check_choice
from striate.layers import (
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    Input,
    MaxPooling2D,
)
from striate.layers.symbolic import SymbolicTensor
from striate.models import Model

FILTERS = (64, 128, 256, 512, 512)
# Five poolings halve the image; below this nothing is left.
LEAST_SIDE = 32
POOLINGS = {"avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}


def VGG16(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: str | Path | None = None,
    input_tensor: SymbolicTensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg16",
) -> Model:
    """Build the network of thirteen convolutions and three dense layers.

    `weights` is a file that `save_weights` or `save` wrote, or None for random ones: there is
    no download. Without the top, `pooling` 'avg' or 'max' ends in one value a feature map.
    `input_tensor` is where the network begins, in place of an input of its own.

    Shape:
        in (batch, height, width, 3), prepared by `preprocess_input`: (224, 224, 3) with the top
        unless told, any size from 32 without it. Out (batch, classes), or the last feature maps
        (batch, height / 32, width / 32, 512) without the top.

    Raises:
        ArgumentError: weights that are no file's path; pooling together with the top.
        ShapeError: an input that is no image, or too small.
        FileFormatError: weights of another network.

    >>> VGG16(include_top=False).count_params()
    14714688
    """
    begin = _beginning(name, include_top, input_tensor, input_shape)
    return _vgg((2, 2, 3, 3, 3), begin, include_top, weights, pooling, classes, classifier_activation, name)


def VGG19(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: str | Path | None = None,
    input_tensor: SymbolicTensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg19",
) -> Model:
    """Build the network of sixteen convolutions and three dense layers; see `VGG16` for the arguments.

    >>> VGG19(include_top=False).count_params()
    20024384
    """
    begin = _beginning(name, include_top, input_tensor, input_shape)
    return _vgg((2, 2, 4, 4, 4), begin, include_top, weights, pooling, classes, classifier_activation, name)


def _beginning(
    name: str, include_top: bool, input_tensor: SymbolicTensor | None, input_shape: Shape | None
) -> SymbolicTensor:
    if input_tensor is not None:
        if not isinstance(input_tensor, SymbolicTensor) or input_shape is not None:
            raise ArgumentError(
                f"{name} takes either input_shape, or what Input(...) or a layer called on it returned as "
                f"input_tensor; got {input_tensor!r} with input_shape={input_shape!r}."
            )
        return input_tensor
    if input_shape is None:
        input_shape = (224, 224, 3) if include_top else (None, None, 3)
    if include_top or None not in input_shape:
        input_shape = check_input_shape(name, input_shape, axes=3, least=LEAST_SIDE)
    return Input(input_shape)


def _vgg(
    convolutions: tuple[int, ...],
    inputs: SymbolicTensor,
    include_top: bool,
    weights: str | Path | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    _check_weights(name, weights)
    outputs: Any = inputs
    for block, (filters, count) in enumerate(zip(FILTERS, convolutions, strict=True), start=1):
        for number in range(1, count + 1):
            outputs = Conv2D(
                filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}"
            )(outputs)
        outputs = MaxPooling2D(2, name=f"block{block}_pool")(outputs)
    if include_top:
        if pooling is not None:
            raise ArgumentError(
                f"{name}: pooling={pooling!r} takes the place of the dense layers; "
                "it needs include_top=False."
            )
        outputs = _top(outputs, check_classes(name, classes, 1), classifier_activation)
    elif pooling is not None:
        outputs = POOLINGS[check_choice(pooling, tuple(POOLINGS), "pooling")](name="global_pool")(outputs)
    model = Model(inputs, outputs, name=name)
    if weights is not None:
        model.load_weights(weights)
    return model


def _top(outputs: Any, classes: int, classifier_activation: Any) -> Any:
    outputs = Flatten(name="flatten")(outputs)
    outputs = Dense(4096, activation="relu", name="fc1")(outputs)
    outputs = Dense(4096, activation="relu", name="fc2")(outputs)
    return Dense(classes, activation=classifier_activation, name="predictions")(outputs)


def _check_weights(name: str, weights: Any) -> None:
    if weights is None or isinstance(weights, Path):
        return
    if not isinstance(weights, str) or weights == "imagenet":
        raise ArgumentError(
            f"{name} takes weights=None for random ones, or the path of a file that save_weights wrote; "
            f"got {weights!r}. Weights learned on ImageNet do not come with Striate: bring them over once, "
            "with set_weights() and save_weights()."
        )
