"""Layers that only change the shape."""

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.layers import Flatten, Input, Reshape


def test_flatten_keeps_the_batch_and_multiplies_the_rest():
    assert Flatten()(np.zeros((32, 6, 6, 256), np.float32)).shape == (32, 9216)
    assert Flatten()(Input((6, None, 256))).shape == (None, None)


def test_flatten_of_channels_first_gives_the_order_of_channels_last():
    images = np.arange(24.0, dtype=np.float32).reshape(1, 2, 3, 4)
    flat = Flatten(data_format="channels_first")(np.moveaxis(images, -1, 1))
    assert flat.flatten().tolist() == list(range(24))


def test_flatten_of_plain_numbers_makes_columns():
    assert Flatten()(np.zeros(3, np.float32)).shape == (3, 1)
    assert Flatten().compute_output_shape((3,)) == (3, 1)


def test_neither_turns_whole_numbers_into_fractions():
    pixels = np.zeros((2, 4), np.uint8)
    assert Flatten()(pixels).dtype == torch.uint8
    assert Reshape((2, 2))(pixels).dtype == torch.uint8


@pytest.mark.parametrize(
    ("target", "given", "wanted"),
    [
        ((28, 28, 1), (None, 784), (None, 28, 28, 1)),
        ((-1, 2), (5, 4, 3), (5, 6, 2)),
        ((-1,), (None, 4, 3), (None, 12)),
        ((-1, 2), (None, None, 3), (None, None, 2)),
        ([2, 3], (None, 6), (None, 2, 3)),
    ],
)
def test_reshape_works_out_the_free_size_where_it_can(target, given, wanted):
    assert Reshape(target).compute_output_shape(given) == wanted


def test_reshape_shares_memory_with_its_input():
    values = torch.zeros(2, 6)
    assert Reshape((2, 3))(values).data_ptr() == values.data_ptr()


@pytest.mark.parametrize("target", [(-1, -1), (0, 2), (-2, 3)])
def test_a_target_that_no_input_can_fill_is_refused(target):
    with pytest.raises(
        ArgumentError, match=r"layer 'r' \(Reshape\): sizes are at least 1, and only one can be -1"
    ):
        Reshape(target, name="r")


@pytest.mark.parametrize("target", [(28, 28), (-1, 5)])
def test_values_that_do_not_fill_the_target_are_refused(target):
    text = r"layer 'r' \(Reshape\): \(None, 783\) has 783 values an example, which do not fill \("
    with pytest.raises(ShapeError, match=text):
        Reshape(target, name="r")(Input((783,)))
