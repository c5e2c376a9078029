"""A strong small network for signals and time series, and how to train it on few examples."""

from __future__ import annotations

import math

from striate.applications.ends import beginning, check_classes, check_input_shape
from striate.applications.small import Recommended
from striate.core.errors import ArgumentError
from striate.core.shapes import Shape
from striate.layers import BatchNormalization, Conv1D, Dense, GlobalAveragePooling1D, ReLU
from striate.models import Sequential

# Filters and kernel sizes of the three blocks (section II.B of the paper).
BLOCKS = ((128, 8), (256, 5), (128, 3))
LEAST_STEPS = 4
# Steps of the optimiser, and the epochs that this may come to.
LEAST_TRAINING = 2_000
LEAST_EPOCHS, MOST_EPOCHS = 30, 1_000


def fcn1d(input_shape: Shape, classes: int, rescale: float | None = None) -> Sequential:
    """Build the fully convolutional network for signals of any length and number of channels.

    Three convolutions along the steps, each with batch normalisation and ReLU, then the mean over
    all steps and one softmax. The length stays the same up to the mean, so that a class can be
    traced back to the steps that spoke for it.

    Wang, Yan and Oates, "Time series classification from scratch with deep neural networks: a
    strong baseline" (2017), https://arxiv.org/abs/1611.06455. The convolutions have no bias here:
    the normalisation that follows has one. `rescale` puts a layer in front that multiplies the
    values; they should come to about -1 to 1.

    Shape:
        in (batch, steps, channels); out (batch, classes), probabilities.

    Raises:
        ShapeError: something else than a signal's two axes, or fewer than four steps.
        ArgumentError: fewer than two classes.

    >>> fcn1d((150, 1), 2).count_params()
    265474
    """
    name = "the fully convolutional network for signals"
    shape = check_input_shape(name, input_shape, axes=2, least=LEAST_STEPS)
    layers = beginning(shape, rescale)
    for number, (filters, kernel_size) in enumerate(BLOCKS, start=1):
        layers += [
            Conv1D(filters, kernel_size, padding="same", use_bias=False, name=f"block{number}_conv"),
            # Few examples make few steps: statistics that follow within tens of them.
            BatchNormalization(momentum=0.9, name=f"block{number}_norm"),
            ReLU(name=f"block{number}_relu"),
        ]
    layers += [
        GlobalAveragePooling1D(name="mean_over_steps"),
        Dense(check_classes(name, classes, 2), activation="softmax", name="prediction"),
    ]
    return Sequential(layers, name="fcn1d")


def recommended_for_signals(examples: int) -> Recommended:
    """Recommend how long and how fast to train this network on so many training examples.

    Two thousand steps or more, however few the examples are, at the rate of the paper, which
    falls to 0. Where tens of examples are all there is to train on, hold none of them back: the
    paper keeps the weights of the epoch with the lowest training loss.

    Raises:
        ArgumentError: no examples.

    >>> recommended_for_signals(50)
    Recommended(epochs=500, batch_size=16, learning_rate=0.001, steps=2000)
    """
    if isinstance(examples, bool) or not isinstance(examples, int) or examples < 1:
        raise ArgumentError(f"examples is the number of training examples, at least 1; got {examples!r}.")
    batch_size = 16 if examples < 500 else 32 if examples < 5_000 else 64
    steps_each = math.ceil(examples / batch_size)
    epochs = min(max(math.ceil(LEAST_TRAINING / steps_each), LEAST_EPOCHS), MOST_EPOCHS)
    return Recommended(epochs, batch_size, learning_rate=0.001, steps=steps_each * epochs)
