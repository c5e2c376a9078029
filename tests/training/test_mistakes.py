"""Mistakes that people make, as they meet them: in `fit`, `evaluate` and `predict` of a model."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError, DataError, LabelError, ShapeError
from striate.layers import Conv2D, Dense, Flatten, Input
from striate.models import Sequential


def make(last, loss, **options):
    model = Sequential([Input((4, 4, 1)), Conv2D(2, 3, name="look"), Flatten(), last])
    model.compile("adam", loss, precision="float32", **options)
    return model


IMAGES = np.random.default_rng(0).random((8, 4, 4, 1))


def three_classes():
    return make(Dense(3, activation="softmax"), "sparse_categorical_crossentropy")


def binary():
    return make(Dense(1, activation="sigmoid"), "binary_crossentropy")


CLASSES = np.arange(8) % 3
YES_NO = np.arange(8) % 2
COLUMNS = np.eye(2)[YES_NO]
WITH_GAP = np.where(np.arange(8).reshape(-1, 1, 1, 1) == 5, np.nan, IMAGES)

MISTAKES = {
    "labels from 1": (three_classes, IMAGES, CLASSES + 1, {}, LabelError, r"1 to 3.*"),
    "one-hot for class numbers": (three_classes, IMAGES, np.eye(3)[CLASSES], {}, LabelError, r"one-hot"),
    "two columns for one unit": (binary, IMAGES, COLUMNS, {}, LabelError, r"Take y_true\[:, 1:\]"),
    "classes for one unit": (binary, IMAGES, CLASSES, {}, LabelError, r"takes labels from 0 to 1"),
    "NaN in the labels": (binary, IMAGES, YES_NO * np.nan, {}, LabelError, r"labels are NaN"),
    "NaN in the data": (binary, WITH_GAP, YES_NO, {}, DataError, r"first in example 5 \(of 8\)"),
    "NaN in the validation data": (
        binary, IMAGES, YES_NO, {"validation_data": (WITH_GAP, YES_NO)}, DataError,
        r"the validation data hold NaN .* first in example 5",
    ),
    "too few labels": (binary, IMAGES, YES_NO[:6], {}, DataError, r"there are 8 examples but 6 labels"),
    "too few weights": (
        binary, IMAGES, YES_NO, {"sample_weight": np.ones(3)}, DataError, r"8 examples but 3 sample weights",
    ),
    "no labels": (binary, IMAGES, None, {}, ArgumentError, r"there is nothing to learn from"),
    "no data": (binary, None, None, {}, DataError, r"there is nothing to train on: x is None"),
    "no examples": (binary, IMAGES[:0], YES_NO[:0], {}, DataError, r"there are no examples"),
    "data without axes": (binary, np.float32(3), None, {}, DataError, r"the data have no axes"),
    "a share of 1": (binary, IMAGES, YES_NO, {"validation_split": 1.0}, ArgumentError, r"to below 1; got 1"),
    "an empty part": (
        binary, IMAGES, YES_NO, {"validation_split": 0.99}, DataError,
        r"validation_split=0\.99 of 8 examples leaves one part empty: 0 to train on, 8",
    ),
    "sorted classes": (
        three_classes, IMAGES, np.sort(CLASSES), {"validation_split": 0.25}, LabelError,
        r"the classes 2 are only there: the data are sorted by class",
    ),
    "a batch of none": (binary, IMAGES, YES_NO, {"batch_size": 0}, ArgumentError, r"is a whole number"),
    "half a batch": (binary, IMAGES, YES_NO, {"batch_size": 2.5}, ArgumentError, r"batch_size .* got 2\.5"),
    "a weight without class": (
        binary, IMAGES, YES_NO, {"class_weight": {7: 1.0}}, ArgumentError, r"weights for the classes \[7\]",
    ),
    "an argument that fit does not have": (
        binary, IMAGES, YES_NO, {"epoch": 2}, ArgumentError, r"no argument 'epoch'\. Did you mean 'epochs'",
    ),
    "rows for images": (
        binary, IMAGES.reshape(8, 16), YES_NO, {}, ShapeError,
        r"layer 'look' \(Conv2D\) takes 4 axes .* Reshape\(\(4, 4, 1\)\)",
    ),
    "images without channels": (
        binary, IMAGES[..., 0], YES_NO, {}, ShapeError, r"layer 'look' .* grey images need a channel axis",
    ),
    "another channel count": (
        binary, np.repeat(IMAGES, 3, -1), YES_NO, {}, ShapeError, r"\(None, 4, 4, 1\) but got .* 4, 4, 3\)",
    ),
    "texts for labels": (binary, IMAGES, np.array(["cat"] * 8), {}, DataError, r"a batch holds numbers"),
    "something else": (binary, 3.5j, None, {}, DataError, r"yields batches; got complex"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("make_model", "x", "y", "options", "kind", "words"), MISTAKES.values(), ids=MISTAKES.keys()
)
def test_a_mistake_is_answered_in_words(make_model, x, y, options, kind, words):
    model = make_model()
    before = model.get_weights()
    with pytest.raises(kind, match=words):
        model.fit(x, y, verbose=0, **{"epochs": 1, **options})
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))


def test_channels_are_named_by_the_layer_where_the_input_does_not_say():
    model = Sequential([Conv2D(2, 3, name="look"), Flatten(), Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", precision="float32")
    model.fit(IMAGES, YES_NO, verbose=0)
    model.entry = None
    with pytest.raises(ShapeError, match=r"layer 'look' \(Conv2D\) was built for 1 channels but got 3"):
        model.layers[0](np.repeat(IMAGES, 3, -1))


def test_one_unit_with_softmax_is_refused():
    with pytest.raises(ArgumentError, match=r"a softmax over one unit must.*activation='sigmoid'"):
        make(Dense(1, activation="softmax"), "binary_crossentropy").fit(IMAGES, YES_NO, verbose=0)


def test_a_sigmoid_at_its_end_may_train():
    model = make(Dense(1, activation="sigmoid", bias_initializer="ones"), "binary_crossentropy")
    weights = model.get_weights()
    model.set_weights([np.abs(weight) for weight in weights])
    assert (model.predict(IMAGES * 255, verbose=0) == 1).all()
    model.fit(IMAGES * 255, YES_NO, verbose=0)


@pytest.mark.parametrize("name", ["sparse_categorical_crossentropy", "binary_crossentropy"])
def test_logits_where_probabilities_are_wanted_are_refused(name):
    units = 1 if name.startswith("binary") else 3
    model = make(Dense(units, kernel_initializer="ones"), name)
    with pytest.raises(ArgumentError, match=r"these look like logits\. .*from_logits=True"):
        model.fit(IMAGES * 9, YES_NO, verbose=0)


def test_an_argument_that_compile_does_not_have_gets_the_nearest():
    with pytest.raises(ArgumentError, match=r"compile has no argument 'metric'\. Did you mean 'metrics'\?"):
        make(Dense(1), "mse", metric=["mae"])


def test_lists_of_uneven_rows_are_refused():
    model = Sequential([Input((2,)), Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(DataError, match=r"straight edges"):
        model.fit([[1.0, 2.0], [3.0]], [1.0, 2.0], verbose=0)
