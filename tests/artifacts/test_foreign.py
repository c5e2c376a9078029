"""Files of other programs are named, with what to do."""

from __future__ import annotations

import gzip
import pickle
import zipfile
from pathlib import Path

import pytest

from striate.artifacts.canonical_zip import write_canonical_zip
from striate.artifacts.foreign import check_suffix, refuse_foreign
from striate.core.errors import ArgumentError, FileFormatError


@pytest.mark.parametrize("name", ["net.striate", "net", "net.v2", "folder.h5/net"])
def test_other_names_pass(name):
    assert check_suffix(name) == Path(name)


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("x.keras", "Keras"),
        ("x.H5", r"Keras \(HDF5\)"),
        ("x.hdf5", r"Keras \(HDF5\)"),
        ("x.pt", "PyTorch"),
        ("x.pth", "PyTorch"),
        ("x.pkl", "Python's pickle"),
        ("x.tflite", "TensorFlow Lite"),
        ("x.safetensors", "safetensors"),
    ],
)
def test_the_name_of_another_programs_file_is_answered_with_advice(name, program):
    words = rf"'{name}' is a name for a file of {program}\..*save\('x\.striate'\)\. To use .* get_weights"
    with pytest.raises(ArgumentError, match=words):
        check_suffix(name)


def test_an_onnx_name_is_refused_like_the_others():
    with pytest.raises(ArgumentError, match=r"file of ONNX.*take them from get_weights"):
        check_suffix("x.onnx")


def zip_of(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")


def write_foreign(path: Path, kind: str) -> None:
    writers = {
        "hdf5": lambda: path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100)),
        "pickle": lambda: path.write_bytes(pickle.dumps([1])),
        "onnx": lambda: path.write_bytes(b"\x08\x08\x12\x07pytorch"),
        "gzip": lambda: path.write_bytes(gzip.compress(b"x")),
        "npy": lambda: path.write_bytes(b"\x93NUMPY" + bytes(100)),
        "npz": lambda: zip_of(path, "kernel.npy", "bias.npy"),
        "keras": lambda: zip_of(path, "metadata.json", "config.json", "model.weights.h5"),
        "torch": lambda: zip_of(path, "net/data.pkl", "net/data/0"),
        "zip": lambda: zip_of(path, "letter.txt"),
        "empty zip": lambda: path.write_bytes(b"PK\x03\x04"),
        "empty": lambda: path.write_bytes(b""),
        "text": lambda: path.write_bytes(b"hello"),
    }
    writers[kind]()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("hdf5", r"not a model file but a Keras or other HDF5 file\. Named \.keras or \.h5, striate"),
        ("pickle", r"but a pickle, which can run any program when it is opened; Striate never does"),
        ("onnx", r"but an ONNX file, which Striate does not read"),
        ("gzip", r"but packed with gzip\. Unpack it first"),
        ("npy", r"but a NumPy array\."),
        ("npz", r"but a NumPy archive\."),
        ("keras", r"but a Keras file\. Named \.keras or \.h5, striate\.load\(\) reads it"),
        ("torch", r"but a PyTorch file\. Bring its weights over as arrays"),
        ("zip", r"but a zip of something else \(it holds 'letter\.txt'\)"),
        ("empty zip", r"but a damaged zip\."),
        ("empty", r"is empty, not a model file\. Was it cut off"),
        ("text", r"is not a model file\. Striate opens files that save\('name\.striate'\) has written"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path, kind, words):
    write_foreign(tmp_path / "file", kind)
    with pytest.raises(FileFormatError, match=words):
        refuse_foreign(tmp_path / "file", "model file", "manifest.json")


def test_the_suffix_speaks_where_the_bytes_do_not(tmp_path):
    (tmp_path / "net.pth").write_bytes(b"hello")
    with pytest.raises(FileFormatError, match="not a model file; by its name it is one of PyTorch"):
        refuse_foreign(tmp_path / "net.pth", "model file", "manifest.json")


def test_an_archive_of_this_kind_passes(tmp_path):
    write_canonical_zip(tmp_path / "file", {"manifest.json": b"{}"})
    refuse_foreign(tmp_path / "file", "model file", "manifest.json")
