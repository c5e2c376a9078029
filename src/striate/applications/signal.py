"""A strong small network for signals and time series, and how to train it on few examples."""

from __future__ import annotations

import math
from dataclasses import dataclass

from striate.applications.ends import beginning, check_classes, check_input_shape
from striate.core.errors import ArgumentError
from striate.core.shapes import Shape
from striate.layers import BatchNormalization, Conv1D, Dense, GlobalAveragePooling1D, ReLU
from striate.models import Sequential
from striate.optimizers import Adam
from striate.optimizers.schedules import CosineDecay

# Filters and kernel sizes of the three blocks (section II.B of the paper).
BLOCKS = ((128, 8), (256, 5), (128, 3))
LEAST_STEPS = 4


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
