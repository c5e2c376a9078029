from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, StateError
from striate.optimizers import Optimizer, TorchOptimizer, schedules

KINDS = [
    (torch.optim.SGD, {"momentum": 0.9}),
    (torch.optim.Adam, {"amsgrad": True}),
    (torch.optim.AdamW, {"fused": True}),
    (torch.optim.RMSprop, {"centered": True}),
    (torch.optim.NAdam, {}),
]


def network():
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.Flatten(), torch.nn.Linear(12, 1)).double()


def train(model, optimizer, steps):
    images = torch.linspace(-1, 1, 64, dtype=torch.float64).reshape(2, 2, 4, 4)
    for _ in range(steps):
        optimizer.zero_grad()
        model(images).square().sum().backward()
        optimizer.step()
    return [parameter.detach().numpy().copy() for parameter in model.parameters()]


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_it_moves_as_torch_does_and_continues_bit_for_bit(kind, options):
    plain, wrapped, resumed = network(), network(), network()
    expected = train(plain, kind(plain.parameters(), lr=0.01, **options), 6)

    optimizer = TorchOptimizer(kind(wrapped.parameters(), lr=0.01, **options))
    optimizer.build(wrapped.named_parameters())
    train(wrapped, optimizer, 3)
    saved = optimizer.state_arrays()
    resumed.load_state_dict(wrapped.state_dict())
    again = TorchOptimizer(kind(resumed.parameters(), lr=0.5, **options))
    again.build(resumed.named_parameters())
    again.load_state_arrays(saved)

    for got in (train(wrapped, optimizer, 3), train(resumed, again, 3)):
        for mine, theirs in zip(got, expected, strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert again.iterations == optimizer.iterations == 6
    assert isinstance(optimizer, Optimizer)


def test_groups_keep_their_rates_until_one_is_assigned():
    one, two = (torch.nn.Parameter(torch.ones(1)) for _ in range(2))
    inner = torch.optim.SGD([{"params": [one], "lr": 0.5}, {"params": [two], "lr": 0.25}])
    optimizer = TorchOptimizer(inner)
    assert [group["lr"] for group in inner.param_groups] == [0.5, 0.25]
    assert optimizer.learning_rate == 0.5
    optimizer.learning_rate = 0.125
    assert [group["lr"] for group in inner.param_groups] == [0.125, 0.125]


def test_a_schedule_sets_the_rate_of_each_step():
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = TorchOptimizer(torch.optim.SGD([weight], lr=9.0))
    optimizer.learning_rate = schedules.PiecewiseConstantDecay([0], [1.0, 10.0])
    optimizer.build([weight])
    for expected in (-1.0, -11.0):
        weight.grad = torch.ones(1)
        optimizer.step()
        assert weight.item() == expected
    assert optimizer.learning_rate == 10.0


def test_a_negative_rate_is_refused():
    optimizer = TorchOptimizer(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]))
    with pytest.raises(ArgumentError, match="learning_rate must be a number at least 0; got -1"):
        optimizer.learning_rate = -1


def test_an_optimizer_of_another_model_is_refused():
    optimizer = TorchOptimizer(torch.optim.SGD(network().parameters()))
    with pytest.raises(ArgumentError, match="this SGD moves none of the model's parameters"):
        optimizer.build(network().named_parameters())


def test_what_is_not_of_torch_is_refused():
    with pytest.raises(ArgumentError, match=r"expected a torch\.optim optimizer; got str"):
        TorchOptimizer("adam")


def test_a_step_with_a_closure_is_refused():
    with pytest.raises(ArgumentError, match="LBFGS evaluates the loss many times a step"):
        TorchOptimizer(torch.optim.LBFGS(network().parameters()))


def test_a_config_is_refused():
    with pytest.raises(ArgumentError, match=r"torch\.optim\.SGD cannot be written to a file"):
        TorchOptimizer(torch.optim.SGD(network().parameters())).get_config()


def test_loading_before_build_says_what_comes_first():
    with pytest.raises(StateError, match=r"load_state_arrays\(\) needs the parameters first"):
        TorchOptimizer(torch.optim.SGD(network().parameters())).load_state_arrays({})


def test_a_state_of_other_parameters_or_another_kind_is_refused():
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = TorchOptimizer(torch.optim.SGD([weight]))
    optimizer.build([("kernel", weight)])
    saved = optimizer.state_arrays()
    with pytest.raises(ArgumentError, match=r"of a parameter 'kernels'\. Did you mean 'kernel'"):
        optimizer.load_state_arrays({**saved, "momentum_buffer/kernels": np.ones(1)})
    with pytest.raises(ArgumentError, match="has no 'learning_rate'"):
        optimizer.load_state_arrays({"steps": np.asarray(1)})


def test_a_state_that_is_no_tensor_is_refused():
    weight = torch.nn.Parameter(torch.ones(1))
    inner = torch.optim.SGD([weight])
    inner.state[weight]["memory"] = [1, 2]
    with pytest.raises(ArgumentError, match="SGD remembers 'memory' as list; only tensors can be written"):
        TorchOptimizer(inner).state_arrays()
