"""Which layers join into one block, and where a row must end."""

from __future__ import annotations

import pytest

from striate import layers, regularizers
from striate.models.fusion.drafts import Row, folded, why_alone


def blocks(*row):
    """The row's blocks in words, and the layers that did not fit in."""
    read = Row()
    taken = 0
    while taken < len(row) and read.take(row[taken]):
        taken += 1
    return [_words(draft) for draft in read.drafts], len(row) - taken, read


def _words(draft):
    marks = {"relu": draft.relu, "pool": draft.pool is not None, "dropout": draft.dropout is not None}
    return " ".join([type(draft.main).__name__, *(name for name, there in marks.items() if there)])


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ((layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2)), ["Conv2D relu pool"]),
        ((layers.Conv2D(4, 3), layers.MaxPooling2D(2), layers.ReLU()), ["Conv2D relu pool"]),
        (
            (layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(2)),
            ["Conv2D", "BatchNormalization relu pool"],
        ),
        ((layers.Conv1D(4, 3), layers.Activation("linear"), layers.Activation("relu")), ["Conv1D relu"]),
        (
            (layers.Conv2D(4, 3), layers.Dropout(0.5), layers.Flatten(), layers.Dense(2)),
            ["Conv2D dropout", "Dense"],
        ),
        ((layers.Conv2D(4, 3), layers.Flatten(), layers.Dropout(0.5)), ["Conv2D dropout"]),
        (
            (layers.Conv1D(4, 3), layers.GlobalMaxPooling1D(), layers.Dense(2)),
            ["Conv1D", "GlobalMaxPooling1D", "Dense"],
        ),
        ((layers.Flatten(), layers.Dense(2, activation="relu")), ["Dense relu"]),
        ((layers.BatchNormalization(), layers.Conv2D(4, 3)), ["BatchNormalization", "Conv2D"]),
    ],
)
def test_these_layers_make_these_blocks(row, wanted):
    found, left, _ = blocks(*row)
    assert (found, left) == (wanted, 0)


@pytest.mark.parametrize(
    "row",
    [
        (layers.Conv2D(4, 3, groups=2),),
        (layers.Conv2D(4, 3, data_format="channels_first"),),
        (layers.Conv2D(4, 3, dtype="float64"),),
        (layers.Conv2D(4, 3, activity_regularizer=regularizers.L2(0.1)),),
        (layers.BatchNormalization(axis=1),),
        (layers.MaxPooling2D(2),),
        (layers.ReLU(),),
        (layers.Activation("linear"),),
        (layers.Dropout(0.5),),
        (layers.Dropout(0),),
        (layers.Conv2D(4, 3), layers.Dense(2)),
        (layers.Conv2D(4, 3), layers.MaxPooling2D(3, strides=2)),
        (layers.Conv2D(4, 3), layers.MaxPooling2D(16)),
        (layers.Conv2D(4, 3), layers.MaxPooling2D(2, data_format="channels_first")),
        (layers.Conv2D(4, 3), layers.ReLU(max_value=6)),
        (layers.Conv2D(4, 3), layers.ReLU(), layers.ReLU()),
        (layers.Conv2D(4, 3, activation="tanh"), layers.MaxPooling2D(2)),
        (layers.Conv2D(4, 3), layers.Dropout(0.5, noise_shape=(None, 1, 1, None))),
        (layers.Conv2D(4, 3), layers.Dropout(1.0)),
        (layers.Conv2D(4, 3), layers.Dropout(0.5), layers.MaxPooling2D(2)),
        (layers.Conv2D(4, 3), layers.Dropout(0.5), layers.Dropout(0.5)),
        (layers.Conv2D(4, 3), layers.Flatten(), layers.Conv1D(2, 3)),
        (layers.Conv2D(4, 3), layers.Flatten(), layers.MaxPooling1D(2)),
        (layers.Conv2D(4, 3), layers.Flatten(data_format="channels_first")),
        (layers.Conv2D(4, 3), layers.GlobalMaxPooling2D(keepdims=True)),
        (layers.Conv2D(4, 3), layers.Flatten(), layers.GlobalMaxPooling2D()),
        (layers.Conv2D(4, 3), layers.GlobalMaxPooling2D(), layers.ReLU()),
    ],
    ids=lambda row: " ".join(type(layer).__name__ for layer in row),
)
def test_a_row_ends_before_a_layer_that_has_no_place_in_it(row):
    assert blocks(*row)[1] == 1


def test_a_persons_own_subclass_is_left_alone():
    class Odd(layers.Conv2D):
        def call(self, inputs):
            return super().call(inputs) + 1

    assert blocks(Odd(4, 3))[1] == 1


def test_another_activation_ends_the_row_and_is_kept():
    found, left, row = blocks(layers.Dense(3, activation="softmax"), layers.Dense(2))
    assert (found, left) == (["Dense"], 1)
    assert row.tail is row.layers[0].activation


def test_each_block_knows_all_its_layers():
    row = (layers.Flatten(), layers.Dense(3), layers.ReLU(), layers.Dropout(0.0), layers.Dense(2))
    _, _, read = blocks(*row)
    assert [draft.layers for draft in read.drafts] == [list(row[:4]), [row[4]]]


def test_a_normalisation_is_folded_into_a_bare_convolution_only():
    bare = blocks(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU())[2].drafts
    active = blocks(layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization())[2].drafts
    twice = blocks(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.BatchNormalization())[2].drafts
    (joined,) = folded(bare)
    assert (joined.main, joined.norm, joined.relu) == (bare[0].main, bare[1].main, True)
    assert len(joined.layers) == 3
    assert folded(active) == active
    assert len(folded(twice)) == 2


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (layers.SeparableConv2D(4, 3), "no kernel for SeparableConv2D"),
        (layers.Dense(4, dtype="float64"), "its weights are float64"),
        (layers.Dense(4, activity_regularizer="l2"), "its activity_regularizer needs its output"),
        (layers.Conv2D(4, 3, groups=2), "no kernel for groups"),
        (layers.Conv2D(4, 3, data_format="channels_first"), "kernels are channels_last"),
        (layers.Dropout(0.5), "no form for its settings, or for its place among its neighbours"),
    ],
)
def test_the_plan_says_why_a_layer_runs_by_itself(layer, reason):
    assert why_alone(layer) == reason
