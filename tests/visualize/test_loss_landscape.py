"""The loss over a weight, a direction and a plane, against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.applications import net_c
from striate.core.errors import ArgumentError, UnknownNameError
from striate.layers import Dense, Input
from striate.models import Sequential
from striate.visualize import loss_along

X = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
Y = np.array([[2.0], [0.0]], np.float32)


def straight():
    """y = w0 x0 + w1 x1, whose squared error over w0 is (w0 - 2)^2 / 2 + w1^2 / 2."""
    model = Sequential([Input((2,)), Dense(1, use_bias=False, name="dense")])
    model.set_weights([np.array([[1.0], [0.5]])])
    return model


def test_the_loss_over_one_weight_is_the_parabola():
    sheet = loss_along(straight(), X, Y, "mse", weight=("dense/kernel", (0, 0)), reach=2.0)
    curve, way = sheet.panels[0].lines
    np.testing.assert_allclose(curve.x, np.linspace(-1, 3, 41), atol=1e-6)
    np.testing.assert_allclose(curve.y, (curve.x - 2) ** 2 / 2 + 0.125, atol=1e-6)
    np.testing.assert_allclose(way.y, (way.x - 2) ** 2 / 2 + 0.125, atol=1e-6)
    assert sheet.panels[0].points[0][:2] == (1.0, pytest.approx(0.625))


def test_gradient_descent_takes_the_steps_of_its_rule():
    sheet = loss_along(
        straight(), X, Y, "mse", weight=("dense/kernel", (0, 0)), reach=2.0, steps=3, learning_rate=0.5
    )
    way = sheet.panels[0].lines[1]
    expected = [1 - 0.85 * 2]
    for _ in range(3):
        expected.append(expected[-1] - 0.5 * (expected[-1] - 2))
    np.testing.assert_allclose(way.x, expected, atol=1e-6)


def test_unless_told_the_steepest_weight_is_taken():
    sheet = loss_along(straight(), X, Y, "mse")
    assert sheet.title == "The loss over dense/kernel[0, 0]"
    model = net_c()
    model.compile("adam", nn.functional.mse_loss)
    found = loss_along(
        model, np.ones((2, 32, 32, 3), np.uint8), np.zeros((2, 10), np.float32), points=3, steps=1
    )
    assert found.title.startswith("The loss over ")


def test_a_direction_is_as_long_as_the_networks_own_filters():
    sheet = loss_along(straight(), X, Y, "mse", along="direction", points=5)
    curve = sheet.panels[0].lines[0]
    assert curve.y[2] == pytest.approx(0.625)
    # A quadratic along any line: the second differences are all the same.
    np.testing.assert_allclose(np.diff(curve.y, 2), np.diff(curve.y, 2)[0], rtol=1e-4)
    again = loss_along(straight(), X, Y, "mse", along="direction", points=5)
    np.testing.assert_array_equal(curve.y, again.panels[0].lines[0].y)


def test_a_plane_has_the_network_in_its_middle_and_the_way_on_it():
    sheet = loss_along(straight(), X, Y, "mse", along="plane", points=5, steps=4)
    panel = sheet.panels[0]
    assert panel.values.shape == (5, 5)
    assert panel.values[2, 2] == pytest.approx(0.625)
    assert panel.path.shape == (5, 2)
    assert panel.path[0].tolist() in ([pytest.approx(3.7)] * 2, [pytest.approx(0.3)] * 2)


def test_torch_modules_are_taken_and_weights_stay():
    model = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5), nn.Linear(3, 1)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for along in ("weight", "direction", "plane"):
        loss_along(model, X, Y, "mse", along=along, points=3, steps=2)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ArgumentError, match="the model is not compiled with a loss: give one"):
        loss_along(straight(), X, Y)
    for labels, loss in (
        ([0, 1, 3], "sparse_categorical"),
        ([0, 1, 1], "binary"),
        ([[0, 1], [1, 0], [1, 0]], "categorical"),
    ):
        with pytest.raises(ArgumentError, match=f"such as loss='{loss}_crossentropy'"):
            loss_along(straight(), X[:3], np.array(labels))
    with pytest.raises(ArgumentError, match="such as loss='mean_squared_error'"):
        loss_along(straight(), X[:3], np.array([0.5, 1, 2]))
    with pytest.raises(
        UnknownNameError, match=r"no weight called 'dense/kernels'\. Did you mean 'dense/kernel'"
    ):
        loss_along(straight(), X, Y, "mse", weight=("dense/kernels", (0, 0)))
    with pytest.raises(
        ArgumentError, match=r"weight 'dense/kernel' has shape \(2, 1\); there is no place \(2, 0\)"
    ):
        loss_along(straight(), X, Y, "mse", weight=("dense/kernel", (2, 0)))
    with pytest.raises(
        ArgumentError, match="along must be one of 'weight', 'direction', 'plane'; got 'line'"
    ):
        loss_along(straight(), X, Y, "mse", along="line")
    with pytest.raises(ArgumentError, match="at least 3 points and a reach above 0; got points=2"):
        loss_along(straight(), X, Y, "mse", points=2)
