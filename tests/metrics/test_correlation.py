from __future__ import annotations

import numpy as np
import pytest

from striate import metrics

DRAW = np.random.default_rng(5)
Y, P = DRAW.normal(size=(2, 6, 8)) + 0.5


@pytest.mark.parametrize("axis", [0, 1])
def test_pearson_is_numpy_s_correlation(axis):
    pairs = zip(np.moveaxis(Y, axis, -1), np.moveaxis(P, axis, -1), strict=True)
    expected = np.mean([np.corrcoef(y, p)[0, 1] for y, p in pairs])
    assert metrics.PearsonCorrelation(axis=axis)(Y, P).item() == pytest.approx(expected)


def test_concordance_also_asks_for_equal_mean_and_spread():
    expected = [
        2 * np.mean((y - y.mean()) * (p - p.mean())) / (y.var() + p.var() + (y.mean() - p.mean()) ** 2)
        for y, p in zip(Y, P, strict=True)
    ]
    assert np.allclose(metrics.concordance_correlation(Y, P), expected, atol=1e-6)
    assert metrics.ConcordanceCorrelation()(Y, Y + 5).item() < metrics.PearsonCorrelation()(Y, Y + 5).item()
