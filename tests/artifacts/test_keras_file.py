from __future__ import annotations

import importlib.util
import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from striate.artifacts import keras_file
from striate.artifacts.keras_file import assemble, messages_from, read_keras_file
from striate.artifacts.keras_reader import LENGTH, write_message
from striate.core.errors import FileAccessError, FileFormatError, MissingExtraError
from tests.artifacts.keras_writing import BIAS, DENSE, KERNEL, write_h5, write_keras

NETWORK = {
    "kind": "network",
    "layout": "keras",
    "config": "{}",
    "training": None,
    "metadata": "",
    "version": "",
}


@pytest.mark.parametrize("write", [write_keras, write_h5])
def test_a_file_comes_through_the_child_process_whole(write, tmp_path):
    path = write(tmp_path / f"é x{'.keras' if write is write_keras else '.h5'}")
    found = read_keras_file(path)
    assert found.config == DENSE
    assert found.version in ("3.15.1", "2.15.0")
    kernel, bias = found.arrays.values()
    assert (kernel.dtype, kernel.tolist(), bias.tolist()) == (np.float32, KERNEL.tolist(), BIAS.tolist())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
@pytest.mark.parametrize("suffix", [b".keras", b".h5"])
def test_a_name_that_is_no_text_is_read(suffix, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe -x" + suffix))
    write_keras(path) if suffix == b".keras" else write_h5(path)
    assert read_keras_file(path).config == DENSE


def test_surroundings_that_change_hdf5_do_not_reach_the_child(tmp_path, monkeypatch):
    monkeypatch.setenv("HDF5_DRIVER", "nonsense")
    monkeypatch.setenv("PYTHONINSPECT", "1")
    assert read_keras_file(write_h5(tmp_path / "x.h5")).config == DENSE


def test_what_a_file_says_of_training_comes_along(tmp_path):
    assert read_keras_file(write_h5(tmp_path / "x.h5", training={"loss": "mse"})).training == {"loss": "mse"}
    config = {**DENSE, "compile_config": {"loss": "mae"}}
    assert read_keras_file(write_keras(tmp_path / "x.keras", config)).training == {"loss": "mae"}


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileAccessError, match="there is no Keras file"):
        read_keras_file(tmp_path / "x.keras")


def test_without_h5py_its_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(keras_file, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install \"striate\[keras\]\""):
        read_keras_file(tmp_path / "x.keras")
    assert importlib.util.find_spec("h5py")


def test_a_missing_extra_in_the_child_is_one_here():
    message = {"kind": "error", "error": "MissingExtraError", "text": "files of Keras need h5py"}
    with pytest.raises(MissingExtraError, match="need h5py"):
        assemble([(message, b"")], "x.keras")


def test_what_the_child_refuses_is_refused_with_the_path(tmp_path):
    path = write_keras(tmp_path / "x.keras", others={"../x": b""})
    with pytest.raises(FileFormatError, match=r"x.keras is not opened: its entry '../x' would lie outside"):
        read_keras_file(path)


def test_a_child_that_takes_too_long_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(keras_file, "_SECONDS", 0.001)
    with pytest.raises(FileFormatError, match="took more time or memory than such a file can need"):
        read_keras_file(write_keras(tmp_path / "x.keras"))


def test_a_child_that_says_nothing_is_no_success():
    with pytest.raises(FileFormatError, match="nothing came of it"):
        assemble([], "x.keras")
    with pytest.raises(FileFormatError, match=r"broke the reader \(exit code -11\)"):
        assemble([({"kind": "silence", "code": -11}, b"")], "x.keras")


def test_half_a_message_ends_the_messages():
    out = io.BytesIO()
    write_message(out, ({"kind": "network"}, b""))
    write_message(out, ({"kind": "array", "dtype": "<f4", "shape": [2]}, bytes(8)))
    for end, count in ((len(out.getvalue()), 2), (len(out.getvalue()) - 1, 1), (10, 0), (2, 0)):
        assert len(list(messages_from(io.BytesIO(out.getvalue()[:end])))) == count
    assert list(messages_from(io.BytesIO(LENGTH.pack(2**32 - 1) + b"x"))) == []


@pytest.mark.parametrize(
    ("dtype", "shape"), [("|O", [2]), ("<f4", [2**40]), ("<f4", [-1]), ("<f4", ["2"]), ("<c8", [2])]
)
def test_an_array_that_makes_no_sense_ends_the_messages(dtype, shape):
    out = io.BytesIO()
    write_message(out, ({"kind": "array", "dtype": dtype, "shape": shape}, bytes(64)))
    out.seek(0)
    assert list(messages_from(out)) == []


def of_text(text):
    return assemble([({**NETWORK, "config": text}, b""), ({"kind": "end"}, b"")], "x.keras")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "is no description of a model"),
        ("{", "the network in x.keras is not JSON"),
        ('{"a": NaN}', "NaN is not a number in JSON"),
        ("\ud800", "is no UTF-8 text"),
        (json.dumps({"x" * 201: 1}), "has a longer name"),
        (json.dumps({"x": 2**63}), "a larger number in it"),
        ('{"x":' * 301 + "1" + "}" * 301, "nested"),
        ('{"x":' * 100_000 + "1" + "}" * 100_000, "nested"),
    ],
)
def test_texts_that_describe_nothing_are_refused(text, words):
    with pytest.raises(FileFormatError, match=words):
        of_text(text)


def test_metadata_that_are_no_table_name_no_version():
    messages = [({**NETWORK, "metadata": "[]"}, b""), ({"kind": "end"}, b"")]
    assert assemble(messages, "x.keras").version == ""
