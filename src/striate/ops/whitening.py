"""Whitening: the statistics it needs, gathered in one pass over any number of batches, and its matrix."""

from __future__ import annotations

import numpy as np

from striate.core.errors import ArgumentError, DataError, ShapeError

# A matrix of features by features: at this many it takes 128 MB in double precision.
MOST_FEATURES = 4096


class RunningCovariance:
    """Mean and covariance of rows that come in batches, as if all had been there at once.

    Both are those of the population (divided by the number of rows). Parts are joined as by Chan,
    Golub and LeVeque ("Algorithms for computing the sample variance", 1983), so that a large
    mean costs no digits.

    Raises:
        ArgumentError: fewer than one feature, or more than 4096.

    >>> statistics = RunningCovariance(2)
    >>> statistics.add(np.array([[1.0, 0.0], [3.0, 0.0]]))
    >>> statistics.mean.tolist(), statistics.covariance().tolist()
    ([2.0, 0.0], [[1.0, 0.0], [0.0, 0.0]])
    """

    def __init__(self, features: int):
        check_features(features)
        self.count = 0
        self.mean = np.zeros(features)
        self._products = np.zeros((features, features))

    def add(self, rows: np.ndarray) -> None:
        """Take in more rows.

        Shape:
            rows: (rows, features)

        Raises:
            ShapeError: another number of features.
        """
        if rows.ndim != 2 or rows.shape[1] != len(self.mean):
            raise ShapeError(f"rows of {len(self.mean)} features are wanted; got shape {rows.shape}.")
        if len(rows) == 0:
            return
        values = rows.astype(np.float64)
        part = values.mean(0)
        values -= part
        shift, total = part - self.mean, self.count + len(rows)
        self._products += values.T @ values
        self._products += np.outer(shift, shift) * (self.count * len(rows) / total)
        self.mean = self.mean + shift * (len(rows) / total)
        self.count = total

    def covariance(self) -> np.ndarray:
        """The covariance matrix of all rows so far.

        Shape:
            out: (features, features)

        Raises:
            DataError: there were no rows.
        """
        if self.count == 0:
            raise DataError("there is no covariance of no rows: the array or the iterable is empty.")
        return self._products / self.count


def check_features(features: int) -> None:
    """Refuse sizes for which a matrix of features by features is out of reach.

    Raises:
        ArgumentError: fewer than one feature, or more than 4096.
    """
    if not 1 <= features <= MOST_FEATURES:
        raise ArgumentError(
            f"whitening takes a matrix of features by features, so at most {MOST_FEATURES:,} features "
            f"(an image of 64x64x1 or 36x36x3); got {features:,}. Make the images smaller first, or use "
            "Normalization, which treats each channel or pixel by itself."
        )


def whitening_matrix(covariance: np.ndarray, epsilon: float) -> np.ndarray:
    """Make the symmetric (ZCA) whitening matrix `U diag(1 / sqrt(s + epsilon)) U^T` of `U diag(s) U^T`.

    Of all matrices that make a covariance the identity, this one changes the data least.
    (Bell and Sejnowski, "The independent components of natural scenes are edge filters", 1997;
    Krizhevsky, "Learning multiple layers of features from tiny images", 2009, appendix A.)

    Shape:
        covariance and out: (features, features); symmetric.

    >>> whitening_matrix(np.diag([4.0, 0.25]), 0.0).tolist()
    [[0.5, 0.0], [0.0, 2.0]]
    """
    scales, directions = np.linalg.eigh(covariance)
    # Directions without any variance come out as tiny numbers of either sign.
    scales = np.clip(scales, 0, None)
    return np.asarray((directions / np.sqrt(scales + epsilon)) @ directions.T)
