from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.layers import BatchNormalization, Conv2D, Dense, Flatten, Input, Layer, MaxPooling2D
from striate.models import Model, Sequential

ROWS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
IMAGES = np.random.default_rng(1).random((2, 8, 8, 3), np.float32)


class Sum(Layer):
    """Adds a list of tensors."""

    def call(self, inputs):
        return sum(inputs)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])


class Halves(Layer):
    """Cuts the last axis into two; has two outputs."""

    def call(self, inputs):
        return tuple(inputs.chunk(2, dim=-1))

    def compute_output_shape(self, input_shape):
        half = (*input_shape[:-1], input_shape[-1] // 2)
        return (half, half)


def test_several_inputs_and_outputs_as_lists():
    left, right = Input((4,), name="left"), Input((2,), name="right")
    both = Sum()([Dense(3, name="a")(left), Dense(3, name="b")(right)])
    model = Model([left, right], [both, Dense(1, name="c")(both)])
    first, second = model([ROWS, ROWS[:, :2]])
    expected = model.get_layer("a")(ROWS) + model.get_layer("b")(ROWS[:, :2])
    assert torch.allclose(first, expected)
    assert second.shape == (3, 1)
    assert [tensor.shape for tensor in model.inputs] == [(None, 4), (None, 2)]
    assert len(model.outputs) == 2


def test_inputs_and_outputs_as_dicts():
    inputs = {"left": Input((4,), name="x"), "right": Input((2,), name="y")}
    outputs = {"small": Dense(1)(inputs["right"]), "large": Dense(5)(inputs["left"])}
    model = Model(inputs, outputs)
    answers = model({"right": ROWS[:, :2], "left": ROWS})
    assert {key: tuple(value.shape) for key, value in answers.items()} == {"small": (3, 1), "large": (3, 5)}


def test_listed_inputs_may_come_as_a_dict_by_name():
    left, right = Input((4,), name="left"), Input((2,), name="right")
    model = Model([left, right], Sum()([Dense(3)(left), Dense(3)(right)]))
    given = {"right": ROWS[:, :2], "left": ROWS}
    assert torch.equal(model(given), model([ROWS, ROWS[:, :2]]))
    with pytest.raises(ArgumentError, match=r"called \['left', 'right'\]; missing in the dict: \['right'\]"):
        model({"left": ROWS})


def test_a_missing_key_of_dict_inputs_is_named():
    inputs = {"left": Input((4,)), "right": Input((2,))}
    model = Model(inputs, Sum()([Dense(3)(inputs["left"]), Dense(3)(inputs["right"])]))
    with pytest.raises(ArgumentError, match=r"called \['left', 'right'\]; missing in the dict: \['left'\]"):
        model({"right": ROWS[:, :2]})


def test_a_layer_with_two_outputs_feeds_two_branches():
    inputs = Input((4,))
    low, high = Halves()(inputs)
    model = Model(inputs, Sum()([low, high]))
    assert torch.allclose(model(ROWS), torch.from_numpy(ROWS[:, :2] + ROWS[:, 2:]))


def test_a_shared_layer_has_one_set_of_weights():
    shared = Dense(3)
    left, right = Input((4,)), Input((4,))
    model = Model([left, right], Sum()([shared(left), shared(right)]))
    assert model.count_params() == 15
    assert torch.allclose(model([ROWS, ROWS]), 2 * shared(ROWS))


def test_a_shared_layer_gathers_the_gradients_of_both_calls():
    shared = Dense(1, use_bias=False)
    left, right = Input((4,)), Input((4,))
    model = Model([left, right], Sum()([shared(left), shared(right)]))
    rows = torch.from_numpy(ROWS)
    model([rows, 2 * rows]).sum().backward()
    gradient = next(model.parameters()).grad
    assert torch.allclose(gradient.reshape(-1), 3 * rows.sum(0), atol=1e-5)


def test_branches_that_meet_again_are_computed_once_each():
    calls = []

    class Counting(Layer):
        def call(self, inputs):
            calls.append(1)
            return inputs

        def compute_output_shape(self, input_shape):
            return tuple(input_shape)

    inputs = Input((4,))
    trunk = Counting()(inputs)
    model = Model(inputs, Sum()([Dense(2)(trunk), Dense(2)(trunk)]))
    calls.clear()
    model(ROWS)
    assert len(calls) == 1


def test_nested_models_are_layers():
    inner_input = Input((4,))
    inner = Model(inner_input, Dense(3, activation="relu")(inner_input), name="inner")
    outer_input = Input((4,))
    outer = Model(outer_input, Dense(2)(inner(outer_input)))
    assert outer.count_params() == 15 + 8
    assert outer.get_layer("inner") is inner
    assert torch.allclose(outer(ROWS), outer.layers[-1](inner(ROWS)))


def test_training_false_on_a_nested_model_is_remembered():
    base = Sequential([Input((4,)), BatchNormalization()])
    inputs = Input((4,))
    model = Model(inputs, base(inputs, training=False))
    before = base.get_weights()
    model(ROWS, training=True)
    assert all(np.array_equal(old, new) for old, new in zip(before, base.get_weights(), strict=True))


def test_a_second_model_shares_the_layers_of_a_trained_one():
    model = Sequential([Input((8, 8, 3)), Conv2D(4, 3, activation="relu"), Flatten(), Dense(2)])
    model.compile("adam", "mse", precision="float32")
    maps = Model(inputs=model.input, outputs=model.layers[0].output)
    model.fit(IMAGES, np.zeros((2, 2)), verbose=0)
    assert maps.layers[-1] is model.layers[0]
    assert torch.equal(maps(IMAGES), model.layers[0](IMAGES))
    assert maps(IMAGES).shape == (2, 6, 6, 4)


def test_every_layers_map_comes_from_one_model():
    model = Sequential([Input((8, 8, 3)), Conv2D(4, 3), MaxPooling2D(), Flatten(), Dense(2)])
    maps = Model(model.inputs, [layer.output for layer in model.layers])(IMAGES)
    assert [tuple(each.shape) for each in maps] == [(2, 6, 6, 4), (2, 3, 3, 4), (2, 36), (2, 2)]
    assert torch.equal(maps[-1], model(IMAGES))


def test_a_tensor_inside_a_model_can_be_the_input_of_another():
    model = Sequential([Input((4,)), Dense(5, activation="relu"), Dense(2)])
    head = Model(model.layers[0].output, model.output)
    assert head.count_params() == 12
    assert torch.equal(head(model.layers[0](ROWS)), model(ROWS))


def test_outputs_must_follow_from_the_inputs():
    first, second = Input((4,), name="first"), Input((4,), name="second")
    with pytest.raises(ArgumentError, match=r"need .*name='second'.* not among the model's inputs"):
        Model(first, Dense(2)(second))


def test_only_symbolic_tensors_make_a_model():
    with pytest.raises(ArgumentError, match=r"takes what Input\(\.\.\.\) and layers .* return; got ndarray"):
        Model(Input((4,)), ROWS)


def test_two_layers_of_one_name_are_refused():
    inputs = Input((4,))
    with pytest.raises(ArgumentError, match=r"two layers of this model are called 'twin'"):
        Model(inputs, Dense(2, name="twin")(Dense(2, name="twin")(inputs)))


def test_another_number_of_inputs_is_refused():
    left, right = Input((4,)), Input((4,))
    model = Model([left, right], Sum()([left, right]))
    with pytest.raises(ShapeError, match=r"the model takes 2 inputs but got 1"):
        model([ROWS])


def test_another_size_is_refused_with_the_inputs_name():
    model = Sequential([Input((8, 8, 3), name="photos"), Conv2D(2, 3)])
    with pytest.raises(ShapeError, match=r"input 'photos' takes \(None, 8, 8, 3\) but got \(2, 8, 8, 1\)"):
        model(IMAGES[..., :1])


def test_another_number_of_axes_is_refused_with_the_layers_name():
    model = Sequential([Input((8, 8, 3)), Conv2D(2, 3, name="first")])
    with pytest.raises(ShapeError, match=r"layer 'first' \(Conv2D\) takes 4 axes .* but got 2: \(3, 4\)"):
        model(ROWS)


def test_output_shapes_follow_other_input_sizes():
    inputs = Input((None, None, 3))
    model = Model(inputs, MaxPooling2D()(Conv2D(4, 3, padding="same")(inputs)))
    assert model.compute_output_shape((None, 10, 6, 3)) == (None, 5, 3, 4)
    assert model.output.shape == (None, None, None, 4)


def test_values_are_freed_when_their_last_reader_has_run():
    inputs = Input((4,))
    model = Model(inputs, Dense(2)(Dense(3)(inputs)))
    assert [len(step.free) for step in model.graph.steps] == [1, 1]
