"""LeNet-5, the network that read cheques, in the form in which it is taught today.

LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86 (1998), figure 2. The paper joins only some maps in its second
convolution, has weights in its poolings and ends in distances to drawings of the digits; the
modern form has neither and ends in a softmax.
"""

from __future__ import annotations

from typing import Any

from striate.applications.ends import beginning, check_classes, check_input_shape
from striate.core.shapes import Shape
from striate.layers import AveragePooling2D, Conv2D, Dense, Flatten
from striate.models import Sequential

# A map of 5x5 must be left for the second convolution.
LEAST_SIDE = 16


def LeNet5(  # noqa: N802 - in the way of Keras's names
    input_shape: Shape = (32, 32, 1),
    classes: int = 10,
    rescale: float | None = None,
    classifier_activation: Any = "softmax",
) -> Sequential:
    """Build LeNet-5: two convolutions with tanh and mean pooling, three dense layers.

    `rescale` puts a layer in front that multiplies the values; they should come to about 0 to 1.

    Shape:
        in (batch, height, width, channels), at least 16 pixels a side; out (batch, classes).

    Raises:
        ShapeError: an image that the poolings would leave nothing of.
        ArgumentError: fewer than two classes.

    >>> LeNet5().count_params()
    61706
    """
    shape = check_input_shape("LeNet-5", input_shape, axes=3, least=LEAST_SIDE)
    layers = [
        *beginning(shape, rescale),
        Conv2D(6, 5, activation="tanh", name="c1"),
        AveragePooling2D(2, name="s2"),
        Conv2D(16, 5, activation="tanh", name="c3"),
        AveragePooling2D(2, name="s4"),
        Flatten(name="flatten"),
        Dense(120, activation="tanh", name="c5"),
        Dense(84, activation="tanh", name="f6"),
        Dense(check_classes("LeNet-5", classes, 2), activation=classifier_activation, name="prediction"),
    ]
    return Sequential(layers, name="lenet5")
