"""Grids of examples and answers, and pictures of how far these can be trusted."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError, DataError
from striate.visualize import draw
from striate.visualize.answers import make_answers
from striate.visualize.base import BarPanel, ImagePanel, LinePanel
from striate.visualize.results import (
    example_panel,
    show_class_scores,
    show_doubts,
    show_examples,
    show_mistakes,
    show_predictions,
    show_reliability,
)

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 8, 8, 1), dtype=np.uint8)
ROWS = np.tile([[0.7, 0.3], [0.2, 0.8], [0.55, 0.45]], (10, 1))
LABELS = np.tile([0, 0, 1], 10)
ANSWERS = make_answers(ROWS, LABELS, ["cat", "dog"], [f"{place}.png" for place in range(30)])


def test_examples_come_twenty_five_in_five_columns_with_their_classes():
    found = show_examples(IMAGES, LABELS[:, None], ["cat", "dog"], [f"{place}.png" for place in range(30)])
    assert len(found.panels) == 25
    assert found.columns == 5
    assert [panel.title for panel in found.panels[:3]] == ["cat", "cat", "dog"]
    assert found.panels[2].note == "2.png"
    assert np.array_equal(found.panels[2].pixels, IMAGES[2])
    assert show_examples(IMAGES[:2]).panels[0].title == ""
    assert show_examples(IMAGES, LABELS).panels[2].title == "1"


def test_predictions_are_titled_predicted_and_true_and_wrong_ones_are_marked():
    found = show_predictions(IMAGES, ANSWERS, count=3)
    assert [panel.title for panel in found.panels] == ["cat (cat)", "dog (cat)", "cat (dog)"]
    assert [panel.mark for panel in found.panels] == ["right", "wrong", "wrong"]
    assert found.panels[1].note == "80%  1.png"
    assert "2 of them are wrong" in found.caption


def test_how_many_are_wrong_is_said_in_words():
    said = {
        (0,): "1 of 30 examples",
        (0, 1): "1 of them is wrong.",
        (1, 2): "All of them are wrong.",
        (0, 3): "None of them is wrong.",
        (1,): "It is wrong.",
    }
    for places, words in said.items():
        assert words in show_predictions(IMAGES, ANSWERS, places).caption


def test_bytes_that_end_far_below_255_are_no_black_picture_and_have_one_range():
    digits = np.zeros((30, 8, 8, 1), np.uint8)
    digits[0, 0, 0], digits[1, 0, 0] = 16, 8
    for sheet in (show_examples(digits, count=2), show_predictions(digits, ANSWERS, count=2)):
        assert [panel.pixels.max() for panel in sheet.panels] == [1.0, 0.5]
    assert "2 of 30 examples" in show_examples(digits, count=2).caption
    assert example_panel(digits[1], "").pixels.max() == 1.0


def test_no_examples_are_no_picture():
    for show in (show_examples, lambda x, count: show_predictions(x, ANSWERS, count=count)):
        with pytest.raises(ArgumentError, match="count is a whole number from 1 up; got 0"):
            show(IMAGES, count=0)


def test_mistakes_and_doubts_are_ordered_by_how_sure_the_network_was():
    assert [panel.note for panel in show_mistakes(IMAGES, ANSWERS, 2).panels] == ["80%  1.png", "80%  4.png"]
    assert show_doubts(IMAGES, ANSWERS, 1).panels[0].note == "55%  2.png"


def test_answers_that_are_all_right_have_no_mistake_to_show():
    with pytest.raises(DataError, match="all 2 answers are right: there is no mistake to show"):
        show_mistakes(IMAGES[:2], make_answers([[1, 0], [0, 1]], [0, 1]))
    with pytest.raises(DataError, match="there is no example to show among these answers"):
        show_predictions(IMAGES, ANSWERS, places=[])


def test_signals_are_drawn_on_their_own_axis():
    signals = np.random.default_rng(0).normal(size=(30, 20, 2))
    panel = show_predictions(signals, ANSWERS, count=1, steps=np.linspace(400, 800, 20)).panels[0]
    assert isinstance(panel, LinePanel)
    assert (len(panel.lines), panel.lines[1].x[-1]) == (2, 800)


def test_images_of_any_range_and_bands_can_be_shown():
    floats = show_examples(np.full((1, 4, 4, 3), 0.5)).panels[0]
    bands = show_examples(np.random.default_rng(0).integers(0, 256, (1, 4, 4, 5), dtype=np.uint8)).panels[0]
    assert isinstance(floats, ImagePanel)
    assert isinstance(bands, ImagePanel)
    assert floats.pixels.max() == 0.5
    assert bands.pixels.shape[-1] == 3
    assert "Of the 5 bands" in show_examples(np.zeros((1, 4, 4, 5))).caption


def test_what_is_no_example_is_refused():
    with pytest.raises(DataError, match=r"examples to show are images .* got \(8, 8\)"):
        show_examples(np.zeros((8, 8)))


def test_scores_and_reliability_say_in_words_what_is_to_be_seen():
    scores, trust = show_class_scores(ANSWERS), show_reliability(ANSWERS)
    assert isinstance(scores.panels[0], BarPanel)
    assert scores.panels[0].names == ("cat", "dog")
    assert "Best together: cat (F1 0.500); worst: dog (0.000)" in scores.caption
    assert trust.panels[0].diagonal
    # Ten answers each of 55% (wrong), 70% (right) and 80% (wrong).
    assert trust.panels[0].names[4:9] == (
        "0.4-0.5: 0", "0.5-0.6: 10, none right", "0.6-0.7: 10", "0.7-0.8: 10, none right", "0.8-0.9: 0",
    )  # fmt: skip
    axes = draw(trust).axes[0]
    assert axes.get_yticks().tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert axes.get_ylim() == (0.0, 1.0)
    assert max(draw(scores).axes[0].get_yticks()) == 1.0
    assert "the network is too certain by 35.0%. Expected calibration error" in trust.caption
