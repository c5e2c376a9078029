"""ResNet18 and ResNet50: blocks that add what they compute to what came in.

He, Zhang, Ren and Sun, "Deep residual learning for image recognition", arXiv 1512.03385. Two
forms of ResNet50 are about. Keras's is the paper's: where a block halves the map, its first 1x1
convolution takes the step of two, and convolutions have biases. torchvision's, known as v1.5,
takes the step in the 3x3 convolution and has no biases. Their weights do not fit each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.applications.foreign_weights import resnet_in_torch
from striate.applications.imagenet_network import begin, check_end, finish, pooled
from striate.applications.pretrained import Family
from striate.applications.pretrained_files import TORCH, kind_of
from striate.applications.pretrained_sources import from_torchvision
from striate.core.shapes import Shape, check_choice
from striate.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    ReLU,
    ZeroPadding2D,
)
from striate.layers.symbolic import SymbolicTensor
from striate.models import Model

KERAS, TORCHVISION = "keras", "torchvision"
VARIANTS = (KERAS, TORCHVISION)

RESNET18 = Family((resnet_in_torch,), ("predictions",), ("fc",), from_torchvision("resnet18"))
RESNET50 = Family((resnet_in_torch,), ("predictions",), ("fc",), from_torchvision("resnet50"))


@dataclass(frozen=True)
class Form:
    """What distinguishes one ResNet from another."""

    blocks: tuple[int, ...]
    bottleneck: bool
    variant: str
    width: int = 64

    @property
    def by_keras(self) -> bool:
        """Whether it is Keras's form."""
        return self.variant == KERAS


def ResNet18(  # noqa: N802 - in the way of Keras's names
    include_top: bool = True,
    weights: str | Path | None = None,
    input_tensor: SymbolicTensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet18",
) -> Model:
    """Build the network of eight blocks of two 3x3 convolutions, as torchvision has it.

    `weights` is None for random ones, 'imagenet' for torchvision's, which are downloaded once, or
    a file: Striate's own, or a state dict of torchvision or timm.

    Shape:
        in (batch, height, width, 3), by `preprocess_input(x, mode='torch')`: any size from 32.
        Out (batch, classes), or the last feature maps (batch, height / 32, width / 32, 512)
        without the top.

    Raises:
        ArgumentError: arguments that contradict each other.
        ShapeError: an input that is no image or too small, or weights of other shapes.
        FileAccessError, FileFormatError: weights that cannot be had, or of another network.

    >>> sum(weight.numel() for weight in ResNet18().trainable_weights)
    11689512
    """
    check_end(name, include_top, pooling, classes, weights)
    inputs = begin(name, include_top, input_tensor, input_shape, any_size=True)
    outputs = resnet_body(inputs, Form((2, 2, 2, 2), bottleneck=False, variant=TORCHVISION))
    outputs = _end(outputs, include_top, pooling, classes, classifier_activation)
    return finish(inputs, outputs, name, weights, RESNET18, include_top)


def ResNet50(  # noqa: N802 - Keras's name
    include_top: bool = True,
    weights: str | Path | None = None,
    input_tensor: SymbolicTensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet50",
    variant: str | None = None,
) -> Model:
    """Build the network of sixteen bottlenecks, by Keras's names of layers.

    `weights` is None for random ones, 'imagenet' for torchvision's, which are downloaded once, or
    a file: Striate's own, a state dict of torchvision or timm, or Keras's `.h5`. `variant` is
    'keras' or 'torchvision'; unless told it follows from the weights, and is Keras's where they
    do not say.

    Shape:
        in (batch, height, width, 3), by `preprocess_input` in the mode of the weights: 'caffe' for
        Keras's, 'torch' for torchvision's; any size from 32. Out (batch, classes), or the last
        feature maps (batch, height / 32, width / 32, 2048) without the top.

    Raises:
        ArgumentError: arguments that contradict each other.
        ShapeError: an input that is no image or too small, or weights of other shapes.
        FileAccessError, FileFormatError: weights that cannot be had, or of another network.

    >>> ResNet50().count_params()
    25636712
    """
    check_end(name, include_top, pooling, classes, weights)
    inputs = begin(name, include_top, input_tensor, input_shape, any_size=True)
    form = Form((3, 4, 6, 3), bottleneck=True, variant=_variant(variant, weights))
    outputs = _end(resnet_body(inputs, form), include_top, pooling, classes, classifier_activation)
    return finish(inputs, outputs, name, weights, RESNET50, include_top)


def _variant(variant: str | None, weights: Any) -> str:
    if variant is not None:
        return check_choice(variant, VARIANTS, "variant")
    if weights == "imagenet":
        return TORCHVISION
    of_torch = isinstance(weights, (str, Path)) and kind_of(Path(weights)) == TORCH
    return TORCHVISION if of_torch else KERAS


def _end(outputs: Any, include_top: bool, pooling: str | None, classes: int, activation: Any) -> Any:
    if not include_top:
        return pooled(outputs, pooling)
    outputs = GlobalAveragePooling2D(name="avg_pool")(outputs)
    return Dense(classes, activation=activation, name="predictions")(outputs)


def resnet_body(inputs: Any, form: Form) -> Any:
    """Stack stem and blocks."""
    outputs = ZeroPadding2D(3, name="conv1_pad")(inputs)
    outputs = _convolution(outputs, form, form.width, 7, 2, "conv1", "valid")
    outputs = ReLU(name="conv1_relu")(outputs)
    outputs = ZeroPadding2D(1, name="pool1_pad")(outputs)
    outputs = MaxPooling2D(3, 2, name="pool1_pool")(outputs)
    for stage, count in enumerate(form.blocks, start=2):
        filters = form.width * 2 ** (stage - 2)
        for number in range(1, count + 1):
            stride = 2 if number == 1 and stage > 2 else 1
            outputs = _block(outputs, form, filters, stride, f"conv{stage}_block{number}")
    return outputs


def _block(inputs: Any, form: Form, filters: int, stride: int, name: str) -> Any:
    """Two or three convolutions beside a shortcut, added up."""
    width = filters * 4 if form.bottleneck else filters
    shortcut = inputs
    if stride > 1 or inputs.shape[-1] != width:
        shortcut = _convolution(inputs, form, width, 1, stride, f"{name}_0")
    # Kernel, step and filters of each convolution.
    parts = [(3, stride, filters), (3, 1, filters)]
    if form.bottleneck:
        early = stride if form.by_keras else 1
        parts = [(1, early, filters), (3, stride // early, filters), (1, 1, width)]
    outputs = inputs
    for number, (kernel, step, count) in enumerate(parts, start=1):
        outputs = _convolution(outputs, form, count, kernel, step, f"{name}_{number}")
        if number < len(parts):
            outputs = ReLU(name=f"{name}_{number}_relu")(outputs)
    return ReLU(name=f"{name}_out")(Add(name=f"{name}_add")([shortcut, outputs]))


def _convolution(
    inputs: Any, form: Form, filters: int, kernel: int, stride: int, name: str, padding: str = "same"
) -> Any:
    """Convolve and normalise; a 3x3 step of two pads evenly, as PyTorch does, not as 'same' would."""
    if kernel == 3 and stride > 1:
        inputs = ZeroPadding2D(1, name=f"{name}_pad")(inputs)
        padding = "valid"
    convolution = Conv2D(filters, kernel, stride, padding, use_bias=form.by_keras, name=f"{name}_conv")
    epsilon = 1.001e-5 if form.by_keras else 1e-5
    # torch's momentum of 0.1 is what stays away here.
    momentum = 0.99 if form.by_keras else 0.9
    norm = BatchNormalization(momentum=momentum, epsilon=epsilon, name=f"{name}_bn")
    return norm(convolution(inputs))
