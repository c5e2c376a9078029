"""One row for each public metric (more where a metric has modes): what test_metrics.py proves of it.

The labels, answers and options are those of tests/peers/scoring_rows.py, where a new metric gets
its lines; only what no line can be written for there stands here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from striate import metrics
from tests.peers.scoring_rows import BATCHES, METRICS, Batch, draw

# The base, which measures nothing.
EXCEPTED: set[type] = {metrics.Metric}


@dataclass(frozen=True)
class MetricRow:
    """A metric, its options, the kind of labels and answers it takes, and where it differs from most."""

    kind: type[metrics.Metric]
    data: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def make(self, **options: Any) -> metrics.Metric:
        """Make the metric; `options` go beside the row's own arguments."""
        return self.kind(**{**self.arguments, **options})

    def batch(self) -> Batch:
        """Draw labels and answers, always the same."""
        return draw(self.data, np.random.default_rng(6), sum(BATCHES))

    def batches(self) -> list[Batch]:
        """The same, cut into uneven batches."""
        cuts = np.cumsum(BATCHES)[:-1]
        labels, answers = (np.split(part, cuts) for part in self.batch())
        return list(zip(labels, answers, strict=True))


ROWS = [
    MetricRow(getattr(metrics, name), data, arguments)
    for name, lines in METRICS.items()
    for data, arguments in lines
] + [
    # These two take values and their weights, so the weights must be above 0.
    MetricRow(metrics.Mean, "positive"),
    MetricRow(metrics.Sum, "positive"),
    MetricRow(metrics.MeanMetricWrapper, "values", {"fn": metrics.huber, "delta": 0.3}),
]
