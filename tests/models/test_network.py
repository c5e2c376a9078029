from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError, StateError, UnknownNameError
from striate.layers import Dense, Input
from striate.models import Model, Sequential


def make() -> Sequential:
    return Sequential([Input((4,)), Dense(3, name="first"), Dense(2, name="second")])


def test_a_layer_is_found_by_name_and_by_place():
    model = make()
    assert model.get_layer("second") is model.layers[1]
    assert model.get_layer(index=0) is model.layers[0]
    assert model.get_layer(index=-1) is model.layers[1]


def test_a_wrong_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no layer called 'secnd'\. Did you mean 'second'"):
        make().get_layer("secnd")


def test_a_place_beyond_the_end_is_refused():
    with pytest.raises(ArgumentError, match=r"there are 2 layers; there is no index 2"):
        make().get_layer(index=2)


@pytest.mark.parametrize("choice", [{}, {"name": "first", "index": 0}])
def test_get_layer_takes_one_of_name_and_index(choice):
    with pytest.raises(ArgumentError, match=r"get_layer takes either a name or an index"):
        make().get_layer(**choice)


def test_inputs_and_outputs_come_together():
    with pytest.raises(ArgumentError, match=r"Model takes inputs and outputs together"):
        Model(Input((4,)))


def test_a_model_without_layers_says_how_to_make_one():
    with pytest.raises(StateError, match=r"model 'void' has no layers to run"):
        Model(name="void")(np.zeros((1, 4)))


def test_layers_may_have_the_names_of_methods():
    inputs = Input((4,), name="input")
    model = Model(inputs, Dense(2, name="train")(inputs))
    assert [layer.name for layer in model.layers] == ["input", "train"]
    model.train()
    assert model.get_layer("train").training


def test_the_outputs_are_called_after_their_layers():
    inputs = Input((4,))
    first, second = Dense(1, name="age")(inputs), Dense(3, name="kind")(inputs)
    assert Model(inputs, [first, second]).output_names == ["age", "kind"]
    assert Model(inputs, {"a": first, "b": second}).output_names is None
    assert Sequential([Dense(1)]).output_names is None


def test_freezing_a_model_freezes_every_layer():
    model = make()
    model.trainable = False
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 4
    model.layers[1].trainable = True
    assert len(model.trainable_weights) == 2


def test_layers_in_a_plain_list_are_refused():
    class Hidden(Model):
        def __init__(self):
            super().__init__()
            self.stack = [Dense(2), Dense(2)]

        def call(self, inputs):
            for layer in self.stack:
                inputs = layer(inputs)
            return inputs

    with pytest.raises(ArgumentError, match=r"Hidden\.stack holds layers in a plain list.*ModuleList"):
        Hidden()(np.zeros((1, 4)))


def test_a_subclass_without_get_config_says_what_is_missing():
    class Own(Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ArgumentError, match=r"Own writes its own call.*give it get_config\(\)"):
        Own().get_config()


def test_the_config_of_an_unbuilt_network_asks_for_an_input():
    with pytest.raises(StateError, match=r"has no symbolic input or output"):
        Model(name="void").get_config()
