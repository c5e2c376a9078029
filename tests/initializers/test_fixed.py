"""Zeros, ones, constants, identities."""

import json

import numpy as np
import pytest
import torch

from striate import initializers
from striate.core.errors import ShapeError


def test_fixed_initializers_fill_with_what_they_say():
    assert initializers.Zeros()((2, 2)).tolist() == [[0, 0], [0, 0]]
    assert initializers.Ones()((2,), dtype="int32").dtype == torch.int32
    assert initializers.Constant(0.5)((1, 2)).tolist() == [[0.5, 0.5]]
    assert initializers.Constant()((1,)).tolist() == [0]
    assert initializers.Identity(3.0)((2, 3)).tolist() == [[3, 0, 0], [0, 3, 0]]
    assert initializers.Zeros()(()).shape == ()


def test_a_constant_array_is_broadcast_and_copied():
    given = np.array([1.0, 2.0])
    values = initializers.Constant(given)((3, 2))
    assert values.tolist() == [[1, 2], [1, 2], [1, 2]]
    assert values.dtype == torch.float32
    values[0, 0] = 9
    assert values[1, 0] == 1
    assert given.tolist() == [1, 2]


def test_a_constant_array_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"values of shape \(3,\), but the weight has shape \(2, 2\)\."):
        initializers.Constant([1.0, 2.0, 3.0])((2, 2))


def test_the_identity_is_a_matrix():
    with pytest.raises(ShapeError, match=r"Identity fills matrices, with 2 axes; got 3: \(2, 2, 2\)\."):
        initializers.Identity()((2, 2, 2))


@pytest.mark.parametrize(
    "value", [np.array([1.0, 2.0]), np.float32(0.5), torch.tensor([3.0, 4.0]), [5.0, 6.0], 7]
)
def test_constants_of_every_kind_survive_json(value):
    made = initializers.Constant(value)
    again = initializers.deserialize(json.loads(json.dumps(initializers.serialize(made))))
    assert torch.equal(again((2,)), made((2,)))
