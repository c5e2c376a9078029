"""The check of an attribution in sentences."""

from __future__ import annotations

import numpy as np
import pytest

from striate.visualize.check_words import agreement_words, covering_words, randomised_words


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (0.95, "stays much the same: it shows the input more than what the network learned"),
        (0.6, "changes in part: some of it is the input"),
        (0.1, "changes, as it should"),
        (-0.4, "changes, as it should"),
    ],
)
def test_what_random_weights_leave_is_said(left, said):
    words = randomised_words({"last layer": np.array([0.5, np.nan]), "all layers": np.array([left, np.nan])})
    assert said in words
    number = f"{left:.2f}".replace("-", "−")
    assert f"(rank correlation 0.50 with a random last layer, {number} with all layers random)" in words


def test_a_picture_that_does_not_feel_the_last_layer_is_told_apart():
    words = randomised_words({"last layer": np.array([0.95]), "all layers": np.array([0.2])})
    assert "changes, but hardly with its last layer: it shows what is seen more than why this class" in words


def covered(deleted, deleted_elsewhere, inserted, inserted_elsewhere):
    marked = np.zeros((2, 10, 10), bool)
    marked[:, :2, :5] = True
    return covering_words(
        np.array([8.0, 8.0]), marked, np.array(deleted), np.array(deleted_elsewhere), np.array(inserted),
        np.array(inserted_elsewhere),
    )  # fmt: skip


def test_a_mark_that_matters_is_told_from_one_that_does_not():
    good = covered([1.0, 3.0], [[7, 7], [6, 8]], [6.0, 6.0], [[1, 1], [2, 2]])
    assert good == (
        "Covering the marked 10% of the input lowers the score by 6, the same shape elsewhere lowers it by 1 "
        "on average: the mark is where it matters. Shown alone it scores 6, more than the same shape "
        "elsewhere (1.5)."
    )
    poor = covered([7.0, 7.0], [[7, 6], [9, 6]], [1.0, 1.0], [[1, 1], [2, 0]])
    assert "lowers the score by 1, the same shape elsewhere lowers it by 1 on average, and 75% of" in poor
    assert "of other places matter as much: the mark says little." in poor
    assert "Shown alone it scores 1, no more than the same shape elsewhere (1)" in poor


def test_a_score_that_rises_is_said():
    words = covered([9.0, 9.0], [[10, 9], [10, 9]], [-5.0, -5.0], [[-6, -6], [-6, -4]])
    assert "does not lower the score (+1), the same shape elsewhere does not (+1.5) on average" in words
    assert "Shown alone it scores −5, hardly more than the same shape elsewhere (−5.5)" in words


def test_examples_of_which_nothing_is_drawn_do_not_count():
    none = [np.nan, np.nan]
    words = covered([1.0, np.nan], [[7, 7], none], [6.0, np.nan], [[1, 1], none])
    assert "lowers the score by 7, the same shape elsewhere lowers it by 1 on average: the mark is" in words


@pytest.mark.parametrize(("middle", "said"), [(0.9, "agree"), (0.6, "agree in part"), (-0.1, "do not agree")])
def test_whether_methods_agree_is_said(middle, said):
    (words,) = agreement_words(
        {"Grad-CAM": np.array([middle, np.nan]), "Occlusion": np.array([np.nan, np.nan])}
    )
    number = f"{middle:.2f}".replace("-", "−")
    assert words == f"Other methods {said} (rank correlation {number} with Grad-CAM)."


def test_without_other_methods_nothing_is_said():
    assert agreement_words({}) == ()
