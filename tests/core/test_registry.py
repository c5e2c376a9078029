"""From names and configs to objects and back."""

import pytest

from striate.core.errors import ArgumentError, UnknownNameError
from striate.core.registry import Registry, snake_case


class MaxPooling:
    def __init__(self, size=2):
        self.size = size

    def get_config(self):
        return {"size": self.size}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class Plain:
    def __init__(self, size=1):
        self.size = size


def relu(values):
    return values


class Members:
    """Hands out what there is and counts how often it is asked to."""

    def __init__(self):
        self.asked = 0

    def __call__(self):
        self.asked += 1
        return {"MaxPooling": MaxPooling, "Plain": Plain, "relu": relu}


@pytest.fixture
def registry():
    return Registry("thing", Members(), {"pool": "MaxPooling"})


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Conv2D", "conv2d"),
        ("MaxPooling2D", "max_pooling2d"),
        ("BatchNormalization", "batch_normalization"),
        ("ReLU", "re_lu"),
        ("LeakyReLU", "leaky_re_lu"),
        ("ELU", "elu"),
        ("GlobalAveragePooling1D", "global_average_pooling1d"),
    ],
)
def test_class_names_become_the_lower_case_names_that_keras_uses(name, snake):
    assert snake_case(name) == snake


def test_the_names_are_the_public_ones_without_aliases(registry):
    assert registry.names() == ["MaxPooling", "Plain", "relu"]


def test_nothing_is_loaded_before_a_name_is_asked_for():
    members = Members()
    registry = Registry("thing", members)
    assert members.asked == 0
    registry.find("relu")
    registry.find("Plain")
    assert members.asked == 1


@pytest.mark.parametrize("name", ["MaxPooling", "max_pooling", "pool"])
def test_a_class_is_found_by_its_name_its_lower_case_name_and_its_alias(registry, name):
    assert registry.find(name) is MaxPooling
    assert isinstance(registry.get(name), MaxPooling)


def test_a_function_comes_back_itself(registry):
    assert registry.get("relu") is relu
    assert registry.get(relu) is relu
    assert registry.get({"class_name": "relu", "config": {}}) is relu


def test_nothing_stays_nothing(registry):
    assert registry.get(None) is None
    assert registry.serialize(None) is None


def test_a_class_becomes_an_object_and_an_object_stays(registry):
    assert isinstance(registry.get(Plain), Plain)
    call = lambda values: values  # noqa: E731 - any callable is taken, also a nameless one
    assert registry.get(call) is call


def test_a_config_makes_the_object_again(registry):
    again = registry.get(registry.serialize(MaxPooling(5)))
    assert (type(again), again.size) == (MaxPooling, 5)


def test_a_class_without_from_config_gets_the_config_as_arguments(registry):
    assert registry.get({"class_name": "Plain", "config": {"size": 7}}).size == 7
    assert registry.get({"class_name": "Plain", "config": None}).size == 1


def test_what_the_person_offers_goes_first(registry):
    assert registry.find("relu", {"relu": Plain}) is Plain
    assert isinstance(registry.get({"class_name": "Mine"}, {"Mine": Plain}), Plain)


def test_functions_and_names_are_written_as_names(registry):
    assert registry.serialize(relu) == "relu"
    assert registry.serialize("relu") == "relu"


def test_an_unknown_name_is_refused_with_the_nearest(registry):
    text = r"called 'MaxPoling'\. Did you mean 'MaxPooling'\? Known: MaxPooling, Mine, Plain, pool, relu\."
    with pytest.raises(UnknownNameError, match=text):
        registry.get("MaxPoling", {"Mine": Plain})


@pytest.mark.parametrize("identifier", [3, {"config": {}}, ["relu"]])
def test_what_is_no_name_config_or_object_is_refused(registry, identifier):
    with pytest.raises(ArgumentError, match=r"expected a thing: a name, a config or an object; got "):
        registry.get(identifier)


def test_a_nameless_function_cannot_be_written(registry):
    with pytest.raises(
        ArgumentError, match=r"this thing cannot be written to a file: .*Use a named function"
    ):
        registry.serialize(lambda values: values)
