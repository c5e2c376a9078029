from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import StateError
from striate.layers import Conv2D, Dense, Flatten, Input
from striate.models import Sequential
from striate.report import inside_section
from striate.report.album import Album
from striate.report.blocks import Film, Raster, Vector, Words
from striate.report.inside_section import (
    describe_class_inputs,
    describe_filters,
    describe_maps,
    describe_window,
)
from tests.report.toy import dense_network, material, network


def test_filters_stand_beside_the_patches_that_excite_them_most():
    weights, patches = describe_filters(material(), Album())
    assert len(weights.figures) == 4
    assert (len(patches.figures), patches.columns) == (4 * 7, 7)
    assert patches.figures[0].title == "filter 0"
    assert "cut from 30 examples" in patches.caption


def test_maps_show_before_and_after_inside_the_layer_and_the_activation_behind_another():
    both, plain, after = describe_maps(material(), Album())
    assert [figure.title for figure in both.figures][2:4] == ["Feature 1, before", "Feature 1, after"]
    assert [figure.title for figure in plain.figures][:2] == ["Original", "Feature 1"]
    assert "ReLU" in after.caption


def test_a_convolution_without_any_activation_behind_it_is_shown_alone():
    layers = [Input((9, 9, 1)), Conv2D(2, 3), Conv2D(2, 3), Flatten(), Dense(3, activation="softmax")]
    assert len(describe_maps(material(model=Sequential(layers)), Album())) == 2


def test_the_window_slides_over_a_real_example_on_the_first_convolution():
    (film,) = describe_window(material(), Album())
    assert isinstance(film, Film)
    assert len(film.frames) == 24
    first = film.frames[0].figures[0].picture
    assert isinstance(first, Raster)
    assert first.box == (0, 0, 3, 3)
    assert film.frames[0].operators == ("×", "=")


def test_the_inputs_of_all_classes_are_found():
    figures, words = describe_class_inputs(material(), Album())
    assert len(figures.figures) == 3
    # As many steps as the picture by itself takes, from the same seed.
    assert words.text == "Each was searched for in 256 steps, seed 0."


def test_a_shorter_search_is_said_to_be_one(monkeypatch):
    monkeypatch.setattr(inside_section, "affordable", lambda _model, _budget, most, *_: min(most, 60))
    _, words = describe_class_inputs(material(), Album())
    assert words.text == (
        "Each was searched for in 60 steps, seed 0. striate see takes 256, so its pictures are a little "
        "different."
    )


def test_signals_are_shown_as_lines():
    given = material("signal")
    for make in (describe_filters, describe_maps, describe_window, describe_class_inputs):
        for block in make(given, Album()):
            if isinstance(block, Words):
                continue
            figures = block.frames[0].figures[:1] if isinstance(block, Film) else block.figures
            assert all(isinstance(figure.picture, Vector) for figure in figures)


@pytest.mark.parametrize("make", [describe_filters, describe_maps, describe_window])
def test_a_network_without_convolutions_has_no_filters_to_look_at(make):
    with pytest.raises(StateError, match="has no convolution, so there are no filters to look at"):
        make(material(model=dense_network()), Album())


def test_a_search_that_would_take_too_long_is_left_to_the_person(monkeypatch):
    monkeypatch.setattr(inside_section, "ASCENT_BUDGET", 1e4)
    with pytest.raises(StateError, match=r"operations a call too long for a report\. In Python: striate"):
        describe_class_inputs(material(), Album())


def test_of_too_many_classes_the_first_are_searched_for(monkeypatch):
    monkeypatch.setattr(inside_section, "CLASSES", 2)
    figures, words = describe_class_inputs(material(), Album())
    assert len(figures.figures) == 2
    assert words.text.endswith("seed 0. These are the first 2 of 3 classes.")


def test_the_network_is_left_as_it_was():
    model = network()
    before = [weight.copy() for weight in model.get_weights()]
    given = material(model=model)
    for make in (describe_filters, describe_maps, describe_window, describe_class_inputs):
        make(given, Album())
    assert all((old == new).all() for old, new in zip(before, model.get_weights(), strict=True))
    assert not any(module._forward_hooks for module in model.modules())
    assert np.isfinite(model.predict(given.examples.test.x, verbose=0)).all()
