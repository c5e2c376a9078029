"""Initializers by name and config, and back."""

import json

import numpy as np
import pytest
import torch

from striate import initializers
from striate.core.errors import ArgumentError, UnknownNameError

CLASSES = sorted(name for name in initializers.__all__ if name[0].isupper() and "Initializer" not in name)
RANDOM = sorted(set(CLASSES) - {"Zeros", "Ones", "Constant", "Identity"})


@pytest.mark.parametrize("name", CLASSES)
def test_a_config_is_json_and_makes_the_same_again(name):
    made = getattr(initializers, name)(**({"seed": 5} if name in RANDOM else {}))
    written = json.loads(json.dumps(initializers.serialize(made)))
    again = initializers.deserialize(written)
    assert written["class_name"] == name
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
    assert torch.equal(again((3, 3)), made((3, 3)))


def test_arguments_survive_a_config():
    made = initializers.VarianceScaling(0.5, "fan_out", "uniform", 3, [0], [1])
    assert initializers.VarianceScaling.from_config(made.get_config()).get_config() == {
        "scale": 0.5,
        "mode": "fan_out",
        "distribution": "uniform",
        "seed": 3,
        "input_axes": [0],
        "output_axes": [1],
    }
    assert repr(initializers.RandomNormal(1.0, 2.0, 3)) == "RandomNormal(mean=1.0, stddev=2.0, seed=3)"


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("glorot_uniform", "GlorotUniform"),
        ("he_normal", "HeNormal"),
        ("lecun_uniform", "LecunUniform"),
        ("variance_scaling", "VarianceScaling"),
        ("truncated_normal", "TruncatedNormal"),
        ("orthogonal", "Orthogonal"),
        ("OrthogonalInitializer", "Orthogonal"),
        ("IdentityInitializer", "Identity"),
        ("normal", "RandomNormal"),
        ("uniform", "RandomUniform"),
        ("zero", "Zeros"),
        ("one", "Ones"),
        ("zeros", "Zeros"),
        ("Ones", "Ones"),
    ],
)
def test_names_of_every_spelling_are_known(word, name):
    assert type(initializers.get(word)) is getattr(initializers, name)


def test_lower_case_names_are_the_classes_themselves():
    pairs = {name: "".join(part.title() for part in name.split("_")) for name in initializers.__all__}
    for lower, upper in pairs.items():
        if lower.islower() and upper in initializers.__all__:
            assert getattr(initializers, lower) is getattr(initializers, upper)


def test_get_takes_none_objects_classes_functions_and_arrays():
    def sevens(shape, dtype=None):
        return torch.full(shape, 7.0, dtype=dtype)

    made = initializers.Ones()
    assert initializers.get(None) is None
    assert initializers.get(made) is made
    assert isinstance(initializers.get(initializers.HeNormal), initializers.HeNormal)
    assert initializers.get(sevens) is sevens
    assert initializers.deserialize(initializers.serialize(sevens), {"sevens": sevens}) is sevens
    assert initializers.get(np.array([1.0, 2.0]))((2,)).tolist() == [1, 2]
    assert initializers.get(torch.tensor([[3.0]]))((1, 1)).tolist() == [[3]]


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no initializer called 'he_norml'\. Did you mean 'HeNormal'"):
        initializers.get("he_norml")


def test_what_is_no_initializer_is_refused():
    with pytest.raises(
        ArgumentError, match=r"expected an? initializer: a name, a config or an object; got int 3"
    ):
        initializers.get(3)
    with pytest.raises(ArgumentError, match="this initializer cannot be written to a file"):
        initializers.serialize(lambda shape, dtype=None: torch.zeros(shape))


def test_defaults_are_those_of_keras():
    assert initializers.RandomNormal().get_config() == {"mean": 0.0, "stddev": 0.05, "seed": None}
    assert initializers.TruncatedNormal().get_config() == {"mean": 0.0, "stddev": 0.05, "seed": None}
    assert initializers.RandomUniform().get_config() == {"minval": -0.05, "maxval": 0.05, "seed": None}
    assert initializers.Orthogonal().get_config() == {"gain": 1.0, "seed": None}
    assert initializers.Identity().get_config() == {"gain": 1.0}
    assert initializers.VarianceScaling().get_config() == {
        "scale": 1.0,
        "mode": "fan_in",
        "distribution": "truncated_normal",
        "seed": None,
        "input_axes": None,
        "output_axes": None,
    }
