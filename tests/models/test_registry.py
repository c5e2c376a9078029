from __future__ import annotations

import pytest

from striate.core.errors import ArgumentError, FileFormatError, UnknownNameError
from striate.layers import Dense, Layer
from striate.models import Model, Sequential
from striate.models.registry import LAYERS, reader, write_layer


def test_every_public_layer_and_both_models_are_known():
    assert LAYERS.find("Conv2D").__name__ == "Conv2D"
    assert LAYERS.find("Sequential") is Sequential
    assert LAYERS.find("Model") is Model
    assert all(issubclass(LAYERS.find(name), Layer) for name in LAYERS.names())


def test_functions_of_the_rooms_are_not_on_the_list():
    for name in ("Input", "load_model", "clone_model", "InputSpec"):
        with pytest.raises(UnknownNameError, match=f"no layer called '{name}'"):
            LAYERS.find(name)


def test_a_written_layer_is_read_again():
    spec = write_layer(Dense(3, activation="relu", name="three"))
    assert spec["class_name"] == "Dense"
    assert reader(None)(spec).get_config() == spec["config"]


def test_custom_goes_before_the_known():
    class Dense2(Dense):
        pass

    spec = {**write_layer(Dense(3)), "class_name": "Dense"}
    assert type(reader({"Dense": Dense2})(spec)) is Dense2


def test_what_is_no_layer_is_refused():
    with pytest.raises(FileFormatError, match=r"'Thing' is offered in custom=.* but is no Layer class"):
        reader({"Thing": object})({"class_name": "Thing", "config": {}})


def test_a_layer_of_one_s_own_with_arguments_needs_get_config_to_be_written():
    class Power(Layer):
        def __init__(self, exponent=2, **options):
            super().__init__(**options)
            self.exponent = exponent

        def call(self, inputs):
            return inputs**self.exponent

    with pytest.raises(ArgumentError, match=r"arguments exponent would be lost.*get_config\(self\)"):
        write_layer(Power())


def test_a_layer_of_one_s_own_without_arguments_can_be_written():
    class Twice(Layer):
        def call(self, inputs):
            return inputs * 2

    assert write_layer(Twice())["class_name"] == "Twice"


@pytest.mark.parametrize("name", ["Lambda", "TorchModule", "Layer"])
def test_layers_that_hold_code_are_not_made_from_files(name):
    with pytest.raises(
        FileFormatError, match=rf"a {name} holds code of a person's own, which is never taken"
    ):
        reader(None)({"class_name": name, "config": {}})


def test_one_s_own_class_may_have_the_name_of_such_a_layer():
    class Lambda(Layer):
        def call(self, inputs):
            return inputs

    assert type(reader({"Lambda": Lambda})({"class_name": "Lambda", "config": {}})) is Lambda
