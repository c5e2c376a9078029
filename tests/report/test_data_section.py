from __future__ import annotations

from striate.report.album import Album
from striate.report.blocks import Facts, Figures, Listed, Table, Words
from striate.report.data_section import describe_data
from tests.report.toy import CLASS_NAMES, FILE_NAME, RECORD, material


def made(kind, **changes):
    return [block for block in describe_data(material(**changes), Album()) if isinstance(block, kind)]


def without(*keys: str) -> dict:
    return {**RECORD, "data": {name: value for name, value in RECORD["data"].items() if name not in keys}}


def test_the_facts_name_data_parts_and_what_was_left_out():
    facts = dict(made(Facts)[0].rows)
    assert facts["data"] == "striped images"
    assert facts["one example"] == "image of 9 × 9 × 1"
    assert facts["training"] == "30 examples"
    assert facts["validation"] == "0 examples"
    assert facts["test"] == "30 examples, the data's own part"
    assert facts["left out"] == "2 examples with a copy in a part that is scored"
    assert facts["SHA-256"] == "ab" * 32
    assert "copies" not in facts


def test_a_part_that_was_held_back_is_said_to_be():
    data = {**RECORD["data"], "sources": {"test": "train"}}
    facts = dict(made(Facts, record={**RECORD, "data": data})[0].rows)
    assert facts["test"] == "30 examples, held back from the training part"


def test_leaks_and_bad_files_are_listed():
    leaks, bad = made(Listed)
    assert leaks.items == ("1 example is a copy of <another>",)
    assert (bad.title, bad.folded) == ("1 file was left out as unusable", False)
    assert bad.items == ("bad\udcff.png: is empty",)


def test_many_bad_files_are_folded_away():
    data = {**RECORD["data"], "bad_files": [{"name": str(one), "reason": "is empty"} for one in range(1200)]}
    bad = made(Listed, record={**RECORD, "data": data})[1]
    assert (bad.title, bad.folded) == ("1,200 files were left out as unusable", True)


def test_data_without_copies_are_said_to_have_none():
    found = describe_data(material(record=without("leaks", "bad_files")), Album())
    assert dict(found[0].rows)["copies"] == "no example was found to be a copy of another"
    assert not [block for block in found if isinstance(block, Listed)]


def test_the_classes_are_counted_for_each_part():
    table = made(Table)[0]
    assert table.head == ("class", "training", "validation", "test")
    assert table.rows[0] == (CLASS_NAMES[0], "10", "0", "10")


def test_examples_of_each_class_are_shown_with_class_and_file():
    (shown,) = made(Figures)
    assert [figure.title for figure in shown.figures] == [name for name in CLASS_NAMES for _ in range(6)]
    assert shown.figures[0].note == FILE_NAME


def test_without_the_data_the_record_still_speaks_and_the_reason_is_given():
    changes = {"given_examples": None, "missing": {"examples": "The data are gone."}}
    assert dict(made(Facts, **changes)[0].rows)["training"] == "30 examples"
    assert [words.text for words in made(Words, **changes)] == ["The data are gone."]
    assert not made(Table, **changes)
