"""A model file comes back bit for bit, and a changed one not at all."""

from __future__ import annotations

import hashlib
import shutil
import zipfile

import numpy as np
import pytest

from striate.artifacts.canonical_zip import read_canonical_zip, write_canonical_zip
from striate.artifacts.model_file import ModelFile, read_model_file, write_model_file
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError, StriateError

GRAPH = {"layers": [{"class_name": "Dense", "config": {"units": 2, "name": "dense"}}], "outputs": ["dense"]}


def example(**changes):
    generator = np.random.default_rng(0)
    kernel = generator.standard_normal((3, 3, 2, 4)).astype(np.float32)
    kernel[0, 0] = [[np.nan, np.inf, -np.inf, -0.0], [1e-45, 1, 2, 3]]
    weights = {
        "dense/kernel": kernel,
        "dense/bias": generator.standard_normal(4),
        "half": np.arange(5, dtype=np.float16),
        "steps": np.array(7, dtype=np.int64),
        "seen": np.array([True, False]),
    }
    content = {
        "graph": GRAPH,
        "weights": weights,
        "preprocessing": {"scale": [0.0, 1.0]},
        "class_names": ["cat", "dög"],
        "provenance": {"trained_on": "digits", "at": "2026-01-01"},
        "manifest": {"made_by": "striate 0.1.0"},
    }
    return ModelFile(**{**content, **changes})


@pytest.fixture
def path(tmp_path):
    write_model_file(tmp_path / "net.striate", example())
    return tmp_path / "net.striate"


def test_everything_comes_back_bit_for_bit(path):
    written, read = example(), read_model_file(path)
    for name in ("graph", "preprocessing", "class_names", "provenance"):
        assert getattr(read, name) == getattr(written, name)
    assert read.manifest == {"made_by": "striate 0.1.0", "format": "striate-model", "version": 1}
    assert list(read.weights) == sorted(written.weights)
    for name, array in written.weights.items():
        assert read.weights[name].dtype == array.dtype
        assert read.weights[name].shape == array.shape
        assert read.weights[name].tobytes() == array.tobytes()


def test_a_file_without_class_names_has_none(path):
    write_model_file(path, ModelFile(graph={}, weights={}))
    read = read_model_file(path)
    assert read.class_names is None
    assert read.weights == read.graph == read.preprocessing == read.provenance == {}


def test_the_same_content_gives_the_same_bytes(path, tmp_path):
    turned = dict(reversed(example().weights.items()))
    write_model_file(tmp_path / "again.striate", example(weights=turned))
    assert (tmp_path / "again.striate").read_bytes() == path.read_bytes()


def test_what_was_read_is_written_to_the_same_bytes(path, tmp_path):
    write_model_file(tmp_path / "again.striate", read_model_file(path))
    assert (tmp_path / "again.striate").read_bytes() == path.read_bytes()


def test_the_entries_are_readable_by_any_zip_program(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [
            "manifest.json",
            "graph.json",
            "preprocessing.json",
            "class_names.json",
            "provenance.json",
            "weights.safetensors",
            "optimizer.safetensors",
        ]


def test_two_thousand_single_flipped_bits_are_all_refused(path):
    whole = path.read_bytes()
    for flip in np.random.default_rng(0).choice(len(whole) * 8, size=2000, replace=False):
        changed = bytearray(whole)
        changed[flip // 8] ^= 1 << flip % 8
        path.write_bytes(changed)
        with pytest.raises(FileFormatError, match=r"net\.striate"):
            read_model_file(path)


def test_truncated_and_lengthened_files_are_refused(path):
    whole = path.read_bytes()
    for changed in [*(whole[:length] for length in range(0, len(whole), 7)), whole + b"\0", whole + whole]:
        path.write_bytes(changed)
        with pytest.raises(FileFormatError, match=r"net\.striate"):
            read_model_file(path)


def test_swapped_entries_are_refused_under_a_right_checksum(path):
    contents = read_canonical_zip(path, "model file")
    names = list(contents)
    names[1], names[2] = names[2], names[1]
    write_canonical_zip(path, {name: contents[name] for name in names})
    with pytest.raises(
        FileFormatError, match=r"should hold manifest\.json, graph\.json, preprocessing\.json.*but"
    ):
        read_model_file(path)


def test_a_repacked_file_is_refused_under_a_right_checksum(path, tmp_path):
    contents = read_canonical_zip(path, "model file")
    with zipfile.ZipFile(tmp_path / "repacked", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
        archive.comment = bytes(64)
    body = (tmp_path / "repacked").read_bytes()[:-64]
    path.write_bytes(body + hashlib.sha256(body).hexdigest().encode())
    with pytest.raises(FileFormatError, match=r"entry 'manifest\.json' is not written the one way"):
        read_model_file(path)


def rewritten(path, **entries):
    contents = read_canonical_zip(path, "model file")
    write_canonical_zip(
        path, {name: entries.get(name.partition(".")[0], data) for name, data in contents.items()}
    )


def test_a_newer_version_is_refused(path):
    rewritten(path, manifest=b'{"format":"striate-model","version":2}')
    with pytest.raises(FileFormatError, match="model file of version 2; this Striate reads up to version 1"):
        read_model_file(path)


@pytest.mark.parametrize("name", ["graph", "preprocessing", "provenance"])
def test_a_table_that_is_none_is_refused(path, name):
    rewritten(path, **{name: b"[]"})
    with pytest.raises(FileFormatError, match=rf"{name}\.json in .* is not a table of names and values"):
        read_model_file(path)


@pytest.mark.parametrize("names", [b"{}", b"[1]", b'["a","a"]', b'"ab"'])
def test_class_names_that_are_none_are_refused(path, names):
    rewritten(path, class_names=names)
    with pytest.raises(FileFormatError, match=r"class_names\.json in .* is not a list of different texts"):
        read_model_file(path)


def test_damaged_weights_are_refused(path):
    rewritten(path, weights=b"{}")
    with pytest.raises(FileFormatError, match=r"the weights in .*net\.striate cannot be read"):
        read_model_file(path)


def test_hostile_contents_raise_nothing_but_errors_of_this_package(path):
    generator = np.random.default_rng(0)
    contents = read_canonical_zip(path, "model file")
    refused = 0
    for _ in range(600):
        name = list(contents)[generator.integers(len(contents))]
        changed = bytearray(contents[name])
        start = generator.integers(len(changed))
        changed[start : start + generator.integers(1, 9)] = generator.bytes(generator.integers(0, 9))
        write_canonical_zip(path, {**contents, name: bytes(changed)})
        try:
            read_model_file(path)
        except StriateError:
            refused += 1
    assert refused > 300


@pytest.mark.parametrize("name", ["x.keras", "x.h5", "x.pt", "x.onnx"])
def test_names_of_other_programs_are_answered_with_advice(tmp_path, name):
    with pytest.raises(ArgumentError, match=r"save\('.*x\.striate'\)"):
        write_model_file(tmp_path / name, example())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"graph": []}, "graph of a model file must be a dict; got list"),
        (
            {"class_names": ["a", "a"]},
            r"class_names must be a list of different texts, or None; got \['a', 'a'\]",
        ),
        ({"class_names": ("a", "b")}, "class_names must be a list"),
        ({"provenance": {"seed": np.int64(1)}}, r"data\['seed'\] is a int64, which JSON cannot hold"),
        ({"weights": {"a": np.array(["x"])}}, "array 'a' has dtype <U1"),
        ({"manifest": {"version": 9}}, "the manifest of a model file has version 1; got 9"),
    ],
)
def test_content_that_a_file_cannot_hold_is_refused_and_the_old_file_stays(path, changes, words):
    before = path.read_bytes()
    with pytest.raises(ArgumentError, match=words):
        write_model_file(path, example(**changes))
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["net.striate"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"there is no model file .*net\.striate"):
        read_model_file(tmp_path / "net.striate")


def test_a_folder_is_not_a_model_file(tmp_path):
    with pytest.raises(FileAccessError, match=r"expected a model file but .* is a folder"):
        read_model_file(tmp_path)


def test_a_copy_under_another_name_is_read(path, tmp_path):
    shutil.copy(path, tmp_path / "copy.h5")
    assert read_model_file(tmp_path / "copy.h5").graph == GRAPH
