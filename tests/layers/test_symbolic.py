"""Symbolic tensors and the calls that are remembered."""

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, StateError
from striate.layers import Dense, Input
from striate.layers.symbolic import is_shape, is_symbolic, map_shapes, shapes_of


def test_a_symbol_knows_its_shape_type_and_maker():
    symbol = Dense(3, name="d", dtype="float64")(Input((4,)))
    assert (symbol.shape, symbol.ndim, symbol.dtype) == ((None, 3), 2, torch.float64)
    assert symbol.node.layer.name == "d"
    assert repr(symbol) == "<SymbolicTensor shape=(None, 3), name='d/0'>"


def test_a_symbol_has_no_numbers():
    with pytest.raises(ArgumentError, match=r"<SymbolicTensor .*> has no numbers yet: .* Make a model of it"):
        np.asarray(Input((4,)))
    with pytest.raises(ArgumentError, match=r"has no numbers yet, so it is neither true nor false"):
        bool(Input((4,)))


def test_a_layer_used_once_has_an_input_and_an_output():
    layer, symbol = Dense(3), Input((4,))
    output = layer(symbol)
    assert layer.input is symbol
    assert layer.output is output
    assert layer.get_output_at(0) is output


def test_a_shared_layer_keeps_each_of_its_calls():
    layer = Dense(3, name="d")
    first, second = layer(Input((4,))), layer(Input((4,)))
    assert layer.get_output_at(0) is first
    assert layer.get_output_at(1) is second
    assert layer.count_params() == 15
    with pytest.raises(
        StateError, match=r"'d' was called 2 times and so has as many outputs: take one by get_ou"
    ):
        _ = layer.output
    with pytest.raises(StateError, match=r"has as many inputs: .* get_output_at\(0\) to get_output_at\(1\)"):
        _ = layer.input


@pytest.mark.parametrize("index", [1, -1])
def test_a_call_that_was_not_made_is_refused(index):
    layer = Dense(3, name="d")
    layer(Input((4,)))
    with pytest.raises(ArgumentError, match=rf"layer 'd' was called 1 times; no call {index}\."):
        layer.get_output_at(index)


def test_a_layer_that_was_never_called_has_no_output():
    with pytest.raises(StateError, match=r"layer 'd' has no output yet: it has not been called on an Input"):
        _ = Dense(3, name="d").output


def test_structures_are_looked_through():
    symbol = Input((4,))
    assert is_symbolic({"a": [symbol, 3]})
    assert not is_symbolic([np.zeros(2)])
    assert shapes_of({"a": [symbol]}) == {"a": [(None, 4)]}
    assert map_shapes(len, {"a": [(None, 4)], "b": (1, 2, 3)}) == {"a": [2], "b": 3}


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ((None, 3), True),
        ([1, 2], True),
        ((), True),
        ([(1, 2)], False),
        (3, False),
        ({}, False),
        ((1.5,), False),
    ],
)
def test_a_shape_is_told_from_a_structure_of_shapes(value, answer):
    assert is_shape(value) is answer
