"""Learning rates of their own for parameters by name."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import optimizers
from striate.core.errors import ArgumentError
from striate.optimizers import SGD, Adam, TorchOptimizer

NAMES = ["SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Lion", "Lamb"]
GRADIENTS = ([1.0, -2.0, 0.5], [0.3, 0.1, -4.0], [-1.0, 2.0, 2.0])


def moved_by(optimizer, *, names=("weight",), dtype=torch.float64):
    """Where a parameter comes to under each name, after three steps."""
    parameters = {name: torch.nn.Parameter(torch.tensor([1.0, 2.0, 3.0], dtype=dtype)) for name in names}
    optimizer.build(parameters.items())
    for gradient in GRADIENTS:
        for parameter in parameters.values():
            parameter.grad = torch.tensor(gradient, dtype=dtype)
        optimizer.step()
    return [parameter.detach().numpy() for parameter in parameters.values()]


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_moves_as_with_an_optimizer_of_its_own_rate(name, dtype):
    kind = getattr(optimizers, name)
    together = kind(0.1, weight_decay=0.01)
    together.multiply_rates({"slow": 0.25, "still": 0.0})
    slow, fast, still = moved_by(together, names=("slow", "fast", "still"), dtype=dtype)
    np.testing.assert_allclose(slow, moved_by(kind(0.025, weight_decay=0.01), dtype=dtype)[0], rtol=1e-6)
    np.testing.assert_allclose(fast, moved_by(kind(0.1, weight_decay=0.01), dtype=dtype)[0], rtol=1e-6)
    np.testing.assert_array_equal(still, [1.0, 2.0, 3.0])


def test_a_schedule_is_multiplied_too():
    optimizer = SGD(lambda step: 0.1 / (step + 1))
    optimizer.multiply_rates({"weight": 0.5})
    wanted = np.array([1.0, 2.0, 3.0]) - sum(
        0.05 / (step + 1) * np.array(gradient) for step, gradient in enumerate(GRADIENTS)
    )
    np.testing.assert_allclose(moved_by(optimizer)[0], wanted)


def test_multipliers_stay_out_of_the_config():
    optimizer = Adam()
    optimizer.multiply_rates({"weight": 0.5})
    assert "multipliers" not in optimizer.get_config()
    assert optimizers.Adam.from_config(optimizer.get_config()).multipliers == {}


def test_a_number_below_zero_and_an_unknown_name_are_refused():
    with pytest.raises(
        ArgumentError, match=r"the multiplier of 'weight' must be a number at least 0; got -1"
    ):
        SGD().multiply_rates({"weight": -1})
    optimizer = SGD()
    optimizer.build([("conv1.kernel", torch.nn.Parameter(torch.ones(2)))])
    with pytest.raises(ArgumentError, match=r"no parameter is called 'conv1.kernle'. Did you mean"):
        optimizer.multiply_rates({"conv1.kernle": 0.1})


def test_the_optimizers_of_torch_keep_their_groups():
    weight = torch.nn.Parameter(torch.ones(2))
    with pytest.raises(ArgumentError, match=r"torch\.optim\.SGD has a learning rate for each of its"):
        TorchOptimizer(torch.optim.SGD([weight], lr=0.1)).multiply_rates({"0": 0.5})
