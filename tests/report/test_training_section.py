from __future__ import annotations

from striate.applications import net_c
from striate.applications.choose import build
from striate.layers import Input, ReLU
from striate.models import Sequential
from striate.report.album import Album
from striate.report.blocks import Code, Facts, Figures, Listed, Table, Words
from striate.report.training_section import (
    describe_machine,
    describe_network,
    describe_repetition,
    describe_training,
)
from tests.report.toy import RECORD, material


def test_the_network_is_drawn_and_its_layers_are_listed():
    words, figures, table = describe_network(material(model=net_c()), Album())
    assert isinstance(words, Words)
    assert words.text == "Chosen because: it is small."
    assert isinstance(figures, Figures)
    assert "<svg" in figures.figures[0].picture.markup
    assert isinstance(table, Table)
    assert table.caption == "Layers: 94,890 parameters, 94,890 of them trained"
    assert table.rows[0] == ("conv1", "Conv2D", "(None, 30, 30, 32)", "896")
    assert not table.folded


def test_the_long_table_of_a_deep_network_is_folded_away():
    *_, table = describe_network(material(record={}, model=build("small", (64, 64, 3), 2)), Album())
    assert len(table.rows) > 24
    assert table.folded


def test_a_long_drawing_is_folded_away():
    short, long = (
        next(one for one in describe_network(material(model=model), Album()) if isinstance(one, Figures))
        for model in (net_c(), Sequential([Input((4,)), *(ReLU() for _ in range(30))]))
    )
    assert not short.folded
    assert long.folded


def test_a_training_is_judged_in_words_with_evidence_and_advice():
    verdict, why, advice, figures, facts = describe_training(material(), Album())
    assert isinstance(verdict, Words)
    assert verdict.text == "Verdict: over-fit since epoch 3."
    assert isinstance(why, Listed)
    assert "lowest after epoch 3" in why.items[0]
    assert isinstance(advice, Listed)
    assert advice.items
    assert isinstance(figures, Figures)
    assert figures.title == "Training (lowest validation loss: epoch 3)"
    assert len(figures.figures) == 2
    assert isinstance(facts, Facts)
    assert dict(facts.rows) == {
        "epochs": "6 of 6 planned; ended: finished",
        "best epoch": "3, whose network is the one shown here",
        "time": "12 seconds of training",
        "examples a step": "32",
        "augmentation": "light",
        "seed": "7",
    }


def test_a_run_without_an_epoch_has_no_curves_and_says_so():
    (words,) = describe_training(material(history=None), Album())
    assert words.text == "No epoch was finished, so there are no curves."


def test_a_record_that_says_nothing_gives_no_facts():
    assert describe_training(material(record={}, plan={}), Album())[-1] == Facts(())
    assert describe_machine(material(record={}), Album()) == (Facts(()),)


def test_the_machine_is_described_with_reasons_and_versions():
    (facts,) = describe_machine(material(), Album())
    found = dict(facts.rows)
    assert found["device"] == "cpu (no GPU found)"
    assert found["threads"] == "1"
    assert found["torch"] == RECORD["versions"]["torch"]
    assert found["finished"] == RECORD["finished"]


def test_command_and_recipe_are_there_to_copy():
    _, command, recipe = describe_repetition(material(), Album())
    assert isinstance(command, Code)
    assert command.text == "striate train 'runs/toy/recipe.toml'"
    assert isinstance(recipe, Code)
    assert recipe.text.startswith('data = "toy.npz"')
