from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import LabelError
from striate.datasets.source import Data
from striate.layers import Dense, Input
from striate.models import Sequential
from striate.workbench.network import compile_network
from striate.workbench.scoring import probabilities, score


def answering(units: int = 3, activation: str | None = None) -> Sequential:
    """A network whose answer is its input: three values in, three out."""
    model = Sequential([Input((units,)), Dense(units, activation=activation)])
    model.set_weights([np.eye(units, dtype=np.float32), np.zeros(units, np.float32)])
    compile_network(model, "adam", "cpu", "float32")
    return model


def test_accuracy_loss_and_recall_are_those_worked_out_by_hand():
    x = np.array([[9, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]], np.float32)
    y = np.array([0, 1, 1, 1])
    found = score(answering(), Data(x, y), ["a", "b", "c"])
    assert found.accuracy == pytest.approx(2 / 4)
    right = np.log(np.exp(9) + 2) - 9
    assert found.loss == pytest.approx((2 * right + 2 * (right + 9)) / 4, rel=1e-5)
    assert found.recalls == [1.0, pytest.approx(1 / 3), None]
    assert found.counts.tolist() == [1, 3, 0]
    assert found.confusion.counts.tolist() == [[1, 0, 0], [1, 1, 1], [0, 0, 0]]


def test_the_sentence_names_accuracy_and_examples():
    x = np.eye(3, dtype=np.float32)
    names = ["a", "b", "c"]
    many = score(answering(), Data(x, np.arange(3)), names)
    assert many.sentence() == "test accuracy 1.0000 on 3 images"
    one = score(answering(), Data(x[:1], np.arange(1)), names, kind="signal")
    assert one.sentence() == "test accuracy 1.0000 on 1 signal"


def test_logits_become_probabilities():
    found = probabilities(answering(), np.array([[0.0, 0.0, np.log(2)]]))
    assert np.allclose(found, [[0.25, 0.25, 0.5]])


def test_probabilities_stay():
    given = np.array([[0.2, 0.3, 0.5]])
    assert np.array_equal(probabilities(answering(activation="softmax"), given), given)


def test_one_unit_answers_for_two_classes():
    assert np.allclose(probabilities(answering(1, "sigmoid"), np.array([[0.75]])), [[0.25, 0.75]])
    assert np.allclose(probabilities(answering(1), np.array([[0.0]])), [[0.5, 0.5]])
    assert np.allclose(probabilities(answering(1), np.array([[-1e4]])), [[1, 0]])


def test_examples_without_labels_or_of_unknown_classes_are_refused():
    x = np.eye(3, dtype=np.float32)
    with pytest.raises(LabelError, match="scoring needs labels: these examples have none"):
        score(answering(), Data(x), ["a", "b", "c"])
    with pytest.raises(LabelError, match="labels up to 3, but the network tells 3 classes apart: 0 to 2"):
        score(answering(), Data(x, np.array([0, 1, 3])), ["a", "b", "c"])
