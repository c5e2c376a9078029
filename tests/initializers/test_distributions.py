"""Distributions with fixed parameters, measured on large samples, and orthogonal matrices."""

import pytest
import torch

from striate import initializers
from striate.core.errors import ArgumentError, ShapeError


def test_truncated_normal_is_the_normal_distribution_between_the_cuts():
    values = initializers.TruncatedNormal(mean=3.0, stddev=2.0, seed=1)((200_000,), dtype="float64")
    standard = (values - 3) / 2
    assert standard.abs().max() <= 2
    assert standard.std().item() == pytest.approx(0.87962566103423978, rel=0.005)
    # Of what lies within two deviations, 0.68269 / 0.95450 lies within one.
    assert (standard.abs() <= 1).double().mean().item() == pytest.approx(0.71523, abs=0.004)
    # Redrawn, not pushed onto the cut: hardly a value is exactly there, and no two are the same.
    assert len(values.unique()) == len(values)


def test_random_normal_has_its_mean_and_deviation_and_no_cut():
    values = initializers.RandomNormal(mean=-1.0, stddev=0.5, seed=1)((100_000,))
    assert values.mean().item() == pytest.approx(-1.0, abs=0.006)
    assert values.std().item() == pytest.approx(0.5, rel=0.01)
    assert (values + 1).abs().max() > 3.5 * 0.5


def test_random_uniform_fills_its_range_evenly():
    values = initializers.RandomUniform(-1.0, 3.0, seed=1)((100_000,))
    assert -1 <= values.min() < -0.999
    assert 2.999 < values.max() <= 3
    counts = torch.histc(values, bins=4, min=-1, max=3)
    assert (counts / 25_000 - 1).abs().max() < 0.03


def test_spreads_below_zero_and_ranges_upside_down_are_refused():
    with pytest.raises(ArgumentError, match=r"TruncatedNormal: stddev must be a number from 0 up; got -1\."):
        initializers.TruncatedNormal(stddev=-1)
    with pytest.raises(ArgumentError, match=r"from minval up to maxval; got minval=1, maxval=0\."):
        initializers.RandomUniform(1, 0)


@pytest.mark.parametrize("shape", [(5, 5), (6, 3), (3, 6), (3, 3, 2, 7)])
def test_orthogonal_rows_or_columns_have_the_gain_as_their_length(shape):
    matrix = initializers.Orthogonal(gain=2.0, seed=1)(shape).reshape(-1, shape[-1])
    gram = matrix @ matrix.T if len(matrix) < matrix.shape[1] else matrix.T @ matrix
    torch.testing.assert_close(gram, 4 * torch.eye(len(gram)), atol=1e-5, rtol=0)


def test_orthogonal_matrices_favour_no_direction():
    generator = torch.Generator().manual_seed(0)
    draw = initializers.Orthogonal()
    corners = torch.stack([draw((3, 3), generator=generator).diagonal() for _ in range(2000)])
    # Each entry of an evenly drawn rotation or reflection has mean 0 and variance 1/3.
    assert corners.mean(0).abs().max() < 0.05
    assert (corners.var(0) - 1 / 3).abs().max() < 0.03


def test_orthogonal_needs_a_matrix_or_more():
    with pytest.raises(ShapeError, match=r"Orthogonal fills weights with at least 2 axes; got 1: \(4,\)\."):
        initializers.Orthogonal()((4,))
