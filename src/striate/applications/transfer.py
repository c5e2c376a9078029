"""Networks with weights learnt on ImageNet, made ready to learn other classes of the person's own images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.applications.efficientnet import EfficientNetLite0
from striate.applications.ends import check_classes, check_input_shape
from striate.applications.imagenet_input import (
    DEVIATION_SHARE,
    LITE_DEVIATION,
    LITE_MEAN,
    MEAN_PIXEL,
    MEAN_SHARE,
)
from striate.applications.imagenet_network import LEAST_SIDE
from striate.applications.pretrained_files import KERAS, kind_of
from striate.applications.resnet import ResNet18, ResNet50
from striate.applications.vgg import VGG16, VGG19
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import Shape, format_shape
from striate.layers import Concatenate, Dense, Dropout, Input, Rescaling
from striate.models import Model

HEAD = "prediction"
DROPOUT = 0.2


@dataclass(frozen=True)
class Pretrained:
    """A network whose weights can be had: how it is made, how images are prepared, its first layer."""

    make: Callable[..., Model]
    mode: str
    first: str


PRETRAINED = {
    "vgg16": Pretrained(VGG16, "torch", "block1_conv1"),
    "vgg19": Pretrained(VGG19, "torch", "block1_conv1"),
    "resnet18": Pretrained(ResNet18, "torch", "conv1_conv"),
    "resnet50": Pretrained(ResNet50, "torch", "conv1_conv"),
    "efficientnet_lite0": Pretrained(EfficientNetLite0, "lite", "stem_conv"),
}


def build_pretrained(
    name: str,
    input_shape: Shape,
    classes: int,
    rescale: float | None = None,
    weights: str | Path = "imagenet",
) -> Model:
    """Build a network with weights learnt elsewhere and a new last layer, called 'prediction'.

    It takes images as they are and prepares them itself: `rescale` brings their values to 0 to 1
    (None where they are there), grey ones go in three times. `weights` is 'imagenet' or a file.
    Striate's own files are taken to be of images prepared as torchvision's. The layers in front of
    the last are as trainable as any; `fine_tune` holds them while the new one learns.

    Shape:
        in (batch, height, width, 1 or 3), at least 32 pixels a side; out (batch, classes),
        probabilities.

    Raises:
        ArgumentError: a network that no weights are known for, or fewer than two classes.
        ShapeError: no images, too small ones, or of other channels.
        FileAccessError, FileFormatError, MissingExtraError: weights that cannot be had, or do not fit.
    """
    if name not in PRETRAINED:
        raise ArgumentError(
            f"there are no pretrained weights for {name!r}; there are for {', '.join(PRETRAINED)}."
        )
    known = PRETRAINED[name]
    shape = check_input_shape(name, input_shape, axes=3, least=LEAST_SIDE)
    if shape[-1] not in (1, 3):
        raise ShapeError(
            f"pretrained {name} takes grey or colour images, of 1 or 3 channels; got {format_shape(shape)}."
        )
    check_classes(name, classes, 2)
    by_keras = weights != "imagenet" and kind_of(Path(weights)) == KERAS
    scale, offset = _preparation("caffe" if by_keras else known.mode, 1.0 if rescale is None else rescale)
    inputs = Input(shape, name="input")
    colours = inputs if shape[-1] == 3 else Concatenate(name="three_channels")([inputs, inputs, inputs])
    prepared = Rescaling(scale, offset, name="rescaling")(colours)
    base = known.make(include_top=False, weights=weights, input_tensor=prepared, pooling="avg")
    if by_keras:
        _turn_colours(base.get_layer(known.first))
    outputs = Dropout(DROPOUT, name="dropout")(base.output)
    outputs = Dense(classes, activation="softmax", name=HEAD)(outputs)
    return Model(inputs, outputs, name=name)


def _preparation(mode: str, rescale: float) -> tuple[list[float], list[float]]:
    """What each channel is multiplied by, and what is added then, as `preprocess_input` has it."""
    pixels = 255 * rescale
    if mode == "caffe":
        return [pixels] * 3, [-mean for mean in MEAN_PIXEL]
    if mode == "lite":
        return [pixels / LITE_DEVIATION] * 3, [-LITE_MEAN / LITE_DEVIATION] * 3
    scale = [rescale / deviation for deviation in DEVIATION_SHARE]
    return scale, [-mean / deviation for mean, deviation in zip(MEAN_SHARE, DEVIATION_SHARE, strict=True)]


def _turn_colours(first: Any) -> None:
    # Keras's weights were learnt on blue, green, red: turned here once, images need not be turned each time.
    kernel, *others = first.get_weights()
    first.set_weights([kernel[:, :, ::-1].copy(), *others])
