"""Which networks run straight over an array's batches."""

from __future__ import annotations

import pytest
import torch

from striate import Model, Sequential, layers
from striate.core.errors import ShapeError
from striate.ops.native.mode import fusing


def stack(**last):
    return [layers.Input((9, 8, 2)), layers.Conv2D(5, 3), layers.Flatten(), layers.Dense(3, **last)]


def plan(model, inputs, batch=4, batches=2):
    with fusing(False), torch.no_grad():
        whole = model.whole_row()
        return None if whole is None else whole.straight(inputs, batch, batches)


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "relu", None])
def test_a_network_that_is_one_row_answers_as_it_does_when_called(activation):
    model, inputs = Sequential(stack(activation=activation)), torch.randn(11, 9, 8, 2)
    straight = plan(model, inputs)
    assert all(straight.run(number) for number in range(straight.batches))
    torch.testing.assert_close(straight.answers(), model(inputs[:8]), rtol=0, atol=1e-5)


def test_what_somebody_may_look_into_is_not_run_straight():
    model, inputs = Sequential(stack()), torch.randn(11, 9, 8, 2)
    handle = model.register_forward_hook(lambda *_: None)
    assert plan(model, inputs) is None
    handle.remove()
    handle = model.layers[0].register_forward_hook(lambda *_: None)
    assert plan(model, inputs) is None
    handle.remove()
    assert plan(model, inputs) is not None


def test_other_networks_and_other_data_take_their_way_batch_by_batch():
    class Doubled(Sequential):
        def call(self, inputs):
            return super().call(inputs) * 2

    inputs = torch.randn(11, 9, 8, 2)
    entry = layers.Input((9, 8, 2))
    values = layers.Dense(3)(layers.Flatten()(entry))
    assert plan(Doubled(stack()), inputs) is None
    assert plan(Model(entry, {"a": values}), inputs) is None
    assert plan(Model([entry], values), inputs) is None
    assert plan(Sequential(stack(activation=lambda values: values - values.mean(0))), inputs) is None
    assert plan(Sequential(stack()), inputs.double()) is None
    assert plan(Sequential(stack()), inputs.transpose(1, 2).contiguous().transpose(1, 2)) is None
    assert plan(Sequential(stack()), inputs, batches=0) is None
    with fusing(False):
        assert Sequential(stack()).whole_row().straight(inputs, 4, 2) is None  # gradients are on


def test_the_wrong_shape_is_refused_in_words():
    with pytest.raises(ShapeError, match=r"takes \(None, 9, 8, 2\) but got \(4, 9, 9, 2\)"):
        plan(Sequential(stack()), torch.randn(11, 9, 9, 2))
