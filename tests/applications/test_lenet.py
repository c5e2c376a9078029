"""LeNet-5."""

from __future__ import annotations

import numpy as np
import pytest

from striate.applications import LeNet5
from striate.core.errors import ArgumentError, ShapeError


def test_it_has_the_sizes_that_are_taught():
    model = LeNet5()
    assert model.count_params() == 61_706
    # Windows times filters and biases of each layer, added up by hand.
    by_layer = [layer.count_params() for layer in model.layers if layer.count_params()]
    assert by_layer == [156, 2_416, 48_120, 10_164, 850]


def test_it_takes_other_sizes_and_scales_them():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 3)).astype(np.float32)
    scaled, plain = LeNet5((28, 28, 3), 4, 1 / 255), LeNet5((28, 28, 3), 4)
    scaled.set_weights(plain.get_weights())
    np.testing.assert_allclose(scaled(pixels).numpy(), plain(pixels / 255).numpy(), rtol=1e-4)


def test_what_cannot_work_is_refused():
    with pytest.raises(ShapeError, match=r"LeNet-5 needs at least 16 pixels a side; got \(15, 16, 1\)"):
        LeNet5((15, 16, 1))
    with pytest.raises(ArgumentError, match="LeNet-5 takes classes as a whole number, at least 2; got 1"):
        LeNet5(classes=1)
