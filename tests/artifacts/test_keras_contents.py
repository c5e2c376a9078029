from __future__ import annotations

import warnings
import zipfile

import h5py
import numpy as np
import pytest

from striate.artifacts import keras_contents
from striate.artifacts.keras_contents import contents
from striate.core.errors import FileFormatError
from tests.artifacts.keras_writing import BIAS, KERNEL, LISTS, WEIGHTS, write_h5, write_keras


def arrays(messages):
    return {
        tuple(described["path"]): np.frombuffer(data, described["dtype"]).reshape(described["shape"])
        for described, data in messages
    }


def test_a_keras_file_gives_its_network_and_then_its_arrays(tmp_path):
    (network, nothing), *others = contents(write_keras(tmp_path / "x.keras"))
    assert (network["kind"], network["layout"], nothing) == ("network", "keras", b"")
    assert '"Dense"' in network["config"]
    assert "3.15.1" in network["metadata"]
    found = arrays(others)
    assert found["layers", "dense", "vars", "0"].tolist() == KERNEL.tolist()
    assert found["layers", "dense", "vars", "1"].tolist() == BIAS.tolist()


def test_an_h5_file_gives_its_arrays_in_the_order_of_its_lists(tmp_path):
    lists = {"second": {"b": BIAS, "a": KERNEL}, "first": LISTS["dense"]}
    (network, _), *others = contents(write_h5(tmp_path / "x.h5", lists=lists, training={"loss": "mse"}))
    assert (network["layout"], network["version"]) == ("h5", "2.15.0")
    assert "mse" in network["training"]
    assert list(arrays(others)) == [
        ("second", "0", "b"),
        ("second", "1", "a"),
        ("first", "0", "dense/kernel"),
        ("first", "1", "dense/bias"),
    ]


def refused(path, words):
    with pytest.raises(FileFormatError, match=words):
        list(contents(path))


def test_another_kind_of_file_is_refused(tmp_path):
    path = tmp_path / "x.keras"
    path.write_bytes(b"\x80\x04\x95pickle")
    refused(path, "neither a zip nor an HDF5 file")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "assets/../../x", "a\\..\\b", "C:x"])
def test_an_entry_that_would_lie_outside_is_refused(name, tmp_path):
    refused(write_keras(tmp_path / "x.keras", others={name: b"x"}), "would lie outside of it")


def test_an_entry_that_stands_twice_is_refused(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = write_keras(tmp_path / "x.keras", others={"config.json": b"{}"})
    refused(path, "'config.json' stands in it twice")


def test_a_zip_of_something_else_is_refused_with_what_it_holds(tmp_path):
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.pkl", b"x")
    refused(path, r"has no config.json \(it holds 'data.pkl'\)")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(keras_contents, "_SMALL", 1000)
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b"{}")
        archive.writestr("model.weights.h5", bytes(10_000_000))
    refused(path, "'model.weights.h5' would unpack to 9.54 MB, more than the")


def test_a_packing_that_keras_never_uses_is_refused(tmp_path):
    path = tmp_path / "x.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("config.json", b"{}")
        archive.writestr("model.weights.h5", b"x")
    refused(path, "'config.json' is encrypted, or packed in a way Keras never uses")


def test_weights_that_grow_too_much_are_refused_before_they_are_read(tmp_path, monkeypatch):
    monkeypatch.setattr(keras_contents, "_SMALL", 1000)
    monkeypatch.setattr(keras_contents, "_MOST_GROWTH", 0)

    def change(file):
        file["layers/dense/vars"].create_dataset("2", (500_000,), "f4", compression="gzip")[:] = 0

    write_h5(tmp_path / "x.h5", lists={"dense": {"kernel": np.zeros(1000, np.float32)}})
    refused(tmp_path / "x.h5", "its weights would take 3.91 KB, more than the 1000.00 B")


def test_an_h5_file_of_weights_alone_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = KERNEL
    refused(path, r"holds no network \(model_config\).*model.save\('x.keras'\) writes both")


def test_a_layer_that_is_listed_but_missing_is_refused(tmp_path):
    path = write_h5(tmp_path / "x.h5", change=lambda file: file["model_weights"].pop("dense"))
    refused(path, "'dense' is missing in it")


def test_an_external_link_in_the_place_of_a_weight_is_refused(tmp_path):
    other = write_h5(tmp_path / "other.h5")

    def change(file):
        del file["model_weights/dense"]
        file["model_weights/dense"] = h5py.ExternalLink(str(other), "/model_weights/dense")

    refused(write_h5(tmp_path / "x.h5", change=change), "is a link to somewhere else")


def test_the_weights_of_the_optimizer_are_not_read(tmp_path):
    path = write_keras(tmp_path / "x.keras", weights=WEIGHTS | {"optimizer/vars/0": BIAS})
    assert len(list(contents(path))) == 3
