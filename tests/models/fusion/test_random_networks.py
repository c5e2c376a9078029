"""Networks drawn at random compute fused what their layers compute one by one, forward and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import Sequential, layers
from tests.models.fusion.side_by_side import assert_close, planned, run


def normalization():
    """One whose ReLU is not asked about exact zeros, where rounding decides."""
    return layers.BatchNormalization(gamma_initializer="random_normal", beta_initializer="random_normal")


def draw_maps(rng, rank):
    """Layers that work on maps, in any order that is allowed."""
    convolution = {1: layers.Conv1D, 2: layers.Conv2D}[rank]
    pooling = {1: layers.MaxPooling1D, 2: layers.MaxPooling2D}[rank]

    def convolve():
        return convolution(
            int(rng.integers(1, 20)),
            int(rng.integers(1, 4)),
            padding=str(rng.choice(["same", "valid"])),
            activation=[None, "relu", "tanh"][rng.choice(3, p=[0.45, 0.45, 0.1])],
            use_bias=bool(rng.random() < 0.7),
        )

    makers = [
        convolve,
        convolve,
        lambda: pooling(int(rng.integers(1, 4)), padding="same"),
        normalization,
        layers.ReLU,
    ]
    return [makers[rng.integers(len(makers))]() for _ in range(rng.integers(0, 6))]


def draw_features(rng):
    """Layers that work on flat features."""
    makers = [
        lambda: layers.Dense(int(rng.integers(1, 20)), activation=str(rng.choice(["relu", "linear"]))),
        normalization,
        layers.ReLU,
        layers.Flatten,
    ]
    return [makers[rng.integers(len(makers))]() for _ in range(rng.integers(0, 5))]


def draw_network(seed):
    """A network and a batch for it."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    rank = int(rng.integers(0, 3))
    sizes = tuple(int(side) for side in rng.integers(9, 14, rank))
    shape = (*sizes, int(rng.choice([1, 2, 3, 5, 17])))
    stack = [layers.Input(shape)]
    if rank:
        stack += draw_maps(rng, rank)
        average = {1: layers.GlobalAveragePooling1D, 2: layers.GlobalAveragePooling2D}[rank]
        stack.append(average() if rng.random() < 0.3 else layers.Flatten())
    stack += draw_features(rng)
    stack.append(layers.Dense(int(rng.integers(1, 6)), activation=str(rng.choice(["softmax", "linear"]))))
    return Sequential(stack), torch.randn(int(rng.integers(2, 9)), *shape)


@pytest.mark.parametrize("first", range(0, 160, 8))
def test_random_networks_compute_the_same_fused(first):
    for seed in range(first, first + 8):
        model, inputs = draw_network(seed)
        for training in (True, False):
            found, wanted = (run(model, inputs, fused=fused, training=training) for fused in (True, False))
            story = f"seed {seed}: {[type(layer).__name__ for layer in model.layers]}"
            try:
                # Normalised by few examples, a rounding of the map grows by the inverse deviation.
                for one, other in zip(found, wanted, strict=True):
                    pair = ([one], [other]) if isinstance(one, torch.Tensor) else (one, other)
                    assert_close(*pair, share=2e-4)
            except AssertionError as error:
                raise AssertionError(story) from error
        assert planned(model)
