from __future__ import annotations

import inspect
import json

import pytest
import torch

from striate import optimizers
from striate.core.errors import ArgumentError, UnknownNameError
from striate.optimizers import registry

RULES = {
    "Adadelta": ("learning_rate", "rho", "epsilon", "weight_decay"),
    "Adagrad": ("learning_rate", "initial_accumulator_value", "epsilon", "weight_decay"),
    "Adam": ("learning_rate", "beta_1", "beta_2", "epsilon", "amsgrad", "weight_decay"),
    "AdamW": ("learning_rate", "weight_decay", "beta_1", "beta_2", "epsilon", "amsgrad"),
    "Adamax": ("learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay"),
    "Ftrl": (
        "learning_rate",
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
        "weight_decay",
    ),
    "Lamb": ("learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay"),
    "Lion": ("learning_rate", "beta_1", "beta_2", "weight_decay"),
    "Nadam": ("learning_rate", "beta_1", "beta_2", "epsilon", "weight_decay"),
    "RMSprop": ("learning_rate", "rho", "momentum", "epsilon", "centered", "weight_decay"),
    "SGD": ("learning_rate", "momentum", "nesterov", "weight_decay"),
}
DEFAULTS = {
    "learning_rate": 0.001,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "epsilon": 1e-7,
    "rho": 0.9,
    "momentum": 0.0,
    "initial_accumulator_value": 0.1,
    "learning_rate_power": -0.5,
    "weight_decay": None,
    "ema_momentum": 0.99,
    "use_ema": False,
    "clipnorm": None,
}
SPECIAL = {
    "SGD": {"learning_rate": 0.01},
    "Adadelta": {"rho": 0.95},
    "Lion": {"beta_2": 0.99},
    "AdamW": {"weight_decay": 0.004},
}


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_is_found_by_its_lower_case_name(name):
    assert type(optimizers.get(name.lower())) is getattr(optimizers, name)
    assert type(optimizers.get(name)) is getattr(optimizers, name)


def test_every_public_rule_is_in_the_registry():
    public = {name for name in optimizers.__all__ if name[0].isupper()} - {"Optimizer", "TorchOptimizer"}
    assert public == set(RULES) == set(registry.OPTIMIZERS.names())


@pytest.mark.parametrize("name", sorted(RULES))
def test_arguments_come_in_the_order_of_keras(name):
    parameters = inspect.signature(getattr(optimizers, name)).parameters
    assert tuple(key for key in parameters if key != "common") == RULES[name]


@pytest.mark.parametrize("name", sorted(RULES))
def test_defaults_are_those_of_keras(name):
    config = optimizers.get(name).get_config()
    expected = {key: value for key, value in {**DEFAULTS, **SPECIAL.get(name, {})}.items() if key in config}
    assert {key: config[key] for key in expected} == expected


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_config_goes_through_json_and_comes_back_as_the_same_optimizer(name):
    options = {"clipnorm": 2.0, "use_ema": True, "gradient_accumulation_steps": 3, "name": "mine"}
    made = getattr(optimizers, name)(learning_rate=0.25, weight_decay=0.5, **options)
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(made))))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
    assert again.weight_decay == 0.5


def test_a_schedule_comes_back_with_the_config():
    made = optimizers.Adam(optimizers.schedules.CosineDecay(0.5, 10))
    again = optimizers.get(json.loads(json.dumps(optimizers.serialize(made))))
    assert again.learning_rate_schedule(5) == made.learning_rate_schedule(5)


def test_an_optimizer_and_none_are_handed_back():
    made = optimizers.Adam()
    assert optimizers.get(made) is made
    assert optimizers.get(None) is None
    assert type(optimizers.get(optimizers.SGD)) is optimizers.SGD


def test_a_name_that_is_not_known_offers_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no optimizer called 'adma'.* Did you mean .*'adam'"):
        optimizers.get("adma")


def test_something_else_is_refused():
    with pytest.raises(ArgumentError, match="expected an optimizer: a name such as 'adam', a config"):
        optimizers.get(print)
    with pytest.raises(ArgumentError, match="a name, a config or an object; got int 3"):
        optimizers.get(3)


def test_a_class_of_torch_is_told_that_it_needs_parameters():
    with pytest.raises(ArgumentError, match=r"torch\.optim\.SGD needs its parameters first: pass"):
        optimizers.get(torch.optim.SGD)


def test_an_optimizer_of_torch_is_wrapped():
    wrapped = optimizers.get(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.5))
    assert type(wrapped) is optimizers.TorchOptimizer
    assert wrapped.learning_rate == 0.5
