from __future__ import annotations

import numpy as np
import pytest

from striate.datasets.source import Data
from striate.report import confusion
from striate.report.album import Album
from striate.report.confusion import show_confusions
from striate.report.material import Examples
from striate.report.text import plain
from striate.visualize.answers import make_answers
from striate.visualize.base import HeatPanel, Sheet
from tests.report.toy import CLASS_NAMES, answers_to, dense_network, file_names, images, material


@pytest.fixture(scope="module")
def shown():
    return show_confusions(material(), Album())


def test_the_counts_stand_in_rows_of_true_and_columns_of_answered_classes(shown):
    _, labels = images()
    said = answers_to(labels, file_names()).predicted
    wanted = [[int(((labels == row) & (said == column)).sum()) for column in range(3)] for row in range(3)]
    assert [[cell.count for cell in row] for row in shown.rows] == wanted
    assert [[cell.right for cell in row] for row in shown.rows] == np.eye(3, dtype=bool).tolist()
    assert shown.names == CLASS_NAMES


def test_an_empty_cell_cannot_be_opened_and_a_full_one_says_what_is_in_it(shown):
    cells = [cell for row in shown.rows for cell in row]
    assert {cell.key for cell in cells if not cell.count} == {""}
    assert {cell.key for cell in cells if cell.count} == set(shown.content["cells"])
    assert cells[1].label == f"{cells[1].count} examples of {CLASS_NAMES[0]} taken for {CLASS_NAMES[1]}"
    assert cells[0].label == f"{cells[0].count} examples of {CLASS_NAMES[0]} recognised"
    assert cells[0].shade > cells[1].shade > 0


def test_a_cell_holds_the_names_of_its_examples_the_most_confident_first(shown):
    answers = material().answers
    for key, cell in shown.content["cells"].items():
        true, said = map(int, key.split("-"))
        places = answers.cell(true, said)
        ordered = places[np.argsort(-answers.confidence[places], kind="stable")]
        assert [item["name"] for item in cell["items"]] == [answers.names[place] for place in ordered]
        assert cell["items"][0]["confidence"] == f"{answers.confidence[ordered[0]]:.0%}"
        assert cell["rest"] == []


def test_a_mistake_has_heatmaps_for_both_classes_and_a_right_answer_one(shown):
    content = shown.content["cells"]
    (true, said), wrong = next(
        (key.split("-"), cell) for key, cell in content.items() if key[0] != key[2] and cell["items"]
    )
    first = wrong["items"][0]["heats"]
    answers, item = material().answers, wrong["items"][0]
    place = next(number for number, name in enumerate(answers.names) if plain(name) == item["name"])
    # The shares are those of the answers, in the card's whole percent.
    assert [heat["title"] for heat in first] == [
        plain(f"for {CLASS_NAMES[number]}, {answers.probabilities[place, number]:.0%}")
        for number in (int(true), int(said))
    ]
    assert first[1]["title"].endswith(item["confidence"])
    assert {len(item["heats"]) for item in content["0-0"]["items"]} == {0, 1}
    assert "Grad-CAM shows which parts speak for the true class" in shown.hint


def test_that_nothing_is_to_be_seen_is_said_of_the_example_and_not_of_the_matrix(monkeypatch):
    panel = HeatPanel(np.zeros((9, 9)), "for class 0", "Nothing to be seen: no gradient")
    monkeypatch.setattr(
        confusion, "show_attribution", lambda found: Sheet("", "", (panel,) * len(found.values))
    )
    shown = show_confusions(material(), Album())
    assert "othing to be seen" not in shown.hint
    notes = {heat["note"] for item in shown.content["cells"]["0-0"]["items"] for heat in item["heats"]}
    assert notes == {"Nothing to be seen: no gradient"}


def test_cells_are_darker_with_their_share_and_empty_ones_have_no_colour(shown):
    assert {cell.shade for row in shown.rows for cell in row if not cell.count} == {0}
    assert "the stronger the colour, the larger the share of the row" in shown.caption
    # A third of a row is 3 of 9 on the diagonal; beside it the root of a share: one of a hundred is seen.
    assert [confusion._shade(1 / 3, True), confusion._shade(1.0, True)] == [3, 9]
    assert [confusion._shade(0.01, False), confusion._shade(0.25, False)] == [1, 5]


def test_surrogates_in_names_are_spelled_out_in_what_the_script_reads(shown):
    titles = [cell["title"] for key, cell in shown.content["cells"].items() if key[0] == "2"]
    assert all("caf\\udce9 🐈\\u202e" in title for title in titles)


def test_pictures_end_where_their_budget_does_and_the_names_go_on(monkeypatch):
    monkeypatch.setattr(confusion, "PICTURE_BYTES", 400)
    content = show_confusions(material(), Album()).content
    shown = sum(len(cell["items"]) for cell in content["cells"].values())
    rest = sum(len(cell["rest"]) for cell in content["cells"].values())
    assert 1 <= shown < 10
    assert shown + rest == 30


def test_of_very_many_names_the_rest_is_counted(monkeypatch):
    monkeypatch.setattr(confusion, "PICTURES", 1)
    monkeypatch.setattr(confusion, "NAMES", 2)
    cell = show_confusions(material(), Album()).content["cells"]["0-0"]
    count = int(((answers := material().answers).labels == 0)[answers.right].sum())
    assert (len(cell["items"]), len(cell["rest"]), cell["more"]) == (1, 2, count - 3)


def test_heatmaps_end_where_their_budget_does(monkeypatch):
    monkeypatch.setattr(confusion, "HEAT_BYTES", 0)
    monkeypatch.setattr(confusion, "_EXPLAINED_AT_ONCE", 2)
    content = show_confusions(material(), Album()).content
    assert sum(bool(item["heats"]) for cell in content["cells"].values() for item in cell["items"]) == 2


def test_without_a_convolution_the_matrix_opens_without_heatmaps_and_says_why():
    shown = show_confusions(material(model=dense_network()), Album())
    assert "There are no heatmaps: " in shown.hint
    assert not any(item["heats"] for cell in shown.content["cells"].values() for item in cell["items"])


def test_signals_are_kept_as_drawings():
    content = show_confusions(material("signal"), Album()).content
    item = content["cells"]["0-0"]["items"][0]
    assert item["picture"].startswith("d")
    assert content["drawings"][int(item["picture"][1:])].startswith('<svg class="small-plot"')
    assert content["numbers"] == set()


def test_of_many_classes_those_with_the_most_mistakes_are_shown():
    count = 50
    labels = np.arange(count)
    said = labels.copy()
    said[[3, 44]] = [44, 3]
    names = [f"class {number}" for number in labels]
    data = Data(np.zeros((count, 9, 9, 1), np.uint8), labels)
    given = Examples("image", data, data, {})
    answers = make_answers(np.eye(count)[said], labels, names)
    shown = show_confusions(
        material(given_examples=given, given_answers=answers, model=dense_network()), Album()
    )
    assert len(shown.rows) == len(shown.names) == 40
    assert {"class 3", "class 44"} <= set(shown.names)
    assert "Shown are the 40 of 50 classes with the most mistakes." in shown.caption
