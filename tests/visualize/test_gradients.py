"""Gradient methods against answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.core.errors import ArgumentError
from striate.layers import Dense, Flatten, Input
from striate.models import Sequential
from striate.visualize.attribution import explain
from tests.reference.attribution import TwoRectifiers, linear_net, two_rectifiers

KERNEL = np.array([[1, -1], [2, 0.5], [-3, 0], [0, 4]])
IMAGE = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 2, 2, 1)
# Two steps: the first rectifier is open and the second closed, and the other way round.
OPEN, CLOSED = np.array([[[3.0], [1.0]]]), np.array([[[3.0], [5.0]]])


def flat(found):
    return found.values.reshape(len(found.values), -1).tolist()


def test_of_a_linear_network_saliency_is_the_size_of_the_weights():
    found = explain(linear_net(KERNEL), IMAGE, 0, "saliency")
    assert flat(found) == [[1, 2, 3, 0]]
    np.testing.assert_array_equal(found.channels.ravel(), KERNEL[:, 0])


def test_saliency_takes_the_largest_size_of_the_channels():
    kernel = np.array([[1], [-5], [2], [3], [0], [-1]])
    found = explain(linear_net(np.hstack([kernel, -kernel]), (2, 1, 3)), np.ones((1, 2, 1, 3)), 0, "saliency")
    assert flat(found) == [[5, 3]]


def test_of_a_linear_network_gradient_times_input_is_what_each_place_adds():
    found = explain(linear_net(KERNEL), IMAGE, 1, "gradient_x_input")
    assert flat(found) == [[-1, 1, 0, 16]]
    assert found.scores[0] == 16


def test_the_gradient_goes_through_the_open_rectifier_alone():
    assert flat(explain(two_rectifiers(), OPEN, 1, "gradient_x_input")) == [[2 * 3, -2 * 1]]
    assert flat(explain(two_rectifiers(), CLOSED, 1, "gradient_x_input")) == [[0, -5]]


@pytest.mark.parametrize(
    ("signal", "wanted"),
    # On the way from 0 to (3, 5) the second rectifier opens at 0.6: -1 * 5 * 0.4.
    [(OPEN, [6, -2]), (CLOSED, [0, -2])],
)
def test_integrated_gradients_follow_the_whole_way_from_the_baseline(signal, wanted):
    found = explain(two_rectifiers(), signal, 1, "integrated_gradients", steps=400)
    np.testing.assert_allclose(flat(found), [wanted], atol=0.02)
    np.testing.assert_allclose(found.values.sum(), found.scores[0], atol=0.02)


def test_integrated_gradients_of_a_square_are_exact():
    class Square(nn.Module):
        def forward(self, x):
            return (x**2).sum((1, 2))

    # From b to x the integral of 2 z dz is x**2 - b**2.
    found = explain(Square(), [[[3.0], [1.0]]], 1, "integrated_gradients", baseline=2.0, steps=4)
    np.testing.assert_allclose(flat(found), [[5, -3]], rtol=1e-6)
    assert found.error[0] < 1e-6


def test_integrated_gradients_say_what_is_missing_and_advise_more_steps():
    found = explain(two_rectifiers(), CLOSED, 1, "integrated_gradients", steps=1)
    # One step, in the middle, where neither rectifier is open: all of the change is missing.
    assert found.error[0] == pytest.approx(1)
    assert "1 steps miss 100.0% of the change: more steps will come nearer" in found.notes[0]
    assert "the integral of the gradient is zero everywhere" in found.blank[0]


def test_the_baseline_is_said():
    for baseline, words in (
        ("mean", "each channel's mean"),
        (0.5, "0.5"),
        (np.ones((2, 1)), "the array given"),
    ):
        found = explain(two_rectifiers(), OPEN, 1, "integrated_gradients", baseline=baseline)
        assert f"from a baseline of {words};" in found.notes[0]


def test_smooth_grad_of_a_linear_network_is_its_gradient():
    found = explain(linear_net(KERNEL), IMAGE, 0, "smooth_grad", samples=5)
    np.testing.assert_allclose(flat(found), [[1, 2, 3, 0]], rtol=1e-6)


def test_smooth_grad_is_the_mean_over_noisy_copies():
    found = explain(
        two_rectifiers(),
        OPEN,
        1,
        "smooth_grad",
        samples=7,
        noise=0.5,
        generator=torch.Generator().manual_seed(0),
    )
    generator = torch.Generator().manual_seed(0)
    total = np.zeros(2)
    for _ in range(7):
        # The range of this signal is 3 - 1.
        first, second = OPEN.ravel() + 0.5 * 2 * torch.randn((1, 2, 1), generator=generator).numpy().ravel()
        total += np.array([2, -2]) * (first > second) + np.array([0, -1]) * (second > 3)
    np.testing.assert_allclose(found.channels.ravel(), total / 7, rtol=1e-6)


def test_the_same_generator_gives_the_same_smooth_grad_in_batches_of_any_size():
    found = [
        explain(
            two_rectifiers(), np.concatenate([OPEN, CLOSED]), 1, "smooth_grad", samples=9, noise=1.0,
            batch_size=size, generator=torch.Generator().manual_seed(3),
        ).channels
        for size in (1, 5, 64)
    ]  # fmt: skip
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
    np.testing.assert_allclose(found[0], found[2], rtol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        two_rectifiers(),
        *map(TwoRectifiers, ("function", "function in place", "method in place", "module in place")),
    ],
    ids=["activation", "function", "function in place", "method in place", "module in place"],
)
def test_guided_backpropagation_passes_positive_gradients_back_alone(model):
    # Score 2 * relu(x0 - x1) - relu(x1 - 3): only the first has a positive gradient.
    both_open = np.array([[[9.0], [4.0]]])
    found = explain(model, both_open, 1, "guided_backpropagation")
    assert found.channels.ravel().tolist() == [2, -2]
    assert explain(model, both_open, 1, "saliency").channels.ravel().tolist() == [2, -3]
    # For class 0 only the second has.
    assert explain(model, both_open, 0, "guided_backpropagation").channels.ravel().tolist() == [0, 1]


def test_guided_backpropagation_without_a_rectifier_says_that_it_is_the_gradient():
    found = explain(linear_net(KERNEL), IMAGE, 0, "guided_backpropagation")
    assert flat(found) == [[1, 2, 3, 0]]
    assert found.notes[0].startswith("no ReLU stands between input and score")


def test_a_network_of_dead_rectifiers_is_said_to_have_no_gradient():
    model = Sequential([Input((2, 2, 1)), Flatten(), Dense(3, activation="relu"), Dense(2)])
    model.set_weights([np.ones((4, 3)), np.full(3, -100.0), np.ones((3, 2)), np.ones(2)])
    for method in ("saliency", "smooth_grad", "gradient_x_input", "guided_backpropagation"):
        found = explain(model, IMAGE, 0, method)
        assert found.blank[0].startswith(
            "the gradient is zero everywhere: units are switched off or saturated"
        )
        assert not found.values.any()


@pytest.mark.parametrize(
    ("weight", "said"), [(200.0, "the gradient is zero everywhere"), (16.0, "the gradient is next to zero")]
)
def test_a_saturated_sigmoid_is_said_to_have_no_gradient(weight, said):
    model = Sequential([Input((2, 2, 1)), Flatten(), Dense(1, activation="sigmoid"), Dense(2)])
    model.set_weights([np.array([[weight], [0], [0], [0]]), np.zeros(1), np.ones((1, 2)), np.zeros(2)])
    assert explain(model, IMAGE, 0, "saliency").blank[0].startswith(said)
    # What a small change does not show, a large one does: without the first pixel the sigmoid is at a half.
    found = explain(model, IMAGE, 0, "occlusion", window=1)
    np.testing.assert_allclose(flat(found), [[0.5, 0, 0, 0]], atol=1e-6)
    assert found.blank == ("",)


def test_a_saturated_answer_is_explained_by_what_goes_into_it():
    model = linear_net([[20.0], [1], [0], [0]], activation="sigmoid")
    assert explain(model, IMAGE, 1, "saliency", score="output").blank[0].startswith("the gradient is")
    found = explain(model, IMAGE, 1, "saliency")
    assert found.blank == ("",)
    assert flat(found) == [[20, 1, 0, 0]]


def test_a_network_that_cuts_the_graph_is_refused():
    class Cut(nn.Module):
        def forward(self, x):
            return torch.stack([x.detach().sum((1, 2)), x.detach().mean((1, 2))], 1)

    with pytest.raises(ArgumentError, match=r"the score does not follow from the input.*method='occlusion'"):
        explain(Cut(), OPEN, 0, "saliency")


def test_options_that_cannot_work_are_refused():
    with pytest.raises(ArgumentError, match="samples is a whole number from 1 up; got 0"):
        explain(two_rectifiers(), OPEN, method="smooth_grad", samples=0)
    with pytest.raises(ArgumentError, match=r"noise is a share of the example's range, 0 or more; got -1"):
        explain(two_rectifiers(), OPEN, method="smooth_grad", noise=-1)
    with pytest.raises(ArgumentError, match=r"steps is a whole number from 1 up; got 2\.5"):
        explain(two_rectifiers(), OPEN, method="integrated_gradients", steps=2.5)
