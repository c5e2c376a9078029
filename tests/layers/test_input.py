"""Where data enter a model."""

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError
from striate.layers import Input, InputLayer


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({"shape": (28, 28, 1)}, (None, 28, 28, 1)),
        ({"shape": [None, 3], "batch_size": 8}, (8, None, 3)),
        ({"batch_shape": (None, 4)}, (None, 4)),
        ({"shape": ()}, (None,)),
    ],
)
def test_an_input_is_a_symbol_with_the_batch_in_front(arguments, shape):
    assert Input(**arguments).shape == shape


def test_an_input_has_a_name_and_a_type():
    symbol = Input((4,), name="pixels", dtype="uint8")
    assert (symbol.name, symbol.dtype) == ("pixels", torch.uint8)


@pytest.mark.parametrize("shape", [None, 28, (28, 0), (-1,), ((1, 2), 3), "28"])
def test_what_is_no_shape_of_an_example_is_refused(shape):
    with pytest.raises(
        ArgumentError, match=r"Input takes the shape of one example, such as \(28, 28, 1\); got "
    ):
        Input(shape)


def test_data_are_handed_on_untouched():
    images = np.zeros((2, 3), np.uint8)
    assert InputLayer((3,))(images).dtype == torch.uint8


def test_its_shape_shows_where_torch_prints_modules():
    assert repr(InputLayer((3,))) == "InputLayer((None, 3))"
