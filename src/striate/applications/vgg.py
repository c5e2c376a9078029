"""VGG16 and VGG19: plain stacks of 3x3 convolutions, by the names that their weights go by.

Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition",
arXiv 1409.1556, configurations D and E.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from striate.applications.foreign_weights import vgg_in_timm, vgg_in_torchvision
from striate.applications.imagenet_network import begin, check_end, finish, pooled
from striate.applications.pretrained import Family
from striate.applications.pretrained_sources import from_torchvision
from striate.core.shapes import Shape
from striate.layers import Conv2D, Dense, Flatten, MaxPooling2D
from striate.layers.symbolic import SymbolicTensor
from striate.models import Model

FILTERS = (64, 128, 256, 512, 512)
UNITS = 4096
TOP = ("fc1", "fc2", "predictions")
TOPS = ("classifier", "pre_logits", "head")

VGG16_FAMILY = Family((vgg_in_torchvision, vgg_in_timm), TOP, TOPS, from_torchvision("vgg16"))
VGG19_FAMILY = Family((vgg_in_torchvision, vgg_in_timm), TOP, TOPS, from_torchvision("vgg19"))


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

    `weights` is None for random ones, 'imagenet' for torchvision's, which are downloaded once, or
    a file: Striate's own, a state dict of torchvision or timm, or Keras's `.h5`. Without the top,
    `pooling` 'avg' or 'max' ends in one value a feature map. `input_tensor` is where the network
    begins, in place of an input of its own.

    Shape:
        in (batch, height, width, 3), by `preprocess_input` in the mode of the weights: 'caffe' for
        Keras's, 'torch' for torchvision's; (224, 224, 3) with the top unless told, any size from
        32 without it. Out (batch, classes), or the last feature maps
        (batch, height / 32, width / 32, 512) without the top.

    Raises:
        ArgumentError: arguments that contradict each other.
        ShapeError: an input that is no image or too small, or weights of other shapes.
        FileAccessError, FileFormatError: weights that cannot be had, or of another network.

    >>> VGG16(include_top=False).count_params()
    14714688
    """
    check_end(name, include_top, pooling, classes, weights)
    inputs = begin(name, include_top, input_tensor, input_shape, any_size=False)
    outputs = vgg_body(inputs, (2, 2, 3, 3, 3))
    outputs = vgg_top(outputs, classes, classifier_activation) if include_top else pooled(outputs, pooling)
    return finish(inputs, outputs, name, weights, VGG16_FAMILY, include_top)


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
    check_end(name, include_top, pooling, classes, weights)
    inputs = begin(name, include_top, input_tensor, input_shape, any_size=False)
    outputs = vgg_body(inputs, (2, 2, 4, 4, 4))
    outputs = vgg_top(outputs, classes, classifier_activation) if include_top else pooled(outputs, pooling)
    return finish(inputs, outputs, name, weights, VGG19_FAMILY, include_top)


def vgg_body(inputs: Any, convolutions: tuple[int, ...], filters: tuple[int, ...] = FILTERS) -> Any:
    """Stack blocks of so many 3x3 convolutions, each block ending in a pooling that halves the map."""
    outputs = inputs
    for block, (width, count) in enumerate(zip(filters, convolutions, strict=True), start=1):
        for number in range(1, count + 1):
            name = f"block{block}_conv{number}"
            outputs = Conv2D(width, 3, padding="same", activation="relu", name=name)(outputs)
        outputs = MaxPooling2D(2, name=f"block{block}_pool")(outputs)
    return outputs


def vgg_top(outputs: Any, classes: int, activation: Any, units: int = UNITS) -> Any:
    """Put the three dense layers behind the last maps."""
    outputs = Flatten(name="flatten")(outputs)
    outputs = Dense(units, activation="relu", name="fc1")(outputs)
    outputs = Dense(units, activation="relu", name="fc2")(outputs)
    return Dense(classes, activation=activation, name="predictions")(outputs)
