"""Schedules against values worked out by hand."""

from __future__ import annotations

import json
import math

import pytest

from striate.core.errors import ArgumentError, UnknownNameError
from striate.optimizers import schedules

HALF = math.sqrt(0.5)
TABLE = [
    (schedules.ExponentialDecay(1.0, 10, 0.25), {0: 1.0, 5: 0.5, 10: 0.25, 20: 0.0625}),
    (schedules.ExponentialDecay(1.0, 10, 0.25, staircase=True), {9: 1.0, 10: 0.25, 19: 0.25, 20: 0.0625}),
    (schedules.InverseTimeDecay(1.0, 10, 0.5), {0: 1.0, 10: 1 / 1.5, 15: 1 / 1.75}),
    (schedules.InverseTimeDecay(1.0, 10, 0.5, staircase=True), {9: 1.0, 15: 1 / 1.5, 20: 0.5}),
    (schedules.PolynomialDecay(1.0, 10, 0.2), {0: 1.0, 5: 0.6, 10: 0.2, 99: 0.2}),
    (schedules.PolynomialDecay(1.0, 10, 0.0, power=2.0), {5: 0.25, 8: 0.04}),
    (schedules.PolynomialDecay(1.0, 10, 0.0, cycle=True), {0: 1.0, 10: 0.0, 11: 0.45, 20: 0.0, 21: 0.3}),
    (schedules.PiecewiseConstantDecay([2, 5], [1.0, 0.5, 0.1]), {0: 1.0, 2: 1.0, 3: 0.5, 5: 0.5, 6: 0.1}),
    (schedules.PiecewiseConstantDecay([], [0.5]), {0: 0.5, 9: 0.5}),
    (schedules.CosineDecay(2.0, 8), {0: 2.0, 2: 1 + HALF, 4: 1.0, 8: 0.0, 99: 0.0}),
    (schedules.CosineDecay(2.0, 8, alpha=0.5), {0: 2.0, 4: 1.5, 8: 1.0}),
    (
        schedules.CosineDecay(0.0, 8, warmup_target=2.0, warmup_steps=4),
        {0: 0.0, 1: 0.5, 3: 1.5, 4: 2.0, 8: 1.0, 12: 0.0, 99: 0.0},
    ),
    (schedules.CosineDecayRestarts(2.0, 4), {0: 2.0, 2: 1.0, 4: 2.0, 8: 1.0, 12: 2.0, 20: 1.0, 28: 2.0}),
    (schedules.CosineDecayRestarts(2.0, 4, t_mul=1.0, m_mul=0.5), {2: 1.0, 4: 1.0, 6: 0.5, 8: 0.5, 10: 0.25}),
    (schedules.CosineDecayRestarts(2.0, 4, m_mul=0.5, alpha=0.5), {0: 2.0, 2: 1.5, 4: 1.5, 12: 1.25}),
]


@pytest.mark.parametrize(("schedule", "rates"), TABLE)
def test_rates_are_those_worked_out_by_hand(schedule, rates):
    assert {step: schedule(step) for step in rates} == pytest.approx(rates, abs=1e-12)


@pytest.mark.parametrize(("schedule", "rates"), TABLE)
def test_a_config_goes_through_json_and_comes_back_as_the_same_schedule(schedule, rates):
    again = schedules.deserialize(json.loads(json.dumps(schedules.serialize(schedule))))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()
    assert [again(step) for step in rates] == [schedule(step) for step in rates]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: schedules.ExponentialDecay(1.0, 0, 0.5), "decay_steps must be above 0; got 0"),
        (lambda: schedules.InverseTimeDecay(1.0, -1, 0.5), "decay_steps must be above 0; got -1"),
        (lambda: schedules.PolynomialDecay(1.0, 0), "decay_steps must be above 0; got 0"),
        (lambda: schedules.CosineDecay(1.0, 0), "decay_steps must be above 0; got 0"),
        (lambda: schedules.CosineDecay(1.0, 5, warmup_steps=2), "warmup_steps=2 needs a warmup_target"),
        (lambda: schedules.CosineDecay(1.0, 5, warmup_steps=-2), "warmup_steps must be at least 0; got -2"),
        (lambda: schedules.CosineDecayRestarts(1.0, 0), "first_decay_steps must be above 0; got 0"),
        (lambda: schedules.CosineDecayRestarts(1.0, 5, t_mul=0.5), "t_mul must be at least 1"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1.0]), "1 boundaries need 2 values; got 1"),
        (
            lambda: schedules.PiecewiseConstantDecay([5, 2], [1, 2, 3]),
            r"boundaries must rise .*\[5, 2\]",
        ),
    ],
)
def test_numbers_that_cannot_work_are_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_a_class_that_is_not_known_offers_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'CosineDecay'"):
        schedules.deserialize({"class_name": "CosinDecay", "config": {}})
