"""`striate augment`: an image or data, drawn beside changed copies."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, UnknownNameError
from striate.workbench.augmenting import draw_augmented


def test_an_image_is_drawn_beside_copies(here):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (700, 500, 3), dtype=np.uint8)).save("big.jpg")
    found = draw_augmented("big.jpg", copies=2, out="sheet.png")
    assert found.preset == "standard"
    assert [panel.title for panel in found.picture.panels] == ["original", "copy 1", "copy 2"]
    assert max(found.picture.panels[0].pixels.shape) <= 256
    with Image.open("sheet.png") as sheet:
        assert sheet.format == "PNG"


def test_data_give_an_example_of_each_class(here):
    found = draw_augmented("toy.npz", "light", copies=1)
    assert [panel.note for panel in found.picture.panels[::2]] == ["x[0]", "x[1]", "x[2]"]
    assert (here / "augmented.png").is_file()


def test_signals_are_drawn_as_lines(here):
    np.savez("waves.npz", x=np.random.default_rng(0).normal(size=(6, 30, 1)), y=np.arange(6) % 2)
    found = draw_augmented("waves.npz", "strong", copies=1, out="waves.svg")
    assert len(found.picture.panels) == 4
    assert found.file.read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_no_copies_and_too_many_are_refused(here):
    with pytest.raises(
        ArgumentError, match="copies is how many there are beside the original, from 1 to 100"
    ):
        draw_augmented("toy.npz", copies=0)
    with pytest.raises(ArgumentError, match="from 1 to 100; got 101"):
        draw_augmented("toy.npz", copies=101)


def test_a_preset_that_is_none_is_refused(here):
    with pytest.raises(UnknownNameError, match="no augmentation preset called 'wild'"):
        draw_augmented("toy.npz", "wild")


def test_what_training_leaves_alone_is_shown_as_what_could_be_asked_for(here):
    np.savez("waves.npz", x=np.random.default_rng(0).normal(size=(6, 30, 1)), y=np.arange(6) % 2)
    found = draw_augmented("waves.npz", copies=1)
    assert found.preset == "standard"
    assert found.picture.caption.startswith(
        "Training changes nothing here unless told to (signals are left as they are); "
        "this is what --augment standard would do. Changes: "
    )
    asked = draw_augmented("waves.npz", "standard", copies=1)
    assert asked.picture.caption.startswith("Changes: ")
    nothing = draw_augmented("waves.npz", "none", copies=1)
    assert (nothing.preset, nothing.picture.caption) == (
        "none",
        "Nothing is changed: every epoch sees the examples as they are.",
    )
