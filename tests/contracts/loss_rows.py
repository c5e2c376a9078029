"""One row for each public loss (more where a loss has modes): what test_losses.py proves of it.

The labels, answers and options are those of tests/peers/scoring_rows.py, where a new loss gets
its line; only what no line can be written for there stands here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from striate import losses
from tests.peers.scoring_rows import LOSSES, Batch, draw

# The base, which measures nothing.
EXCEPTED: set[type] = {losses.Loss}


@dataclass(frozen=True)
class LossRow:
    """A loss, its options, the kind of labels and answers it takes, and where it differs from most."""

    kind: type[losses.Loss]
    data: str
    arguments: dict[str, Any] = field(default_factory=dict)
    mixes_samples: bool = False
    has_defaults: bool = True

    def make(self, **options: Any) -> losses.Loss:
        """Make the loss; `options` go beside the row's own arguments."""
        return self.kind(**{**self.arguments, **options})

    def batch(self) -> Batch:
        """Draw five labels and answers, always the same."""
        return draw(self.data, np.random.default_rng(5), 5)


def mixes_samples(name: str, arguments: dict[str, Any]) -> bool:
    """Whether the value of a batch is more than the mean over its samples alone."""
    if name == "Circle" or "ignore_class" in arguments:
        return True
    return arguments.get("axis") == 0 or (name in ("Dice", "Tversky") and "axis" not in arguments)


ROWS = [
    LossRow(getattr(losses, name), data, arguments, mixes_samples(name, arguments))
    for name, lines in LOSSES.items()
    for data, arguments in lines
    if name in losses.__all__
] + [
    LossRow(
        losses.LossFunctionWrapper, "values", {"fn": losses.huber, "delta": 0.3, "name": "h"}, False, False
    )
]
