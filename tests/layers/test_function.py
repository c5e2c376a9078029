"""Layers that do nothing or run a function."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError
from striate.models import Sequential


def test_identity_hands_its_input_on():
    values = torch.randn(2, 3)
    assert layers.Identity()(values) is values


def test_a_lambda_runs_its_function_with_its_arguments():
    layer = layers.Lambda(lambda values, times: values[:, 0] * times, arguments={"times": 3})
    assert layer(np.array([[1.0, 2.0]])).tolist() == [3]


@pytest.mark.parametrize("told", [None, (), lambda shape: shape[:1]])
def test_the_shape_of_a_lambda_is_found_or_told(told):
    layer = layers.Lambda(lambda x: x.sum((1, 2)), output_shape=told)
    assert layer(layers.Input((3, 2))).shape == (None,)
    assert layer(np.ones((4, 3, 2))).tolist() == [6] * 4


def test_the_told_shape_of_several_inputs_takes_the_batch_of_the_first():
    layer = layers.Lambda(lambda parts: parts[0] + parts[1], output_shape=(3,))
    assert layer.compute_output_shape([(5, 3), (5, 3)]) == (5, 3)


def test_saving_a_lambda_is_refused_with_advice(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Lambda(torch.tanh)])
    with pytest.raises(
        ArgumentError, match=r"holds a function, whose code cannot be saved\. Write it as a Layer"
    ):
        model.save(tmp_path / "model.striate")


def test_something_that_is_no_function_is_refused():
    with pytest.raises(ArgumentError, match=r"Lambda takes a function of tensors; got 'tanh'"):
        layers.Lambda("tanh")


def test_a_mask_is_refused():
    with pytest.raises(ArgumentError, match=r"mask is not taken, as no layer here reads masks"):
        layers.Lambda(torch.tanh, mask=torch.tanh)
