"""Members that are imported when they are asked for."""

import fractions
import json

import pytest

from striate.core.lazy import attach

LOAD, LISTING, PUBLIC = attach(
    "json", {"JSONDecoder": ".decoder", "Fraction": "fractions", "decoder": ".decoder"}
)


def test_a_name_is_fetched_from_the_module_beside_the_package():
    assert LOAD("JSONDecoder") is json.JSONDecoder


def test_a_name_may_come_from_a_module_elsewhere():
    assert LOAD("Fraction") is fractions.Fraction


def test_a_name_that_maps_to_its_own_module_is_that_module():
    assert LOAD("decoder") is json.decoder


def test_the_public_names_are_listed_in_order():
    assert LISTING() == PUBLIC == ["Fraction", "JSONDecoder", "decoder"]


def test_a_name_that_is_not_public_is_refused_with_the_nearest():
    with pytest.raises(AttributeError, match=r"module 'json' has no 'Fractoin'\. Did you mean 'Fraction'\?"):
        LOAD("Fractoin")
