"""Nested structures."""

from striate.core.tree import leaves, map_leaves

NESTED = {"b": [1, (2, 3)], "a": {"c": 4}}


def test_leaves_come_in_the_order_in_which_they_were_put_in():
    assert list(leaves(NESTED)) == [1, 2, 3, 4]
    assert list(leaves(5)) == [5]
    assert list(leaves([])) == []


def test_mapping_keeps_the_structure_and_its_kinds():
    assert map_leaves(lambda leaf: leaf * 10, NESTED) == {"b": [10, (20, 30)], "a": {"c": 40}}
    assert map_leaves(str, 5) == "5"
