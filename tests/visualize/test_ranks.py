"""Rank correlation against SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from striate.visualize.ranks import rank_correlation


def test_it_is_scipys_also_with_ties():
    generator = np.random.default_rng(0)
    one, other = generator.integers(0, 9, (2, 6, 7))
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one.ravel(), other.ravel()).statistic)


def test_the_same_order_is_1_whatever_the_values():
    values = np.array([0.1, 5.0, 2.0])
    assert rank_correlation(values, np.exp(values)) == pytest.approx(1)
    assert rank_correlation(values, -values) == pytest.approx(-1)


def test_where_all_values_are_equal_there_is_none():
    assert np.isnan(rank_correlation(np.zeros(4), np.arange(4)))
