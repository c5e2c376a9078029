from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.core.errors import ArgumentError, ShapeError, StateError
from striate.layers import Conv2D, Dense, Dropout, Flatten, Input, InputLayer, ReLU, TorchModule
from striate.models import Model, Sequential

ROWS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


def test_a_model_without_an_input_is_built_by_the_first_data():
    model = Sequential([Dense(5, activation="relu"), Dense(2)])
    assert not model.built
    assert model(ROWS).shape == (3, 2)
    assert model.built
    assert model.count_params() == 4 * 5 + 5 + 5 * 2 + 2
    assert model.input.shape == (None, 4)


def test_a_model_can_be_built_by_a_shape():
    model = Sequential([Dense(5), Dense(2)])
    model.build((None, 4))
    assert model.count_params() == 37
    model.build((None, 9))
    assert model.count_params() == 37


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sequential([Dense(5, input_shape=(4,)), Dense(2)]),
        lambda: Sequential([Input((4,)), Dense(5), Dense(2)]),
        lambda: Sequential([InputLayer((4,)), Dense(5), Dense(2)]),
        lambda: Sequential([Input(shape=(4,), batch_size=None), Sequential([Dense(5)]), Dense(2)]),
    ],
)
def test_an_input_shape_builds_at_once(make):
    model = make()
    assert model.built
    assert model.count_params() == 37
    assert model.input.shape == (None, 4)
    assert model.output.shape == (None, 2)


def test_layers_are_added_one_by_one_and_popped():
    model = Sequential()
    model.add(Input((4,)))
    model.add(Dense(5, name="first"))
    model.add(Dense(2, name="second"))
    before = model(ROWS)
    popped = model.pop()
    assert popped.name == "second"
    assert model.output.shape == (None, 5)
    model.add(popped)
    assert torch.equal(model(ROWS), before)


def test_popping_leaves_the_calls_of_other_models_alone():
    last = Dense(2)
    model = Sequential([Input((4,)), last])
    elsewhere = Input((4,))
    other = Model(elsewhere, last(elsewhere))
    model.pop()
    assert [node.inputs for node in last.nodes] == [elsewhere]
    assert other(ROWS).shape == (3, 2)


def test_a_layer_called_on_the_models_own_tensor_does_not_mislead_add():
    model = Sequential([Input((4,)), Dense(5), Dense(3)])
    model.layers[1](model.layers[0].output)
    model.add(Dense(2))
    assert model.output.shape == (None, 2)
    assert len(model.layers) == 3


def test_a_built_model_can_come_first_and_brings_its_shape():
    base = Sequential([Input((4,)), Dense(5)])
    model = Sequential([base, Dense(2)])
    assert model.count_params() == 37
    assert model.get_layer(base.name) is base


def test_an_empty_model_has_nothing_to_pop():
    with pytest.raises(StateError, match=r"model 'empty' has no layer to pop"):
        Sequential(name="empty").pop()


def test_a_model_whose_first_data_do_not_fit_is_built_by_the_next():
    model = Sequential([Flatten(), Conv2D(2, 3)])
    with pytest.raises(ShapeError, match=r"takes 4 axes"):
        model(np.zeros((1, 5, 5, 1)))
    assert model.entry is None
    assert not model.built
    model.pop()
    assert model(np.zeros((1, 5, 5, 1))).shape == (1, 25)


def test_one_name_twice_is_refused():
    with pytest.raises(ArgumentError, match=r"there is a layer called 'one' in this model already"):
        Sequential([Dense(1, name="one"), Dense(2, name="one")])


def test_an_input_can_only_stand_first():
    with pytest.raises(ArgumentError, match=r"an Input can only stand first"):
        Sequential([Dense(1), Input((4,))])
    with pytest.raises(ArgumentError, match=r"an Input can only stand first"):
        Sequential([Input((4,)), Input((4,))])


def test_build_wants_a_shape_and_layers():
    with pytest.raises(ArgumentError, match=r"takes one shape with the batch first.*got None and 1 layers"):
        Sequential([Dense(1)]).build()
    with pytest.raises(ArgumentError, match=r"at least one layer; got \(None, 4\) and 0 layers"):
        Sequential().build((None, 4))


def test_what_is_no_layer_is_refused():
    with pytest.raises(ArgumentError, match=r"expected a layer; got int 3"):
        Sequential([3])
    with pytest.raises(ArgumentError, match=r"expected a layer; got str 'dence'\. Did you mean 'Dense'\?"):
        Sequential(["dence"])


def test_the_symbolic_input_of_an_unbuilt_model_is_asked_for_in_words():
    model = Sequential([Dense(1)], name="unbuilt")
    with pytest.raises(StateError, match=r"model 'unbuilt' has no symbolic input or output"):
        _ = model.input
    with pytest.raises(StateError, match=r"Begin it with Input\(\(height, width, channels\)\)"):
        _ = model.outputs


def test_a_torch_module_without_weights_is_wrapped_by_itself():
    model = Sequential([Input((4,)), Dense(3), nn.Tanh(), ReLU()])
    assert isinstance(model.layers[1], TorchModule)
    expected = np.maximum(np.tanh(model.layers[0](ROWS).numpy()), 0)
    assert np.allclose(model(ROWS).numpy(), expected, atol=1e-6)


def test_a_torch_module_with_weights_must_say_how_its_axes_lie():
    with pytest.raises(ArgumentError, match=r"a torch Conv2d must say how its axes lie: TorchModule"):
        Sequential([nn.Conv2d(1, 2, 3)])


def test_a_wrapped_torch_convolution_works_on_channels_last_data():
    inner = nn.Conv2d(1, 2, 3)
    model = Sequential([Input((6, 6, 1)), TorchModule(inner, data_format="channels_first"), Flatten()])
    images = np.random.default_rng(0).random((2, 6, 6, 1), np.float32)
    expected = inner(torch.from_numpy(images).movedim(-1, 1)).movedim(1, -1).reshape(2, -1)
    assert torch.allclose(model(images), expected, atol=1e-6)


def test_a_config_makes_the_same_layers_with_new_weights():
    model = Sequential([Input((4,)), Dense(5, activation="relu"), Dropout(0.2), Dense(2)], name="four")
    again = Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert not np.array_equal(again.get_weights()[0], model.get_weights()[0])


def test_a_config_keeps_a_frozen_layer_frozen():
    model = Sequential([Input((4,)), Dense(5), Dense(2)])
    model.layers[0].trainable = False
    again = Sequential.from_config(model.get_config())
    assert [layer.trainable for layer in again.layers] == [False, True]
    model.trainable = False
    assert not Sequential.from_config(model.get_config()).trainable


def test_a_config_of_an_unbuilt_model_makes_an_unbuilt_model():
    again = Sequential.from_config(Sequential([Dense(5)]).get_config())
    assert not again.built
    assert again(ROWS).shape == (3, 5)
