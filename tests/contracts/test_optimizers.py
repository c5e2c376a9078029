"""The contract of an optimiser and of a schedule, proved for each row of optimizer_rows.py."""

import numpy as np
import pytest
import torch

from striate import optimizers
from striate.core.errors import ArgumentError
from striate.optimizers import schedules
from tests.contracts.optimizer_rows import EXCEPTED, ROWS, SCHEDULE_ROWS
from tests.contracts.rooms import each, through_json, without_a_row

EACH_ROW = each(ROWS)
EACH_ROW_WITH_CONFIG = each([row for row in ROWS if row.has_config])
EACH_SCHEDULE = each(SCHEDULE_ROWS)
STEPS = range(20)


def weights(dtype=torch.float64):
    """A kernel and a bias, none of whose values is 0."""
    random = np.random.default_rng(0)
    shapes = {"kernel": (3, 4), "bias": (4,)}
    arrays = {
        name: random.choice([-1.0, 1.0], shape) * (1 + random.random(shape)) for name, shape in shapes.items()
    }
    return [(name, torch.nn.Parameter(torch.tensor(array, dtype=dtype))) for name, array in arrays.items()]


def bowl(parameters):
    """A quadratic whose lowest point is at 0."""
    return sum(parameter.square().sum() for _, parameter in parameters)


def descend(optimizer, parameters, steps):
    """Step down the bowl; give where that leads."""
    for _ in range(steps):
        optimizer.zero_grad()
        bowl(parameters).backward()
        optimizer.step()
    return [parameter.detach().clone() for _, parameter in parameters]


def equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_every_public_optimizer_and_schedule_has_a_row():
    assert without_a_row(optimizers, ROWS, EXCEPTED) == set()
    assert without_a_row(schedules, SCHEDULE_ROWS, EXCEPTED) == set()


@EACH_ROW_WITH_CONFIG
def test_a_config_makes_the_same_optimizer_again(row):
    parameters, others = weights(), weights()
    optimizer = row.make(parameters)
    config = through_json(optimizer.get_config())
    again = row.kind.from_config(config)
    again.build(others)
    assert through_json(again.get_config()) == config
    assert equal(descend(again, others, 4), descend(optimizer, parameters, 4))


@EACH_ROW_WITH_CONFIG
def test_its_names_and_what_is_serialized_stand_for_it(row):
    optimizer = row.make(weights())
    again = optimizers.deserialize(through_json(optimizers.serialize(optimizer)))
    assert type(again) is row.kind
    assert again.get_config() == optimizer.get_config()
    by_name = [optimizers.get(name) for name in (row.kind.__name__, row.kind.__name__.lower())]
    assert {type(found) for found in by_name} == {row.kind}
    assert by_name[0].get_config() == by_name[1].get_config() == row.kind().get_config()


@each([row for row in ROWS if not row.has_config])
def test_what_cannot_be_written_to_a_file_says_so(row):
    with pytest.raises(ArgumentError, match="cannot be written to a file"):
        row.make(weights()).get_config()


@EACH_ROW
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_step_lowers_a_quadratic(row, dtype):
    parameters = weights(dtype)
    before = bowl(parameters)
    optimizer = row.make(parameters)
    descend(optimizer, parameters, optimizer.gradient_accumulation_steps or 1)
    assert optimizer.iterations == 1
    assert bowl(parameters) < before
    assert {parameter.dtype for _, parameter in parameters} == {dtype}


@EACH_ROW
def test_a_run_continued_from_its_state_arrays_is_the_same_to_the_bit(row):
    parameters = weights(torch.float32)
    optimizer = row.make(parameters)
    middle = descend(optimizer, parameters, 3)
    saved = optimizer.state_arrays()
    assert all(isinstance(array, np.ndarray) for array in saved.values())
    end = descend(optimizer, parameters, 3)

    others = [
        (name, torch.nn.Parameter(value.clone())) for (name, _), value in zip(parameters, middle, strict=True)
    ]
    again = row.make(others)
    again.load_state_arrays(saved)
    assert again.iterations < optimizer.iterations
    assert equal(descend(again, others, 3), end)
    for name, array in optimizer.state_arrays().items():
        np.testing.assert_array_equal(again.state_arrays()[name], array)


@EACH_ROW
def test_a_rate_that_is_assigned_is_read_again_and_a_rate_of_zero_moves_nothing(row):
    parameters = weights()
    optimizer = row.make(parameters)
    optimizer.learning_rate = 0.25
    assert optimizer.learning_rate == 0.25
    if row.kind is optimizers.Ftrl:
        return  # divides by its rate
    optimizer.learning_rate = 0.0
    assert equal(descend(optimizer, parameters, 2), [start for _, start in weights()])


@EACH_ROW
def test_an_optimizer_follows_a_schedule(row):
    optimizer = row.make(parameters := weights())
    optimizer.learning_rate = schedules.PiecewiseConstantDecay([0], [0.02, 0.01])
    assert optimizer.learning_rate == 0.02
    descend(optimizer, parameters, 1)
    assert optimizer.learning_rate == 0.01


@EACH_SCHEDULE
def test_a_config_makes_the_same_schedule_again(row):
    schedule = row.make()
    config = through_json(schedule.get_config())
    again = row.kind.from_config(config)
    other = schedules.deserialize(through_json(schedules.serialize(schedule)))
    assert type(other) is row.kind
    for made in (again, other):
        assert through_json(made.get_config()) == config
        assert [made(step) for step in STEPS] == [schedule(step) for step in STEPS]


@EACH_SCHEDULE
def test_a_rate_is_a_number_that_depends_on_the_step_alone(row):
    schedule = row.make()
    rates = [schedule(step) for step in STEPS]
    assert [schedule(step) for step in reversed(STEPS)] == rates[::-1]
    assert all(isinstance(rate, float) and 0 <= rate <= 0.1 for rate in rates)
    assert len(set(rates)) > 1


@EACH_SCHEDULE
def test_a_schedule_goes_with_the_config_of_its_optimizer(row):
    optimizer = optimizers.SGD(row.make())
    again = optimizers.deserialize(through_json(optimizers.serialize(optimizer)))
    assert type(again.learning_rate_schedule) is row.kind
    assert again.get_config() == optimizer.get_config()
