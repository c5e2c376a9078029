from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import losses
from striate.core.errors import ArgumentError, LabelError
from striate.losses import check_probabilities, check_targets

SPARSE = losses.SparseCategoricalCrossentropy()
COLUMNS = losses.CategoricalCrossentropy()
BINARY = losses.BinaryCrossentropy()
TEN = np.arange(10)


@pytest.mark.parametrize(
    ("loss", "labels", "output_shape", "message"),
    [
        (
            SPARSE,
            TEN + 1,
            (None, 10),
            "labels run from 1 to 10 but the network answers 10 classes, counted from 0: subtract 1",
        ),
        (
            SPARSE,
            TEN,
            (None, 4),
            "labels run from 0 to 9 but the network answers 4 classes: 0 to 3 can be told apart. Give",
        ),
        (SPARSE, [0, -1], (None, 4), "labels run from -1 to 0.*Remove or renumber the negative ones"),
        (SPARSE, [0, 1], (None, 1), "answers 1 class: 0 to 0.*use loss='binary_crossentropy'"),
        (SPARSE, np.eye(10), (None, 10), r"\(10, 10\): 10 columns, as one-hot.*'categorical_crossentropy'"),
        (SPARSE, [0.5, 1.0], (None, 4), "whole class numbers, but .* fractions between 0.5 and 1"),
        (SPARSE, [0.0, np.nan], (None, 4), "1 of 2 labels are NaN or infinite"),
        (
            COLUMNS,
            TEN,
            (None, 10),
            r"y_true has shape \(10,\): class numbers. Use loss='sparse_categorical"
            "_crossentropy', or make columns with striate.utils.to_categorical",
        ),
        (COLUMNS, TEN[:, None], (None, 10), r"y_true has shape \(10, 1\): class numbers"),
        (
            COLUMNS,
            np.eye(3),
            (None, 10),
            "y_true has 3 columns but the network answers 10 classes. Give the last layer 3 units",
        ),
        (COLUMNS, np.eye(3) * 255, (None, 3), "shares from 0 to 1 in the columns.*from 0 to 255"),
        (COLUMNS, np.full((2, 3), np.inf), (None, 3), "6 of 6 labels are NaN or infinite"),
        (
            BINARY,
            np.eye(2),
            (None, 1),
            r"two columns, \(2, 2\), but the network answers with one unit. Take"
            r" y_true\[:, 1:\], or give the last layer 2 units with softmax",
        ),
        (BINARY, np.eye(3), (None, 1), "3 columns but the network answers with 1 unit; .*the last layer 3"),
        (BINARY, [0, 1], (None, 10), "1 column but the network answers with 10 units.*sparse_categorical"),
        (BINARY, [1, 2], (None, 1), "labels from 0 to 1, but y_true runs from 1 to 2: subtract 1"),
        (BINARY, [-1, 1], (None, 1), r"from -1 to 1: use \(y_true \+ 1\) / 2, or loss='hinge'"),
        (BINARY, TEN, (None, 1), "from 0 to 9. For 10 classes give the last layer 10 units with softmax"),
        (BINARY, [0, 255], (None, 1), "from 0 to 255: divide by 255"),
        (BINARY, [-3.5, 0.0], (None, 1), r"from -3.5 to 0\.$"),
        (BINARY, [np.nan, 1], (None, 1), "NaN or infinite, and so would the loss be. Remove those samples"),
        (losses.MeanSquaredError(), [np.inf, 1], (None, 1), "1 of 2 labels are NaN or infinite"),
    ],
)
def test_labels_that_the_loss_cannot_mean_are_refused_in_words(loss, labels, output_shape, message):
    with pytest.raises(LabelError, match=message):
        check_targets(loss, labels, output_shape)


@pytest.mark.parametrize(
    ("loss", "labels", "output_shape"),
    [
        (SPARSE, TEN, (None, 10)),
        (SPARSE, TEN[:, None].astype("uint8"), (None, 10)),
        (SPARSE, torch.zeros(2, 4, 4, 1), (None, 4, 4, 3)),
        (SPARSE, [3, 1], (None, None)),
        (losses.SparseCategoricalCrossentropy(ignore_class=255), [0, 255, 1], (None, 2)),
        (losses.SparseCategoricalCrossentropy(ignore_class=0), [0, 0], (None, 2)),
        (COLUMNS, np.eye(10), (None, 10)),
        (COLUMNS, np.full((2, 3), 1 / 3), (None, 3)),
        (BINARY, [0, 1], (None, 1)),
        (BINARY, np.array([True, False]), (None, 1)),
        (BINARY, np.eye(3), (None, 3)),
        (BINARY, np.zeros((2, 4, 4)), (None, 4, 4, 1)),
        (BINARY, [], (None, 1)),
        (losses.MeanSquaredError(), [-5.0, 7.0], (None, 1)),
        (losses.huber, [np.nan], (None, 1)),
    ],
)
def test_labels_that_fit_pass(loss, labels, output_shape):
    assert check_targets(loss, labels, output_shape) is None


LOGITS = np.array([[3.0, -2.0], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("loss", "answers", "message"),
    [
        (
            BINARY,
            [[0.5], [4.0]],
            "takes probabilities from 0 to 1, but the network answers from 0.5 to 4: these look like logits. "
            "If the last layer has no sigmoid, use from_logits=True in the loss, or add activation='sigmoid'",
        ),
        (SPARSE, LOGITS, "from -2 to 3: these look like logits. If the last layer has no softmax"),
        (COLUMNS, LOGITS, "look like logits"),
        (COLUMNS, [[0.5, 0.5], [0.9, 0.9]], "sum to 1 over the classes, but a row sums to 1.8"),
        (SPARSE, [[0.5, 0.2], [0.5, 0.5]], "a row sums to 0.7.*activation='softmax'"),
    ],
)
def test_answers_that_are_no_probabilities_are_refused_in_words(loss, answers, message):
    with pytest.raises(ArgumentError, match=message):
        check_probabilities(loss, answers)


@pytest.mark.parametrize(
    ("loss", "answers"),
    [
        (BINARY, [[0.9], [0.8]]),
        (BINARY, torch.tensor([[1.0005, -0.0005]], dtype=torch.float32)),
        (SPARSE, torch.tensor([[0.3, 0.7]], dtype=torch.bfloat16)),
        (COLUMNS, [[0.504, 0.504]]),
        (losses.BinaryCrossentropy(from_logits=True), [[7.0]]),
        (losses.SparseCategoricalCrossentropy(from_logits=True), LOGITS),
        (losses.MeanSquaredError(), [[7.0]]),
        (losses.binary_crossentropy, [[7.0]]),
        (BINARY, torch.zeros(0, 1)),
    ],
)
def test_probabilities_and_answers_of_other_losses_pass(loss, answers):
    assert check_probabilities(loss, answers) is None
