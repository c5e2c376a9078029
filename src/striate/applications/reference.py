"""The reference networks A to E: five small classics that the tests, the guides and the benchmarks share.

Each answers for its own task as it stands. With another `input_shape` and `classes` it can be
trained on other data; `rescale` puts a layer in front that multiplies the values (1 / 255 for
pixels). Layers have fixed names, so that weights fit a network made elsewhere.
"""

from __future__ import annotations

from typing import Any

from striate.applications.ends import beginning, binary_or_softmax, check_classes, check_input_shape
from striate.core.shapes import Shape
from striate.layers import (
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling1D,
    MaxPooling1D,
    MaxPooling2D,
    ReLU,
)
from striate.models import Model, Sequential


def net_a(input_shape: Shape = (100, 100, 1), classes: int = 1, rescale: float | None = None) -> Sequential:
    """Build network A: wide filters with batch normalisation, for yes-or-no questions on grey images.

    Shape:
        in (batch, height, width, channels), at least 53 pixels a side; out (batch, 1), the
        probability of the second class, or (batch, classes) where there are more than two.

    Raises:
        ShapeError: an input that the poolings would leave nothing of.
        ArgumentError: no classes.

    >>> net_a().count_params()
    1484161
    """
    shape = check_input_shape("network A", input_shape, axes=3, least=53)
    layers = beginning(shape, rescale)
    for number, filters in enumerate((512, 256, 128), start=1):
        layers += [
            Conv2D(filters, 3, name=f"conv{number}"),
            BatchNormalization(name=f"norm{number}"),
            ReLU(name=f"relu{number}"),
            MaxPooling2D(3, name=f"pool{number}"),
            Dropout(0.1, name=f"dropout{number}"),
        ]
    layers += [Flatten(name="flatten"), binary_or_softmax(check_classes("network A", classes, 1))]
    return Sequential(layers, name="net_a")


def net_b(input_shape: Shape = (150, 150, 3), classes: int = 1, rescale: float | None = None) -> Sequential:
    """Build network B: four convolution-pooling pairs and dropout, for cats against dogs.

    Shape:
        in (batch, height, width, channels), at least 16 pixels a side; out (batch, 1), the
        probability of the second class, or (batch, classes) where there are more than two.

    Raises:
        ShapeError: an input that the poolings would leave nothing of.
        ArgumentError: no classes.

    >>> net_b().count_params()
    5550273
    """
    shape = check_input_shape("network B", input_shape, axes=3, least=16)
    layers = beginning(shape, rescale)
    for number, filters in enumerate((32, 64, 128, 128), start=1):
        layers += [
            Conv2D(filters, 3, padding="same", activation="relu", name=f"conv{number}"),
            MaxPooling2D(2, name=f"pool{number}"),
        ]
    layers += [
        Flatten(name="flatten"),
        Dropout(0.5, name="dropout"),
        Dense(512, activation="relu", name="dense"),
        binary_or_softmax(check_classes("network B", classes, 1)),
    ]
    return Sequential(layers, name="net_b")


def net_c(input_shape: Shape = (32, 32, 3), classes: int = 10, rescale: float | None = None) -> Sequential:
    """Build network C: three convolutions for ten classes of small colour images; ends in logits.

    Shape:
        in (batch, height, width, channels), at least 18 pixels a side; out (batch, classes),
        logits: train with `from_logits=True`.

    Raises:
        ShapeError: an input that the poolings would leave nothing of.
        ArgumentError: fewer than two classes.

    >>> net_c().count_params()
    94890
    """
    shape = check_input_shape("network C", input_shape, axes=3, least=18)
    layers = [
        *beginning(shape, rescale),
        Conv2D(32, 3, activation="relu", name="conv1"),
        MaxPooling2D(2, name="pool1"),
        Conv2D(32, 3, activation="relu", name="conv2"),
        MaxPooling2D(2, name="pool2"),
        Conv2D(64, 3, activation="relu", name="conv3"),
        Flatten(name="flatten"),
        Dense(64, activation="relu", name="dense"),
        Dense(check_classes("network C", classes, 2), name="prediction"),
    ]
    return Sequential(layers, name="net_c")


def net_d(input_shape: Shape = (100, 100, 3), classes: int = 60, rescale: float | None = None) -> Model:
    """Build network D: eighteen layers in the functional form, for sixty classes.

    Shape:
        in (batch, height, width, channels), at least 16 pixels a side; out (batch, classes),
        probabilities.

    Raises:
        ShapeError: an input that the poolings would leave nothing of.
        ArgumentError: fewer than two classes.

    >>> net_d().count_params()
    10865724
    """
    shape = check_input_shape("network D", input_shape, axes=3, least=16)
    inputs, *scaled = beginning(shape, rescale)
    outputs: Any = inputs
    for layer in scaled:
        outputs = layer(outputs)
    for block, (filters, count) in enumerate(((32, 3), (64, 3), (128, 3), (256, 2)), start=1):
        for number in range(1, count + 1):
            convolution = Conv2D(
                filters, 3, padding="same", activation="relu", name=f"block{block}_conv{number}"
            )
            outputs = convolution(outputs)
        outputs = MaxPooling2D(2, name=f"block{block}_pool")(outputs)
    outputs = Flatten(name="flatten")(outputs)
    outputs = Dense(1024, activation="relu", name="dense")(outputs)
    last = Dense(check_classes("network D", classes, 2), activation="softmax", name="prediction")
    return Model(inputs, last(outputs), name="net_d")


def net_e(input_shape: Shape = (64, 100), classes: int = 1, rescale: float | None = None) -> Sequential:
    """Build network E: convolutions along a sequence, for yes-or-no questions on signals.

    Shape:
        in (batch, steps, channels), at least 19 steps; out (batch, 1), the probability of the
        second class, or (batch, classes) where there are more than two.

    Raises:
        ShapeError: a sequence too short for the windows.
        ArgumentError: no classes.

    >>> net_e().count_params()
    105729
    """
    shape = check_input_shape("network E", input_shape, axes=2, least=19)
    layers = [
        *beginning(shape, rescale),
        Conv1D(64, 3, activation="relu", name="conv1"),
        Conv1D(64, 3, activation="relu", name="conv2"),
        MaxPooling1D(3, name="pool"),
        Conv1D(128, 3, activation="relu", name="conv3"),
        Conv1D(128, 3, activation="relu", name="conv4"),
        GlobalAveragePooling1D(name="average"),
        Dropout(0.5, name="dropout"),
        binary_or_softmax(check_classes("network E", classes, 1)),
    ]
    return Sequential(layers, name="net_e")
