from __future__ import annotations

import pytest

from striate.core.errors import StateError
from striate.report import Material
from tests.report.toy import examples, material

BARE = Material("bare", {}, "", "", ())


def test_what_is_there_is_handed_out():
    given = material()
    assert given.model is given.network
    assert given.examples is given.given_examples
    assert given.answers is given.given_answers


def test_a_network_that_is_not_there_is_missed_in_words():
    with pytest.raises(StateError, match="The run holds no network"):
        BARE.model  # noqa: B018


def test_examples_that_are_not_there_are_missed_in_words():
    with pytest.raises(StateError, match="data are not at hand"):
        BARE.examples  # noqa: B018


def test_answers_that_are_not_there_are_missed_in_words():
    with pytest.raises(StateError, match="was not tested"):
        BARE.answers  # noqa: B018


def test_the_reason_that_is_known_is_given():
    with pytest.raises(StateError, match="gone away"):
        material(given_examples=None, missing={"examples": "gone away"}).examples  # noqa: B018


def test_the_record_is_read_key_by_key():
    assert material().known("data", "parts", "train") == 30
    assert material().known("data", "parts", "train", "more") is None
    assert material().known("nothing") is None


def test_the_steps_of_signals_stand_on_their_own_axis():
    assert examples("signal").steps[0] == 400
    assert examples().steps is None
