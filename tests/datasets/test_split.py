"""A split keeps every class's share, and says why where it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError, LabelError
from striate.datasets.split import check_classes_present, stratified_split

LABELS = np.repeat([0, 1, 2], [50, 30, 20])


def test_every_class_keeps_its_share():
    kept, held = stratified_split(LABELS, 0.2, seed=0)
    assert np.bincount(LABELS[held]).tolist() == [10, 6, 4]
    assert np.bincount(LABELS[kept]).tolist() == [40, 24, 16]


def test_every_example_is_in_one_part_in_rising_order():
    kept, held = stratified_split(LABELS, 0.33, seed=0)
    assert sorted([*kept, *held]) == list(range(100))
    assert (np.diff(kept) > 0).all()
    assert (np.diff(held) > 0).all()


def test_one_seed_fixes_the_split_and_another_gives_another():
    first, second, other = (stratified_split(LABELS, 0.2, seed)[1].tolist() for seed in (1, 1, 2))
    assert first == second != other


def test_labels_of_one_column_are_taken():
    assert len(stratified_split(LABELS[:, None], 0.2, seed=0)[1]) == 20


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 20, float("nan")])
def test_a_fraction_that_is_none_is_refused(fraction):
    with pytest.raises(ArgumentError, match=r"lies between 0 and 1, as 0\.2; got"):
        stratified_split(LABELS, fraction, seed=0)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, True, None])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ArgumentError, match="seed must be a whole number from 0 to 4294967295"):
        stratified_split(LABELS, 0.2, seed)


def test_no_examples_are_refused():
    with pytest.raises(ArgumentError, match="there are no examples to split"):
        stratified_split(np.zeros(0, int), 0.2, seed=0)


@pytest.mark.parametrize(("names", "shown"), [(["cat", "dog"], "'dog'"), (None, "1"), (["cat"], "1")])
def test_a_class_with_a_single_example_is_named(names, shown):
    with pytest.raises(LabelError, match=rf"class {shown} has a single example"):
        stratified_split(np.array([0, 0, 0, 1]), 0.5, 0, names)


@pytest.mark.parametrize("fraction", [0.01, 0.99])
def test_a_part_too_small_for_all_classes_is_refused(fraction):
    with pytest.raises(ArgumentError, match=r"of 100 examples leaves a part of 1, fewer than the 3 classes"):
        stratified_split(LABELS, fraction, seed=0)


def test_classes_that_are_missing_are_named():
    check_classes_present(LABELS, ["a", "b", "c"])
    with pytest.raises(LabelError, match=r"2 of 5 classes have no example in the training part: 'd', 'e'\."):
        check_classes_present(LABELS, ["a", "b", "c", "d", "e"])


def test_of_many_missing_classes_ten_are_named():
    with pytest.raises(LabelError, match=r"20 of 20 classes .*: 'c0', .*'c9', \.\.\.\."):
        check_classes_present(np.zeros(0, int), [f"c{number}" for number in range(20)])
