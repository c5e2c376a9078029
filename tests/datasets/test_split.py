"""A split keeps every class's share, and says why where it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError, LabelError
from striate.datasets.split import check_classes_present, grouped_split, limit_classes, stratified_split

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


def test_groups_are_never_parted_and_each_class_comes_near_its_share():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, 600)
    groups = generator.integers(0, 60, 600)
    kept, held = grouped_split(labels, groups, 0.2, seed=0)
    assert sorted([*kept, *held]) == list(range(600))
    assert not set(groups[kept]) & set(groups[held])
    shares = np.bincount(labels[held]) / np.bincount(labels)
    assert np.abs(shares - 0.2).max() < 0.06


def test_examples_that_stand_alone_fill_up_each_class_exactly():
    labels = np.repeat([0, 1], 50)
    groups = np.arange(100)
    groups[:5] = 0
    _, held = grouped_split(labels, groups, 0.2, seed=3)
    assert np.bincount(labels[held]).tolist() == [10, 10]


def test_a_class_of_a_single_group_is_refused():
    labels, groups = np.repeat([0, 1], 10), np.concatenate([np.arange(10), np.full(10, 99)])
    with pytest.raises(
        LabelError, match=r"all examples of class 'dog' belong to one group, which cannot stand"
    ):
        grouped_split(labels, groups, 0.2, 0, ["cat", "dog"])


def test_groups_that_cannot_be_parted_are_refused():
    labels = np.repeat([0, 1], 40)
    groups = np.concatenate([np.arange(40), np.repeat([40, 41], 20)])
    with pytest.raises(ArgumentError, match=r"none of class 'dog' is held back\. Choose another fraction"):
        grouped_split(labels, groups, 0.02, 0, ["cat", "dog"])


def test_a_limit_takes_examples_spread_over_each_class():
    assert limit_classes(np.repeat([1, 0], 5), 3).tolist() == [0, 2, 4, 5, 7, 9]
    assert limit_classes(np.array([2, 2]), 9).tolist() == [0, 1]
    assert limit_classes(np.zeros(0, int), 9).tolist() == []


@pytest.mark.parametrize("limit", [0, -1, True, 2.5])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(ArgumentError, match="limit is how many examples a class are taken, from 1 up"):
        limit_classes(np.zeros(3, int), limit)


def test_the_fraction_is_called_what_the_person_calls_it():
    with pytest.raises(ArgumentError, match=r"the 3 classes\. Choose another test_share, or add examples"):
        stratified_split(LABELS, 0.01, 0, word="test_share")
    labels = np.repeat([0, 1], 40)
    groups = np.concatenate([np.arange(40), np.repeat([40, 41], 20)])
    with pytest.raises(
        ArgumentError, match=r"is held back\. Choose another validation_share, or bring the test"
    ):
        grouped_split(labels, groups, 0.02, 0, word="validation_share")
