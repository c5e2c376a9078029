"""The hinge losses: an answer shall be right by a margin of 1."""

from __future__ import annotations

from striate.losses.base import FunctionLoss
from striate.ops import distances


class Hinge(FunctionLoss):
    """The mean of max(1 - y p, 0), y being -1 or 1; labels 0 and 1 are read so.

    >>> Hinge()([[1.0], [-1.0]], [[0.5], [-2.0]])
    tensor(0.2500)
    """

    function = staticmethod(distances.hinge)


class SquaredHinge(FunctionLoss):
    """The mean of max(1 - y p, 0)^2, labels as for `Hinge`.

    >>> SquaredHinge()([[1.0], [-1.0]], [[0.5], [-2.0]])
    tensor(0.1250)
    """

    function = staticmethod(distances.squared_hinge)


class CategoricalHinge(FunctionLoss):
    """The best wrong score shall stay 1 below the right one; labels are one-hot.

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]])
    tensor(0.5000)
    """

    function = staticmethod(distances.categorical_hinge)
