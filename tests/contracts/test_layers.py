"""The contract of a layer, proved for each row of layer_rows.py."""

import copy
import json

import numpy as np
import pytest
import torch

from striate.core.tree import leaves, map_leaves
from striate.layers import Activation, Input, InputLayer
from striate.layers.symbolic import is_shape, map_shapes
from striate.models import Model, Sequential, load_model
from tests.contracts.layer_rows import ROWS, public_layers
from tests.reference.closeness import gradients_are_right


def each(rows):
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.kind.__name__)


EACH_ROW = each(ROWS)
EACH_ROW_WITH_CONFIG = each([row for row in ROWS if row.has_config])
EACH_ROW_WITH_GRADIENT = each([row for row in ROWS if row.has_gradient])


def inputs_of(row, dtype="float32"):
    random = np.random.default_rng(0)
    if row.whole_numbers_below is not None:
        return random.integers(0, row.whole_numbers_below, row.input_shape).astype(dtype)
    return map_shapes(lambda shape: random.normal(size=shape).astype(dtype), row.input_shape)


def tensors_of(row, dtype="float64"):
    return map_leaves(torch.from_numpy, inputs_of(row, dtype))


def built(row, **options):
    """The row's layer with weights that are neither 0 nor 1, all above 0 as a variance must be."""
    layer = row.make(**options)
    layer(inputs_of(row))
    random = np.random.default_rng(1)
    layer.set_weights([random.uniform(0.2, 1.2, weight.shape) for weight in layer.get_weights()])
    return layer


def model_around(layer, row):
    if isinstance(layer, InputLayer):
        return Sequential([layer, Activation("linear")])
    if is_shape(row.input_shape):
        return Sequential([Input(row.input_shape[1:]), layer])
    inputs = map_shapes(lambda shape: Input(shape[1:]), row.input_shape)
    return Model(inputs, layer(inputs))


def test_every_public_layer_has_a_row():
    assert public_layers() - {row.kind for row in ROWS} == set()


@EACH_ROW
def test_the_promised_shape_is_the_real_one(row):
    layer = row.make()
    without_batch = map_shapes(lambda shape: (None, *shape[1:]), row.input_shape)
    symbolic = layer(map_shapes(lambda shape: Input(shape[1:]), row.input_shape))
    assert symbolic.shape == (None, *row.output_shape[1:])
    assert layer.compute_output_shape(without_batch) == (None, *row.output_shape[1:])
    assert layer(inputs_of(row)).shape == row.output_shape


@EACH_ROW_WITH_CONFIG
def test_a_config_makes_the_same_layer_again(row):
    layer = built(row)
    config = json.loads(json.dumps(layer.get_config()))
    again = row.kind.from_config(config)
    again(inputs_of(row))
    again.set_weights(layer.get_weights())
    assert json.loads(json.dumps(again.get_config())) == config
    assert torch.equal(again(inputs_of(row)), layer(inputs_of(row)))


@EACH_ROW_WITH_CONFIG
def test_a_saved_model_comes_back_to_the_bit(row, tmp_path):
    layer = built(row)
    model = model_around(layer, row)
    model.save(tmp_path / "model.striate")
    again = load_model(tmp_path / "model.striate")
    for before, after in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after, strict=True)
    assert torch.equal(again(inputs_of(row)), model(inputs_of(row)))


@EACH_ROW_WITH_GRADIENT
def test_the_gradient_is_that_of_finite_differences(row):
    layer = built(row, dtype="float64")
    assert gradients_are_right(layer, tensors_of(row))


@EACH_ROW
def test_a_batch_is_the_stack_of_its_examples(row):
    layer, inputs = built(row), inputs_of(row)
    singles = [
        layer(map_leaves(lambda values, number=number: values[number : number + 1], inputs))
        for number in range(3)
    ]
    torch.testing.assert_close(layer(inputs), torch.cat(singles), rtol=1e-5, atol=1e-6)


@EACH_ROW
def test_inference_gives_the_same_bits_and_changes_no_weight(row):
    layer, inputs = built(row), inputs_of(row)
    before = layer.get_weights()
    assert torch.equal(layer(inputs), layer(inputs, training=False))
    for one, other in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@EACH_ROW
def test_training_differs_where_the_row_says_so(row):
    layer, inputs = built(row), inputs_of(row)
    # Some layers change an example only now and then: one draw for all runs of this test.
    torch.manual_seed(1)
    same = torch.equal(layer(inputs, training=True), layer(inputs, training=False))
    assert same != row.differs_in_training


@EACH_ROW
def test_it_is_born_in_inference_mode_and_returns_to_it(row):
    layer = row.make()
    assert not any(module.training for module in layer.modules())
    layer(inputs_of(row), training=True)
    assert not any(module.training for module in layer.modules())


@EACH_ROW
def test_an_array_gives_a_plain_tensor_that_turns_into_an_array(row):
    for outputs in leaves(built(row)(inputs_of(row))):
        assert type(outputs) is torch.Tensor
        assert outputs.numpy().dtype == np.float32


@EACH_ROW_WITH_GRADIENT
def test_a_tensor_that_wants_a_gradient_gets_one(row):
    inputs = map_leaves(torch.Tensor.requires_grad_, tensors_of(row, "float32"))
    built(row)(inputs).sum().backward()
    assert all(part.grad is not None for part in leaves(inputs))


@EACH_ROW
def test_it_computes_in_double_precision_when_asked(row):
    layer, single = built(row, dtype="float64"), built(row)
    layer.set_weights(single.get_weights())
    outputs = layer(inputs_of(row, "float64"))
    assert outputs.dtype == torch.float64
    assert all(weight.dtype == np.float64 for weight in layer.get_weights())
    torch.testing.assert_close(outputs.float(), single(inputs_of(row)), rtol=1e-4, atol=1e-5)


@EACH_ROW
def test_a_copy_has_weights_of_its_own(row):
    layer = built(row)
    other = copy.deepcopy(layer)
    wanted = layer(inputs_of(row))
    layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
    assert torch.equal(other(inputs_of(row)), wanted)


@EACH_ROW
def test_an_empty_batch_gives_an_empty_batch(row):
    outputs = built(row)(map_leaves(lambda values: values[:0], inputs_of(row)))
    assert outputs.shape == (0, *row.output_shape[1:])
