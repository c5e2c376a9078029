"""The small sensible network for small data: what one trains first, in seconds on a plain computer.

Blocks of 3x3 convolutions with batch normalisation, each followed by a pooling that halves the
map, until two or three pixels a side are left; dropout; one softmax.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from striate.applications.ends import beginning, check_classes, check_input_shape
from striate.core.errors import ArgumentError
from striate.core.shapes import Shape
from striate.layers import (
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPooling1D,
    MaxPooling2D,
    ReLU,
)
from striate.models import Sequential
from striate.optimizers import Adam
from striate.optimizers.schedules import CosineDecay

LEAST_SIDE = 5
# An axis shorter than this is not pooled any more.
LEAST_POOLED = 4
LEAST_BLOCKS = 2
# Above this side the second convolution of a block costs more than it brings.
ONE_CONVOLUTION_FROM = 65
MOST_FILTERS = 128


def small_cnn(input_shape: Shape, classes: int, rescale: float | None = None) -> Sequential:
    """Build the small network for images of any size from 5x5 pixels, grey or colour.

    `rescale` puts a layer in front that multiplies the values; they should come to about 0 to 1.

    Shape:
        in (batch, height, width, channels); out (batch, classes), probabilities.

    Raises:
        ShapeError: something else than an image's three axes, or an image that is too small.
        ArgumentError: fewer than two classes.

    >>> small_cnn((8, 8, 1), 10).count_params()
    68138
    """
    shape = check_input_shape("the small network for images", input_shape, axes=3, least=LEAST_SIDE)
    return _small(shape, check_classes("the small network for images", classes, 2), rescale, "small_cnn")


def small_cnn_1d(input_shape: Shape, classes: int, rescale: float | None = None) -> Sequential:
    """Build the small network for signals of any length from 5 steps, with any number of channels.

    `rescale` puts a layer in front that multiplies the values; they should come to about -1 to 1.

    Shape:
        in (batch, steps, channels); out (batch, classes), probabilities.

    Raises:
        ShapeError: something else than a signal's two axes, or a signal that is too short.
        ArgumentError: fewer than two classes.

    >>> small_cnn_1d((50, 1), 3).output.shape
    (None, 3)
    """
    shape = check_input_shape("the small network for signals", input_shape, axes=2, least=LEAST_SIDE)
    return _small(shape, check_classes("the small network for signals", classes, 2), rescale, "small_cnn_1d")


def _small(shape: Shape, classes: int, rescale: float | None, name: str) -> Sequential:
    layers = beginning(shape, rescale)
    sides = [size or 0 for size in shape[:-1]]
    block = 0
    while block < LEAST_BLOCKS or max(sides) >= LEAST_POOLED:
        pools = [2 if side >= LEAST_POOLED else 1 for side in sides]
        layers += _block(block + 1, sides, pools)
        sides = [side // pool for side, pool in zip(sides, pools, strict=True)]
        block += 1
    layers += [
        Flatten(name="flatten"),
        Dropout(0.4, name="dropout"),
        Dense(classes, activation="softmax", name="prediction"),
    ]
    return Sequential(layers, name=name)


def _block(number: int, sides: Sequence[int], pools: Sequence[int]) -> list[Layer]:
    """Convolve once or twice and, where an axis is long enough, halve it."""
    filters = min(16 * 2**number, MOST_FILTERS)
    signal = len(sides) == 1
    layers: list[Layer] = []
    for part in range(1, 2 if max(sides) >= ONE_CONVOLUTION_FROM else 3):
        convolution = Conv1D if signal else Conv2D
        # The normalisation that follows has a bias of its own.
        layers += [
            convolution(
                filters, 5 if signal else 3, padding="same", use_bias=False, name=f"block{number}_conv{part}"
            ),
            # Short trainings: statistics that follow within tens of steps, not hundreds.
            BatchNormalization(momentum=0.9, name=f"block{number}_norm{part}"),
            ReLU(name=f"block{number}_relu{part}"),
        ]
    if max(pools) > 1:
        pooling: type[Layer] = MaxPooling1D if signal else MaxPooling2D
        layers.append(pooling(tuple(pools), name=f"block{number}_pool"))
    return [*layers, Dropout(0.25, name=f"block{number}_dropout")]


@dataclass(frozen=True)
class Recommended:
    """How to train the small network on so many examples.

    The rate of Adam falls from `learning_rate` to 0 along half a cosine within `steps`.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    steps: int

    def optimizer(self) -> Adam:
        """Make the optimiser with its falling rate; each call makes a new one."""
        return Adam(CosineDecay(self.learning_rate, decay_steps=self.steps))


def recommended(examples: int) -> Recommended:
    """Recommend how long and how fast to train the small network on so many training examples.

    Few examples get small batches and more epochs, so that there are steps enough to learn in.

    Raises:
        ArgumentError: no examples.

    >>> recommended(1527)
    Recommended(epochs=30, batch_size=64, learning_rate=0.002, steps=720)
    """
    if isinstance(examples, bool) or not isinstance(examples, int) or examples < 1:
        raise ArgumentError(f"examples is the number of training examples, at least 1; got {examples!r}.")
    batch_size = 64 if examples >= 1000 else 32 if examples >= 300 else 16
    epochs = 30 if examples < 5_000 else 15 if examples < 20_000 else 10
    steps = math.ceil(examples / batch_size) * epochs
    return Recommended(epochs, batch_size, learning_rate=0.002, steps=steps)
