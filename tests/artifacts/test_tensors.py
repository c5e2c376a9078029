"""Arrays survive bit for bit."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

from striate.artifacts.tensors import arrays_from_bytes, tensor_bytes
from striate.core.errors import ArgumentError, FileFormatError

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_kind_of_float_survives_bit_for_bit(dtype):
    special = np.array([np.nan, -np.nan, np.inf, -np.inf, -0.0, 0.0, np.finfo(dtype).tiny, 1 / 3], dtype)
    random = np.frombuffer(np.random.default_rng(0).bytes(special.itemsize * 1000), dtype)
    arrays = arrays_from_bytes(tensor_bytes({"special": special, "random": random}), "file")
    assert arrays["special"].dtype == special.dtype
    assert arrays["special"].tobytes() == special.tobytes()
    assert arrays["random"].tobytes() == random.tobytes()


@pytest.mark.parametrize("dtype", INTEGERS)
def test_every_kind_of_integer_survives(dtype):
    limits = np.array([np.iinfo(dtype).min, np.iinfo(dtype).max, 1], dtype)
    back = arrays_from_bytes(tensor_bytes({"a": limits}), "file")["a"]
    assert back.dtype == limits.dtype
    np.testing.assert_array_equal(back, limits)


def test_booleans_scalars_and_empty_arrays_survive():
    arrays = {"flag": np.array([True, False]), "scalar": np.array(2.5), "empty": np.zeros((0, 3), np.float32)}
    back = arrays_from_bytes(tensor_bytes(arrays), "file")
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        np.testing.assert_array_equal(back[name], array)


def test_no_arrays_survive():
    assert arrays_from_bytes(tensor_bytes({}), "file") == {}


def test_the_layout_in_memory_does_not_matter():
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    plain = tensor_bytes({"a": array})
    assert tensor_bytes({"a": np.asfortranarray(array)}) == plain
    assert tensor_bytes({"a": array[:, ::-1][:, ::-1]}) == plain
    assert tensor_bytes({"a": array.astype(">f4")}) == plain
    np.testing.assert_array_equal(arrays_from_bytes(tensor_bytes({"a": array.T}), "file")["a"], array.T)


def test_the_order_of_the_mapping_does_not_matter():
    one, two = np.zeros(3, np.float32), np.ones(5, np.float64)
    assert tensor_bytes({"b": one, "a": two}) == tensor_bytes({"a": two, "b": one})
    assert list(arrays_from_bytes(tensor_bytes({"b": one, "a": two}), "file")) == ["a", "b"]


@pytest.mark.parametrize("array", [np.array(["x"]), np.array([object()]), np.zeros(2, complex)])
def test_what_a_file_cannot_hold_is_refused(array):
    with pytest.raises(
        ArgumentError, match=r"array 'a' has dtype .*, which a file cannot hold; it takes float64"
    ):
        tensor_bytes({"a": array})


def with_header(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(8),
        struct.pack("<Q", 2**63) + b"{}",
        with_header([]),
        with_header({"a": {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 0]}}),
        with_header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)),
        with_header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)),
        with_header({"a": {"dtype": "X9", "shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
        with_header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)),
        with_header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(5)),
    ],
)
def test_damaged_weights_are_refused(content):
    with pytest.raises(FileFormatError, match=r"the weights in net\.striate cannot be read: "):
        arrays_from_bytes(content, "net.striate")


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "C64"])
def test_a_kind_of_number_that_is_never_written_is_refused(dtype):
    size = {"BF16": 2, "F8_E4M3": 1, "C64": 8}[dtype]
    content = with_header({"a": {"dtype": dtype, "shape": [1], "data_offsets": [0, size]}}, bytes(size))
    with pytest.raises(FileFormatError, match=r"the weights in file cannot be read|has dtype"):
        arrays_from_bytes(content, "file")


def test_random_damage_raises_nothing_else():
    generator = np.random.default_rng(0)
    whole = tensor_bytes({"kernel": np.ones((3, 3), np.float32), "bias": np.zeros(3, np.float16)})
    refused = 0
    for _ in range(1000):
        changed = bytearray(whole)
        for place in generator.integers(0, len(whole), 3):
            changed[place] = generator.integers(256)
        try:
            arrays_from_bytes(bytes(changed), "file")
        except FileFormatError:
            refused += 1
    assert refused > 300
