from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save_file

from striate.core.errors import FileAccessError, FileFormatError, ShapeError, StateError
from striate.layers import Conv2D, Dense, Flatten, Input
from striate.models import Sequential

IMAGES = np.random.default_rng(1).random((2, 5, 5, 1), np.float32)


def make(units=2, filters=3) -> Sequential:
    layers = [
        Input((5, 5, 1)),
        Conv2D(filters, 3, name="convolution"),
        Flatten(),
        Dense(units, name="answer"),
    ]
    return Sequential(layers)


def test_weights_alone_come_back(tmp_path):
    first, second = make(), make()
    first.save_weights(tmp_path / "some.weights.safetensors")
    second.load_weights(tmp_path / "some.weights.safetensors")
    assert np.array_equal(first(IMAGES), second(IMAGES))


def test_the_weights_of_a_model_file_can_be_loaded(tmp_path):
    first, second = make(), make()
    first.save(tmp_path / "whole.striate")
    second.load_weights(tmp_path / "whole.striate")
    assert np.array_equal(first(IMAGES), second(IMAGES))


def test_a_model_without_weights_can_neither_save_nor_load_them(tmp_path):
    early = Sequential([Dense(2)], name="early")
    with pytest.raises(StateError, match=r"model 'early' has no weights yet"):
        early.save_weights(tmp_path / "some.safetensors")
    make().save_weights(tmp_path / "some.safetensors")
    with pytest.raises(StateError, match=r"model 'early' has no weights yet"):
        early.load_weights(tmp_path / "some.safetensors")


def test_weights_of_another_shape_are_refused(tmp_path):
    make(units=4).save_weights(tmp_path / "some.safetensors")
    with pytest.raises(ShapeError, match=r"some\.safetensors: weight 'answer/kernel' has shape \(27, 2\)"):
        make().load_weights(tmp_path / "some.safetensors")


def test_weights_of_another_network_are_refused(tmp_path):
    Sequential([Input((5,)), Dense(2, name="other")]).save_weights(tmp_path / "some.safetensors")
    with pytest.raises(FileFormatError, match=r"some\.safetensors: .* left over \['other/bias'"):
        make().load_weights(tmp_path / "some.safetensors")


def test_a_missing_file_and_a_foreign_one_are_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"absent\.safetensors"):
        make().load_weights(tmp_path / "absent.safetensors")
    (tmp_path / "text.safetensors").write_text("these are no weights")
    with pytest.raises(FileFormatError, match=r"text\.safetensors"):
        make().load_weights(tmp_path / "text.safetensors")


def test_weights_fit_a_network_that_was_built_again_with_other_numbers_in_its_names(tmp_path):
    def make():
        stack = [Input((6, 6, 1)), Conv2D(2, 3), Conv2D(2, 3), Flatten(), Dense(2), Dense(2)]
        return Sequential(stack)

    first = make()
    for _ in range(10):
        second = make()
    first.save_weights(tmp_path / "w.safetensors")
    second.load_weights(tmp_path / "w.safetensors")
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_weights_file_holds_a_checksum_and_a_changed_number_is_noticed(tmp_path):
    path = tmp_path / "some.safetensors"
    model = make()
    model.save_weights(path)
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    before = model.get_weights()
    with pytest.raises(FileFormatError, match=r"some\.safetensors is damaged or was changed after it was"):
        model.load_weights(path)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_weights_of_another_program_are_taken_without_a_checksum(tmp_path):
    model = make()
    arrays = {f"{layer}/{name}": None for layer in ("convolution", "answer") for name in ("kernel", "bias")}
    arrays = dict(zip(arrays, (np.ones_like(weight) for weight in model.get_weights()), strict=True))
    save_file(arrays, tmp_path / "some.safetensors", {"format": "np"})
    model.load_weights(tmp_path / "some.safetensors")
    assert all((weight == 1).all() for weight in model.get_weights())


def test_a_file_larger_than_the_weights_can_be_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "some.safetensors"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # with a hole, which takes no room
    with pytest.raises(
        FileFormatError, match=r"takes 1\.00 TB, more than the weights of model .* can \(32\.0"
    ):
        make().load_weights(path)
