from __future__ import annotations

import numpy as np
import pytest

import striate
from striate.core.errors import FileFormatError, ShapeError
from tests.artifacts.keras_writing import (
    BIAS,
    DENSE,
    KERNEL,
    LISTS,
    WEIGHTS,
    layer,
    sequential,
    write_h5,
    write_keras,
)

FOUR = [np.full(4, value, np.float32) for value in (1.0, 2.0, 3.0, 4.0)]
NAMES = ("gamma", "beta", "moving_mean", "moving_variance")


def refused(path, words, kind=FileFormatError):
    with pytest.raises(kind, match=words):
        striate.load(path)


def test_weights_come_in_either_form(tmp_path):
    for path in (write_keras(tmp_path / "x.keras"), write_h5(tmp_path / "x.h5")):
        kernel, bias = striate.load(path).get_weights()
        assert (kernel.tolist(), bias.tolist()) == (KERNEL.tolist(), BIAS.tolist())


@pytest.mark.parametrize("kind", ["f2", "f8", ">f4"])
def test_numbers_of_other_types_are_brought_to_the_layers(kind, tmp_path):
    weights = {path: array.astype(kind) for path, array in WEIGHTS.items()}
    found = striate.load(write_keras(tmp_path / "x.keras", weights=weights)).get_weights()
    assert [array.dtype for array in found] == [np.float32] * 2
    assert found[0].tolist() == KERNEL.tolist()


def test_layers_of_one_class_are_numbered(tmp_path):
    config = sequential(layer("Dense", "z", units=4), layer("Dense", "a", units=2))
    weights = {f"layers/dense_1/vars/{path[-1]}": array for path, array in WEIGHTS.items()}
    weights |= {"layers/dense/vars/0": np.eye(4, dtype=np.float32), "layers/dense/vars/1": FOUR[0]}
    model = striate.load(write_keras(tmp_path / "x.keras", config, weights))
    assert model.get_layer("a").get_weights()[0].tolist() == KERNEL.tolist()


def test_frozen_weights_of_a_model_inside_stand_last(tmp_path):
    frozen = layer("BatchNormalization", "norm", trainable=False)
    inner = sequential(frozen, layer("BatchNormalization", "other"), name="inner")
    listed = [f"other/{NAMES[0]}", f"other/{NAMES[1]}", *[f"norm/{name}" for name in NAMES]]
    listed += [f"other/{NAMES[2]}", f"other/{NAMES[3]}"]
    arrays = {name: np.full(4, number + 1, np.float32) for number, name in enumerate(listed)}
    model = striate.load(write_h5(tmp_path / "x.h5", sequential(inner), {"inner": arrays}))
    norm, other = model.layers[0].layers
    assert [array[0] for array in norm.get_weights()] == [3, 4, 5, 6]
    assert [array[0] for array in other.get_weights()] == [1, 2, 7, 8]


def test_weights_in_another_order_are_noticed(tmp_path):
    arrays = {f"norm/{name}:0": array for name, array in zip(reversed(NAMES), FOUR, strict=True)}
    path = write_h5(tmp_path / "x.h5", sequential(layer("BatchNormalization", "norm")), {"norm": arrays})
    refused(path, "'norm' stand in an order not known: 'moving_variance' for 'gamma'")


def test_the_state_of_a_random_layer_is_passed_over(tmp_path):
    config = sequential(layer("Dropout", "drop", rate=0.5), layer("Dense", "dense", units=2))
    state = {"layers/dropout/seed_generator/vars/0": np.array([1, 2], np.uint32)}
    assert striate.load(write_keras(tmp_path / "x.keras", config, WEIGHTS | state)).count_params() == 10
    state = {"drop": {"drop/StateVar:0": np.array([1, 2, 3])}}
    assert striate.load(write_h5(tmp_path / "x.h5", config, LISTS | state)).count_params() == 10


def test_missing_weights_are_refused(tmp_path):
    config = sequential(layer("Dense", "dense", units=2), layer("ReLU", "relu"), layer("Dense", "d", units=1))
    extra = {"layers/x/generator/vars/0": np.zeros(99, np.int32)}
    refused(
        write_keras(tmp_path / "x.keras", config, WEIGHTS | extra),
        r"has 2 weights \(d/kernel, d/bias\) but the file holds 0",
    )
    lists = {**LISTS, "relu": {"w": np.zeros(99, np.float32)}}
    refused(write_h5(tmp_path / "x.h5", config, lists), r"has 0 weights \(none\) but the file holds 1")


def test_weights_left_over_are_refused(tmp_path):
    weights = WEIGHTS | {"layers/dense/lora/vars/0": BIAS}
    refused(
        write_keras(tmp_path / "x.keras", weights=weights), "belong to no layer: 'layers/dense/lora/vars/0'"
    )
    refused(write_h5(tmp_path / "x.h5", lists=LISTS | {"x": {"w": BIAS}}), "belong to no layer: of 'x'")


def test_weights_of_another_shape_are_refused_with_both(tmp_path):
    weights = {"layers/dense/vars/0": KERNEL.T, "layers/dense/vars/1": BIAS}
    refused(
        write_keras(tmp_path / "x.keras", weights=weights),
        r"'dense/kernel' has shape \(4, 2\) but got \(2, 4\)",
        ShapeError,
    )


def test_an_array_without_numbers_is_no_reason_to_stop(tmp_path):
    config = sequential(layer("Dense", "dense", units=2, use_bias=False))
    model = striate.load(write_keras(tmp_path / "x.keras", config, {"layers/dense/vars/0": KERNEL}))
    assert model.count_params() == 8
    assert DENSE["class_name"] == "Sequential"
