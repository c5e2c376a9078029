"""The loss for embeddings: near within a class, far between classes."""

from __future__ import annotations

from typing import Any

import torch

from striate.losses.base import FunctionLoss
from striate.ops import distances


class Circle(FunctionLoss):
    """Pull embeddings of one class together and push others apart; harder pairs weigh more.

    Samples without a partner of their class in the batch do not count in a mean.
    (Sun et al., "Circle loss", arXiv:2002.10857.)

    Shape:
        y_true (batch,) or (batch, 1) class numbers; y_pred (batch, features), rows of length 1.

    >>> Circle(gamma=1.0)([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    tensor(0.5459)
    """

    function = staticmethod(distances.circle)
    gamma: float
    margin: float
    remove_diagonal: bool

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ):
        super().__init__(reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)

    def mask(self, y_true: Any, values: torch.Tensor) -> torch.Tensor | None:
        """Count the samples that cost something."""
        return values > 0
