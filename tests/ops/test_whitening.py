"""Statistics in parts and the symmetric whitening matrix, against NumPy on all at once."""

import numpy as np
import pytest

from striate.core.errors import ArgumentError, DataError, ShapeError
from striate.ops.whitening import RunningCovariance, whitening_matrix


def rows(count=50, features=4):
    random = np.random.default_rng(0)
    return random.normal(size=(count, features)) @ random.normal(size=(features, features)) + 1e4


def test_parts_of_any_size_give_the_covariance_of_the_whole():
    data, statistics = rows(), RunningCovariance(4)
    for part in (data[:1], data[1:1], data[1:20], data[20:]):
        statistics.add(part)
    assert statistics.count == 50
    np.testing.assert_allclose(statistics.mean, data.mean(0), rtol=1e-12)
    np.testing.assert_allclose(statistics.covariance(), np.cov(data.T, bias=True), rtol=1e-7)


def test_the_matrix_makes_the_covariance_the_identity():
    covariance = np.cov(rows().T, bias=True)
    matrix = whitening_matrix(covariance, 0.0)
    np.testing.assert_allclose(matrix @ covariance @ matrix, np.eye(4), atol=1e-9)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)


def test_epsilon_is_added_to_each_variance_before_the_root():
    matrix = whitening_matrix(np.diag([3.0, 0.0]), 1.0)
    np.testing.assert_allclose(matrix, np.diag([0.5, 1.0]))


def test_a_direction_without_variance_does_not_become_nan():
    data = np.repeat(rows(features=1), 3, axis=1)
    assert np.isfinite(whitening_matrix(np.cov(data.T, bias=True), 1e-6)).all()


@pytest.mark.parametrize("features", [0, 4097])
def test_sizes_out_of_reach_are_refused(features):
    with pytest.raises(ArgumentError, match=rf"at most 4,096 features .* got {features:,}\. Make the images"):
        RunningCovariance(features)


def test_rows_of_another_length_are_refused():
    with pytest.raises(ShapeError, match=r"rows of 3 features are wanted; got shape \(50, 4\)"):
        RunningCovariance(3).add(rows())


def test_there_is_no_covariance_of_nothing():
    with pytest.raises(DataError, match=r"no covariance of no rows"):
        RunningCovariance(3).covariance()
