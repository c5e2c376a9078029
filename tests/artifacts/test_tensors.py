"""Arrays survive bit for bit."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
import safetensors.numpy

from striate.artifacts.tensors import arrays_from_bytes, check_seal, tensor_bytes
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


def sealed_example():
    arrays = {
        "kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
        "scalar": np.array(2.5),
        "none": np.zeros((0, 3)),
    }
    return tensor_bytes(arrays, sealed=True)


def test_a_seal_holds_for_what_it_was_made_of():
    content = sealed_example()
    check_seal(content, arrays_from_bytes(content, "file"), "file")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("kernel", lambda array: array + 1),
        ("kernel", lambda array: array.reshape(3, 2)),
        ("kernel", lambda array: array.view(np.int32)),
        ("scalar", lambda array: array.reshape(1)),
        ("none", lambda array: np.zeros((3, 0))),
    ],
)
def test_a_seal_notices_numbers_shapes_and_kinds(name, change):
    content = sealed_example()
    arrays = arrays_from_bytes(content, "file")
    arrays[name] = change(arrays[name])
    with pytest.raises(
        FileFormatError, match=r"^w\.safetensors is damaged or was changed .*its checksum does"
    ):
        check_seal(content, arrays, "w.safetensors")


def test_arrays_of_another_program_may_come_without_a_seal_but_with_no_other_notes():
    arrays = {"a": np.zeros(2, np.float32)}
    for notes in (None, {"format": "pt"}):
        content = safetensors.numpy.save(arrays, notes)
        check_seal(content, arrays_from_bytes(content, "file"), "file")
    content = safetensors.numpy.save(arrays, {"sha255": "0"})
    with pytest.raises(FileFormatError, match=r"comes with notes that Striate does not know: 'sha255'"):
        check_seal(content, arrays_from_bytes(content, "file"), "file")


def test_a_header_is_a_table_of_a_bounded_number_of_arrays(monkeypatch):
    with pytest.raises(FileFormatError, match=r"cannot be read: its header is no table of names"):
        arrays_from_bytes(with_header([1]), "file")
    with pytest.raises(FileFormatError, match=r"cannot be read: its header is not JSON: line 1, column 2"):
        arrays_from_bytes(struct.pack("<Q", 3) + b"{a}", "file")
    monkeypatch.setattr("striate.artifacts.tensors._MOST_ARRAYS", 1)
    with pytest.raises(FileFormatError, match=r"it holds 2 arrays; Striate reads up to 1\."):
        arrays_from_bytes(tensor_bytes({"a": np.zeros(1), "b": np.zeros(1)}), "file")
