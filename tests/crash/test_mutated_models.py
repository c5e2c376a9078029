"""Thousands of damaged model files: each opens or is refused in words, and none does anything else."""

from __future__ import annotations

import random
from functools import partial

import numpy as np
import pytest

from striate.artifacts.canonical_zip import read_canonical_zip
from striate.artifacts.tensors import arrays_from_bytes
from striate.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, InputLayer
from striate.layers.symbolic import is_shape, map_shapes
from striate.models import Model, Sequential
from striate.models.saving import load
from tests.contracts.layer_rows import ROWS
from tests.crash.harness import count, in_children
from tests.crash.mutations import change_bytes, change_header, mutated, sealed_zip

BATCH = 100


def one_layer_each():
    for row in ROWS:
        if row.has_config and row.kind is not InputLayer:
            layer = row.make()
            if is_shape(row.input_shape):
                yield Sequential([Input(row.input_shape[1:]), layer])
            else:
                inputs = map_shapes(lambda shape: Input(shape[1:]), row.input_shape)
                yield Model(inputs, layer(inputs))


def whole_networks():
    images = np.random.default_rng(0).random((4, 6, 6, 1), np.float32)
    stack = Sequential(
        [
            Input((6, 6, 1)),
            Conv2D(2, 3, activation="relu"),
            BatchNormalization(),
            Flatten(),
            Dropout(0.5),
            Dense(3, activation="softmax", kernel_regularizer="l2", kernel_constraint="max_norm"),
        ]
    )
    stack.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    stack.fit(images, [0, 1, 2, 0], verbose=0)
    yield stack
    inner = Sequential([Input((4,)), Dense(5, activation="relu"), Sequential([Dense(3)])])
    left, right = Input((4,), name="left"), Input((4,), name="right")
    two = Model([left, right], {"one": Dense(2)(inner(left)), "two": inner(right, training=False)})
    two.compile("sgd", {"one": "mse", "two": "mae"}, metrics={"one": ["mse"], "two": ["mae"]})
    yield two


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    path = tmp_path_factory.mktemp("seeds") / "model.striate"
    found = []
    # The whole networks stand several times, so that they are taken as often as all single layers.
    for model in (*one_layer_each(), *list(whole_networks()) * 30):
        model.save(path)
        found.append(read_canonical_zip(path, "model file"))
        assert sealed_zip(found[-1]) == path.read_bytes()
        load(path)  # so that the children are born with all that loading needs
    return found


@pytest.mark.parametrize("batch", range(count(200, 5_000) // BATCH))
def test_a_mutated_weights_file_is_read_or_refused_and_does_nothing(batch, seeds, tmp_path):
    model = Sequential([Input((4,)), Dense(3), BatchNormalization(), Dense(2)])
    model.save_weights(tmp_path / "weights.safetensors")
    whole = {"weights.safetensors": (tmp_path / "weights.safetensors").read_bytes()}
    arrays = arrays_from_bytes(whole["weights.safetensors"], "file")
    paths = []
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        draw, contents = random.Random(number), dict(whole)
        draw.choice((change_header, change_header, change_bytes))(contents, draw, [whole])
        paths.append(tmp_path / f"mutation-{number}.safetensors")
        paths[-1].write_bytes(contents["weights.safetensors"])
    outcomes = in_children([partial(model.load_weights, path) for path in paths], in_one=25)
    for path, outcome in zip(paths, outcomes, strict=True):
        assert outcome.good, f"{path.name}: {outcome}"
        if outcome.kind == "opened" and b"sha256" in path.read_bytes():
            # Another order or spaces in the header change nothing; the numbers are those that were sealed.
            assert arrays_from_bytes(path.read_bytes(), "file").keys() == arrays.keys()
            for name, array in arrays_from_bytes(path.read_bytes(), "file").items():
                np.testing.assert_array_equal(array, arrays[name], strict=True)


@pytest.mark.parametrize("batch", range(count(2_000, 50_000) // BATCH))
def test_a_mutated_file_opens_or_is_refused_and_does_nothing(batch, seeds, tmp_path):
    paths = []
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        draw = random.Random(number)
        paths.append(tmp_path / f"mutation-{number}.striate")
        paths[-1].write_bytes(mutated(draw.choice(seeds), draw, seeds))
    outcomes = in_children([partial(load, path) for path in paths], in_one=25)
    for path, outcome in zip(paths, outcomes, strict=True):
        assert outcome.good, f"{path.name}: {outcome}"
        assert outcome.kind == "opened" or path.name in outcome.words
    assert {outcome.kind for outcome in outcomes} == {"opened", "refused"}
