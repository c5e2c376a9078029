"""The hinges as metrics: how far answers are from being right by a margin of 1."""

from __future__ import annotations

from striate.metrics.base import FunctionMetric
from striate.ops import distances


class Hinge(FunctionMetric):
    """The mean of max(1 - y p, 0), y being -1 or 1; a batch of 0 and 1 is read so.

    >>> float(Hinge()([[1.0], [-1.0]], [[0.5], [-2.0]]))
    0.25
    """

    function = staticmethod(distances.hinge)


class SquaredHinge(FunctionMetric):
    """The mean of max(1 - y p, 0)^2, labels as for `Hinge`.

    >>> float(SquaredHinge()([[1.0], [-1.0]], [[0.5], [-2.0]]))
    0.125
    """

    function = staticmethod(distances.squared_hinge)


class CategoricalHinge(FunctionMetric):
    """By how much the best wrong score comes too near to the right one; labels are one-hot.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
    0.5
    """

    function = staticmethod(distances.categorical_hinge)
