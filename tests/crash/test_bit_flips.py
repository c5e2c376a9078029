"""A bit that turned over on a disk or on its way is noticed, wherever in a file it lies."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from striate.artifacts.canonical_zip import read_canonical_zip
from striate.core.errors import FileFormatError
from striate.layers import BatchNormalization, Conv2D, Dense, Flatten, Input
from striate.models import Sequential
from striate.models.saving import load
from tests.crash.harness import count

FLIPS = count(500, 5_000)


@pytest.fixture(scope="module")
def trained():
    model = Sequential(
        [Input((6, 6, 1)), Conv2D(2, 3, activation="relu"), BatchNormalization(), Flatten(), Dense(3)]
    )
    model.compile("adam", "mse")
    images = np.random.default_rng(0).random((4, 6, 6, 1), np.float32)
    model.fit(images, np.zeros((4, 3)), verbose=0)
    model.class_names = ["ant", "bee", "cat"]
    model.preprocessing = {"rescale": 1 / 255}
    return model


def flipped(whole, path, bits):
    changed = bytearray(whole)
    for bit in bits:
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        yield bit
        changed[bit // 8] ^= 1 << bit % 8


def test_every_flip_anywhere_in_a_model_file_is_refused(trained, tmp_path):
    path = tmp_path / "net.striate"
    trained.save(path)
    whole = path.read_bytes()
    bits = np.random.default_rng(0).choice(len(whole) * 8, FLIPS, replace=False)
    for _ in flipped(whole, path, bits):
        with pytest.raises(FileFormatError, match=r"net\.striate"):
            load(path)
    path.write_bytes(whole)
    assert load(path).class_names == ["ant", "bee", "cat"]


@pytest.mark.parametrize("entry", ["manifest.json", "weights.safetensors", "optimizer.safetensors"])
def test_flips_in_every_entry_are_refused_those_of_the_optimizer_too(trained, tmp_path, entry):
    path = tmp_path / "net.striate"
    trained.save(path)
    whole = path.read_bytes()
    data = read_canonical_zip(path, "model file")[entry]
    assert len(data) > 30
    start = whole.index(data)
    bits = start * 8 + np.random.default_rng(1).choice(len(data) * 8, min(FLIPS // 5, len(data) * 8), False)
    for _ in flipped(whole, path, bits):
        with pytest.raises(FileFormatError, match=r"checksum does not match"):
            load(path)


def test_every_flip_anywhere_in_a_weights_file_is_refused_and_changes_no_weight(trained, tmp_path):
    path = tmp_path / "net.safetensors"
    trained.save_weights(path)
    whole = path.read_bytes()
    before = trained.get_weights()
    for _ in flipped(whole, path, np.random.default_rng(2).choice(len(whole) * 8, FLIPS, replace=False)):
        with pytest.raises(FileFormatError, match=r"net\.safetensors"):
            trained.load_weights(path)
    for old, new in zip(before, trained.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    path.write_bytes(whole)
    trained.load_weights(path)


def test_a_file_cut_off_anywhere_is_refused(trained, tmp_path):
    path, whole = tmp_path / "net.striate", tmp_path / "whole.striate"
    trained.save(whole)
    size = whole.stat().st_size
    for length in np.random.default_rng(3).choice(size, FLIPS // 10, replace=False):
        shutil.copy(whole, path)
        with path.open("r+b") as file:
            file.truncate(length)
        with pytest.raises(FileFormatError, match=r"net\.striate"):
            load(path)
