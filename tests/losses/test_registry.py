from __future__ import annotations

import inspect
import json

import pytest

from striate import losses
from striate.core.errors import UnknownNameError
from striate.losses.registry import ALIASES, MEMBERS

CLASSES = [
    name
    for name in MEMBERS
    if inspect.isclass(getattr(losses, name)) and name not in ("Loss", "LossFunctionWrapper")
]
CHANGED = {
    "from_logits": True,
    "label_smoothing": 0.25,
    "axis": 1,
    "ignore_class": 3,
    "alpha": 0.75,
    "beta": 0.125,
    "gamma": 1.5,
    "delta": 0.5,
    "margin": 0.25,
    "remove_diagonal": False,
    "apply_class_balancing": True,
    "reduction": "sum",
    "name": "mine",
    "dtype": "float64",
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_loss_comes_back_from_its_config_with_everything_that_was_changed(name):
    accepted = set(inspect.signature(getattr(losses, name)).parameters) - {"options"}
    changed = {key: value for key, value in CHANGED.items() if key in accepted}
    spec = losses.serialize(getattr(losses, name)(**changed))
    again = losses.deserialize(json.loads(json.dumps(spec)))
    assert type(again) is getattr(losses, name)
    assert again.get_config() == spec["config"] == changed


@pytest.mark.parametrize("name", [name for name in MEMBERS if name not in CLASSES and name.islower()])
def test_a_function_is_found_by_its_name_and_goes_by_it(name):
    assert losses.get(name) is getattr(losses, name)
    assert losses.serialize(losses.get(name)) == name


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_a_short_name_stands_for_the_function(alias, name):
    assert losses.get(alias) is getattr(losses, name)


def test_a_class_name_gives_an_object_with_its_defaults():
    assert isinstance(losses.get("BinaryCrossentropy"), losses.BinaryCrossentropy)
    assert losses.get(None) is None


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no loss called 'binary_crosentropy'.*'binary_crossentropy'"):
        losses.get("binary_crosentropy")


def test_a_person_s_own_loss_comes_back_when_it_is_offered():
    class Mine(losses.Loss):
        def call(self, y_true, y_pred):
            return y_true - y_pred

    again = losses.deserialize(losses.serialize(Mine(name="a")), custom_objects={"Mine": Mine})
    assert type(again) is Mine
    assert again.name == "a"
