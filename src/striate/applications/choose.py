"""The ready-made networks by name, and which one to take for which data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.applications.efficientnet import EfficientNetLite0
from striate.applications.ends import AXES, beginning
from striate.applications.lenet import LeNet5
from striate.applications.reference import net_a, net_b, net_c, net_d, net_e
from striate.applications.resnet import ResNet18, ResNet50
from striate.applications.signal import fcn1d
from striate.applications.small import small_cnn, small_cnn_1d
from striate.applications.transfer import build_pretrained
from striate.applications.vgg import VGG16, VGG19
from striate.core.errors import ShapeError, unknown_name
from striate.core.shapes import Shape, check_choice, format_shape
from striate.models import Model

KINDS = {"images": 3, "signals": 2}


@dataclass(frozen=True)
class ReadyMade:
    """A network to be had by name: how it is made, and what it is in a line."""

    make: Callable[[Shape, int, float | None], Model]
    about: str


def _small(input_shape: Shape, classes: int, rescale: float | None) -> Model:
    make = small_cnn_1d if len(input_shape) == 2 else small_cnn
    return make(input_shape, classes, rescale)


def _scaled(network: Callable[..., Model]) -> Callable[[Shape, int, float | None], Model]:
    def make(input_shape: Shape, classes: int, rescale: float | None) -> Model:
        if rescale is None:
            return network(input_shape=input_shape, classes=classes)
        inputs, scaling = beginning(input_shape, rescale)
        inner = network(input_tensor=scaling(inputs), classes=classes)
        return Model(inputs, inner.output, name=inner.name)

    return make


NAMES = {
    "small": ReadyMade(_small, "a small network that fits itself to the size of images or signals"),
    "net_a": ReadyMade(net_a, "wide filters with batch normalisation; images from 53 pixels"),
    "net_b": ReadyMade(net_b, "four convolution-pooling pairs with dropout; images from 16 pixels"),
    "net_c": ReadyMade(net_c, "three convolutions, ends in logits; images from 18 pixels"),
    "net_d": ReadyMade(net_d, "eleven convolutions in four blocks; images from 16 pixels"),
    "net_e": ReadyMade(net_e, "four convolutions along a signal; from 19 steps"),
    "fcn1d": ReadyMade(fcn1d, "three convolutions along a series and their mean, strong on few examples"),
    "lenet": ReadyMade(LeNet5, "the network of 1998 that read digits; images from 16 pixels"),
    "resnet18": ReadyMade(_scaled(ResNet18), "eight blocks with shortcuts; images from 32 pixels"),
    "resnet50": ReadyMade(_scaled(ResNet50), "sixteen blocks with shortcuts; images from 32 pixels"),
    "efficientnet_lite0": ReadyMade(
        _scaled(EfficientNetLite0), "sixteen narrow blocks, made for phones; images from 32 pixels"
    ),
    "vgg16": ReadyMade(_scaled(VGG16), "the network of 2014 with 16 layers; images from 32 pixels"),
    "vgg19": ReadyMade(_scaled(VGG19), "the network of 2014 with 19 layers; images from 32 pixels"),
}


def build(
    name: str,
    input_shape: Shape,
    classes: int,
    rescale: float | None = None,
    weights: str | Path | None = None,
) -> Model:
    """Build the network of this name for data of a shape; `rescale` multiplies the values first.

    With `weights`, 'imagenet' or a file's path, it has learnt elsewhere and ends in a new layer for
    these classes: see `build_pretrained`.

    Shape:
        `input_shape` is one example's: (height, width, channels) or (steps, channels).

    Raises:
        UnknownNameError: no such network, with the nearest that are.
        ShapeError: data that the network cannot take.
        ArgumentError: too few classes for it, or weights that nobody has for it.

    >>> build("small", (8, 8, 1), classes=10).output.shape
    (None, 10)
    """
    if name not in NAMES:
        raise unknown_name("network", name, NAMES)
    if weights is not None:
        return build_pretrained(name, input_shape, classes, rescale, weights)
    return NAMES[name].make(input_shape, classes, rescale)


def choose(kind: str, input_shape: Shape, classes: int) -> tuple[str, str]:
    """Choose a network for data of a kind, 'images' or 'signals': its name, and why it.

    Shape:
        `input_shape` is one example's: (height, width, channels) or (steps, channels).

    Raises:
        ArgumentError: another kind.
        ShapeError: a shape that does not belong to the kind.

    >>> choose("images", (8, 8, 1), 10)[0]
    'small'
    """
    axes = KINDS[check_choice(kind, tuple(KINDS), "kind")]
    if len(input_shape) != axes:
        raise ShapeError(f"{kind} have the axes {AXES[axes]}; got {format_shape(input_shape)}.")
    *sides, channels = input_shape
    size = " x ".join(map(str, sides))
    what = f"{size} pixels" if kind == "images" else f"{size} steps"
    reason = (
        f"{kind} of {what} with {_count(channels, 'channel')} in {_count(classes, 'class')}: "
        "the small network fits itself to the size and learns from few examples on any computer"
    )
    return "small", reason


def _count(number: Any, noun: str) -> str:
    plural = {"channel": "channels", "class": "classes"}[noun]
    return f"{number} {noun if number == 1 else plural}"
