from __future__ import annotations

import copy

import numpy as np
import pytest

from striate.layers import Conv2D, Dense, GlobalAveragePooling2D, Input, Layer
from striate.models import Model, Sequential, clone_model
from striate.models.saving import load
from striate.models.summary import summarize

DEPTH = 150
IMAGES = np.random.default_rng(0).random((4, 6, 6, 1), np.float32)


class Add(Layer):
    """Adds a list of tensors."""

    def call(self, inputs):
        return sum(inputs)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])


def chain() -> Sequential:
    hidden = [Conv2D(2, 3, padding="same", activation="relu") for _ in range(DEPTH)]
    return Sequential([Input((6, 6, 1)), *hidden, GlobalAveragePooling2D(), Dense(2, activation="softmax")])


def residual() -> Model:
    inputs = Input((6, 6, 1))
    outputs = Conv2D(2, 1)(inputs)
    for _ in range(DEPTH):
        outputs = Add()([outputs, Conv2D(2, 3, padding="same", activation="relu")(outputs)])
    return Model(inputs, Dense(2, activation="softmax")(GlobalAveragePooling2D()(outputs)))


@pytest.mark.parametrize("make", [chain, residual])
def test_150_layers_build_train_summarise_save_and_copy(make, tmp_path):
    model = make()
    assert len(summarize(model).rows) > DEPTH
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    model.fit(IMAGES, [0, 1, 0, 1], verbose=0)
    answers = model(IMAGES)
    assert np.array_equal(copy.deepcopy(model)(IMAGES), answers)
    assert clone_model(model).count_params() == model.count_params()
    model.save(tmp_path / "deep.striate")
    again = load(tmp_path / "deep.striate", custom={"Add": Add})
    assert np.array_equal(again(IMAGES), answers)
