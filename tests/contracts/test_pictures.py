"""The contract of a picture, proved for each row of picture_rows.py."""

from __future__ import annotations

import inspect

import pytest
import torch

from striate import visualize
from striate.visualize import Picture, encode
from striate.visualize.base import Curves, Diagram, Frames, Matrix, Sheet
from tests.contracts.picture_rows import ROWS

# By name, as annotations are not evaluated.
PICTURES = {kind.__name__ for kind in (Curves, Diagram, Frames, Matrix, Picture, Sheet)}

EACH_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(filter(None, (row.name, row.words))))
EACH_NETWORK = pytest.mark.parametrize(
    "row", [row for row in ROWS if row.network], ids=lambda row: " ".join(filter(None, (row.name, row.words)))
)


def state_of(model):
    """Weights, gradients, modes, hooks and attributes of every module."""
    modules = list(model.modules())
    return (
        {name: value.clone() for name, value in model.state_dict().items()},
        [
            (
                module.training, len(module._forward_hooks), len(module._forward_pre_hooks),
                len(module._backward_hooks), sorted(vars(module)), id(getattr(module, "activation", None)),
            )
            for module in modules
        ],
        [(parameter.requires_grad, parameter.grad) for parameter in model.parameters()],
    )  # fmt: skip


def assert_same(before, after):
    assert before[1:] == after[1:]
    assert before[0].keys() == after[0].keys()
    assert all(torch.equal(before[0][name], after[0][name]) for name in before[0])


def test_every_function_that_makes_a_picture_has_a_row():
    made = {
        name
        for name in visualize.__all__
        if inspect.isroutine(function := getattr(visualize, name))
        and function.__annotations__["return"] in PICTURES
    }
    assert made - {row.name for row in ROWS} == set()
    assert len(made) > 20


@EACH_ROW
def test_it_gives_a_picture_with_a_title_and_sentences_below(row):
    picture = row.make(row.network() if row.network else None)
    assert isinstance(picture, Picture)
    assert picture.title
    assert picture.caption.endswith((".", ")"))
    assert "  " not in picture.caption


@EACH_ROW
def test_it_is_drawn_as_png_and_svg_and_shows_itself_in_a_notebook(row):
    picture = row.make(row.network() if row.network else None)
    assert picture._repr_png_() == encode(picture)
    assert encode(picture).startswith(b"\x89PNG")
    assert b"<svg" in encode(picture, "svg")


@EACH_NETWORK
@pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])
def test_the_network_stays_as_it_was(row, training):
    model = row.network()
    model.train(training)
    before = state_of(model)
    row.make(model)
    assert_same(before, state_of(model))
