"""What a network is asked: inputs as people hold them, classes by number and name, scores before softmax."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.core.errors import ArgumentError, LabelError, ShapeError, StateError
from striate.layers import Dense, Flatten, Input
from striate.models import Model, Sequential
from striate.visualize.question import Question, settle_targets
from tests.reference.attribution import SmallImageNet, linear_net

KERNEL = np.array([[1, -1, 0], [2, 0.5, 1], [-3, 0, 2], [0, 4, -2]], np.float32)
X = np.random.default_rng(0).random((3, 2, 2, 1)).astype(np.float32)
LOGITS = X.reshape(3, 4) @ KERNEL


def scores(model, x=X, **options):
    question = Question(model, x, **options)
    with question.running():
        return question, question.all_scores()


@pytest.mark.parametrize(("activation", "ending"), [("softmax", "softmax"), ("log_softmax", "log-softmax")])
def test_the_score_is_what_goes_into_the_softmax(activation, ending):
    question, found = scores(linear_net(KERNEL, activation=activation))
    np.testing.assert_allclose(found, LOGITS, rtol=1e-5)
    assert question.ending == ending


def test_the_score_is_what_comes_out_if_asked_for():
    _, found = scores(linear_net(KERNEL, activation="softmax"), score="output")
    np.testing.assert_allclose(found, torch.softmax(torch.from_numpy(LOGITS), 1), rtol=1e-5)


def test_a_network_without_an_ending_gives_its_scores():
    question, found = scores(linear_net(KERNEL))
    np.testing.assert_allclose(found, LOGITS, rtol=1e-5)
    assert question.ending is None


def test_a_single_unit_is_a_network_for_two_classes():
    kernel = KERNEL[:, :1]
    question, found = scores(linear_net(kernel, activation="sigmoid"))
    np.testing.assert_allclose(found, np.hstack([-LOGITS[:, :1], LOGITS[:, :1]]), rtol=1e-5)
    assert question.single_unit
    _, found = scores(linear_net(kernel, activation="sigmoid"), score="output")
    probability = 1 / (1 + np.exp(-LOGITS[:, :1]))
    np.testing.assert_allclose(found, np.hstack([1 - probability, probability]), rtol=1e-5)
    _, found = scores(linear_net(kernel), score="output")
    np.testing.assert_allclose(found, np.hstack([-LOGITS[:, :1], LOGITS[:, :1]]), rtol=1e-5)


def test_a_torch_module_that_drops_the_axis_of_its_single_unit_is_taken():
    class Dropping(nn.Module):
        def forward(self, x):
            return torch.sigmoid(x.sum((1, 2, 3)))

    _, found = scores(Dropping())
    np.testing.assert_allclose(found[:, 1], X.sum((1, 2, 3)), rtol=1e-5)


def test_batches_of_any_size_give_the_same():
    for size in (1, 2, 64):
        np.testing.assert_allclose(scores(linear_net(KERNEL), batch_size=size)[1], LOGITS, rtol=1e-5)


def test_large_examples_go_in_small_batches():
    model = Sequential([Input((None, None, 3)), Flatten()])
    assert Question(model, np.zeros((2, 32, 32, 3))).batch_size == 64
    assert Question(model, np.zeros((2, 500, 500, 3))).batch_size == 2
    assert Question(model, np.zeros((1, 2000, 2000, 3), np.float32)).batch_size == 1


def test_one_example_and_grey_ones_without_a_channel_are_taken():
    for given in (X[0], X[:1, ..., 0], X[:1].astype(np.float64), torch.from_numpy(X[:1]), X[:1].tolist()):
        np.testing.assert_allclose(scores(linear_net(KERNEL), given)[1], LOGITS[:1], rtol=1e-5)


def test_bytes_are_taken_as_they_are():
    image = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1) * 60
    np.testing.assert_allclose(scores(linear_net(KERNEL), image)[1], image.reshape(1, 4) @ KERNEL, rtol=1e-5)


def test_a_network_in_double_precision_is_asked_in_it():
    model = SmallImageNet().double()
    assert scores(model, np.zeros((1, 10, 8, 3)))[1].dtype == torch.float64


def test_what_torch_compile_wraps_is_asked_itself():
    inner = SmallImageNet()
    wrapper = nn.Module()
    wrapper._orig_mod = inner
    assert Question(wrapper, np.zeros((1, 10, 8, 3))).model is inner


def test_classes_are_numbers_or_names():
    model = linear_net(KERNEL)
    model.class_names = ["cat", "dog", "owl"]
    question, found = scores(model)
    assert settle_targets(question, None, found).tolist() == LOGITS.argmax(1).tolist()
    assert settle_targets(question, "owl", found).tolist() == [2, 2, 2]
    assert settle_targets(question, ["owl", "cat", 1], found).tolist() == [2, 0, 1]
    assert settle_targets(question, np.array([[0], [1], [2]]), found).tolist() == [0, 1, 2]


def test_classes_that_there_are_not_are_refused():
    model = linear_net(KERNEL)
    question, found = scores(model)
    with pytest.raises(LabelError, match=r"a class number from 0 to 2; got 3. The network has 3 classes\.$"):
        settle_targets(question, 3, found)
    with pytest.raises(LabelError, match=r"a class number or a class name; got 1.5"):
        settle_targets(question, 1.5, found)
    with pytest.raises(LabelError, match=r"one class, or one for each of 3 examples; got 2"):
        settle_targets(question, [0, 1], found)
    model.class_names = ["cat", "dog", "owl"]
    question, found = scores(model)
    with pytest.raises(
        LabelError, match=r"no class called 'cats'. Did you mean 'cat'\? .* 3 classes: cat, dog, owl"
    ):
        settle_targets(question, "cats", found)


def test_inputs_that_cannot_be_asked_about_are_refused():
    with pytest.raises(ShapeError, match=r"for images .* and for signals .*; got \(3, 4\)"):
        Question(linear_net(KERNEL), np.zeros((3, 4)))
    with pytest.raises(
        ShapeError, match=r"takes 3 channels, and they stand last here; got \(2, 3, 10, 8\). Turn"
    ):
        Question(SmallImageNet(), np.zeros((2, 3, 10, 8)))
    with pytest.raises(ArgumentError, match="expected a model or a torch module; got str"):
        Question("model", X)
    with pytest.raises(ArgumentError, match="score must be one of 'logit', 'output'; got 'loss'"):
        Question(linear_net(KERNEL), X, score="loss")
    with pytest.raises(ArgumentError, match="batch_size is a whole number from 1 up; got 0"):
        Question(linear_net(KERNEL), X, batch_size=0)


def test_answers_that_are_no_classes_are_refused():
    inputs = Input((2, 2, 1))
    with pytest.raises(
        ShapeError, match=r"one row of classes for each example.*this one gives \(3, 2, 2, 1\)"
    ):
        scores(Model(inputs, Dense(1)(inputs)))
    two = Model(inputs, [Dense(1)(Flatten()(inputs)), Dense(2)(Flatten()(inputs))])
    with pytest.raises(ShapeError, match="this one gives list"):
        scores(two)


def test_outside_its_block_nothing_is_asked():
    with pytest.raises(StateError, match=r"a question is asked inside `with question.running\(\):`"):
        Question(linear_net(KERNEL), X).all_scores()
