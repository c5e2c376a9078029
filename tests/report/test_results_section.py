from __future__ import annotations

import numpy as np
import pytest

from striate.report.album import Album
from striate.report.blocks import Bar, ConfusionTable, Figures, Table, Words
from striate.report.results_section import (
    describe_classes,
    describe_doubts,
    describe_mistakes,
    describe_results,
    describe_trust,
    likely_range,
)
from striate.visualize.answers import make_answers
from tests.report.toy import CLASS_NAMES, material


def test_the_accuracy_says_on_how_many_examples_and_how_sure_it_is():
    words, matrix = describe_results(material(), Album())
    assert isinstance(words, Words)
    # 23 of 30; Wilson's interval worked out by hand.
    assert words.text.startswith("Accuracy on 30 test examples: 76.7%.")
    assert "between 59.1% and 88.2%" in words.text
    assert isinstance(matrix, ConfusionTable)


@pytest.mark.parametrize(("right", "count"), [(0, 5), (5, 5), (1, 2)])
def test_the_likely_range_holds_the_share_and_stays_between_0_and_1(right, count):
    low, high = likely_range(right, count)
    assert 0 <= low <= right / count <= high <= 1
    assert low < high


def test_each_class_has_its_precision_recall_and_f1():
    _, table = describe_classes(material(), Album())
    assert isinstance(table, Table)
    name, count, precision, recall, f1 = table.rows[0]
    assert (name, count) == (CLASS_NAMES[0], "10")
    answers = material().answers
    hits = int(((answers.labels == 0) & answers.right).sum())
    assert precision == Bar(hits / int((answers.predicted == 0).sum()))
    assert recall == Bar(hits / 10)
    assert 0 < f1.share < 1


def test_a_class_that_was_never_answered_has_no_precision():
    answers = make_answers(np.tile([0.9, 0.1, 0.0], (4, 1)), [0, 0, 1, 1], CLASS_NAMES)
    _, table = describe_classes(material(given_answers=answers), Album())
    assert table.rows[1][2] == Bar(None)
    assert table.rows[2][3] == Bar(None)


def test_trust_is_drawn_beside_the_diagonal_and_listed():
    figures, table = describe_trust(material(), Album())
    assert isinstance(figures, Figures)
    assert "Expected calibration error" in figures.caption
    assert 'class="line faint"' in figures.figures[0].picture.markup
    assert isinstance(table, Table)
    assert sum(int(row[1]) for row in table.rows) == 30


def test_mistakes_come_most_confident_first_with_their_files():
    (figures,) = describe_mistakes(material(), Album())
    answers = material().answers
    wanted = [answers.names[place] for place in answers.mistakes()]
    assert [figure.note.partition("  ")[2] for figure in figures.figures] == wanted
    assert {figure.mark for figure in figures.figures} == {"wrong"}


def test_doubts_are_shown_with_right_and_wrong_ones_marked():
    (figures,) = describe_doubts(material(), Album())
    assert len(figures.figures) == 24
    assert {figure.mark for figure in figures.figures} == {"right", "wrong"}


def test_a_network_without_mistakes_has_none_to_show():
    labels = np.asarray(material().examples.test.y)
    answers = make_answers(np.eye(3)[labels], labels, CLASS_NAMES)
    (words,) = describe_mistakes(material(given_answers=answers), Album())
    assert words.text == "There is none: all test examples are answered right."
