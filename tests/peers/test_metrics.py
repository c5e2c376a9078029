"""Every metric beside Keras's, over uneven batches, with and without sample weights."""

from __future__ import annotations

import numpy as np
import pytest

from striate import metrics
from tests.peers.keras_side import TOLERANCE, keras, share
from tests.peers.scoring_rows import BATCHES, METRICS, draw

pytestmark = pytest.mark.peers

# Keras's own take no weights here.
UNWEIGHTED = {"ConcordanceCorrelation", "PearsonCorrelation"}

# Keras cuts the weights of these down to whole numbers, so it is asked with whole ones.
COUNTING = {"BinaryIoU", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"}


def names() -> list[str]:
    kinds = {name: getattr(metrics, name) for name in metrics.__all__ if name[0].isupper()}
    return sorted(name for name in kinds if name not in ("Metric", "Mean", "Sum", "MeanMetricWrapper"))


def draw_weights(name, labels, rng):
    """Draw a weight a sample; BinaryIoU of Keras wants one a value."""
    if name in COUNTING:
        shape = labels.shape if name == "BinaryIoU" else len(labels)
        return rng.integers(1, 4, shape).astype(np.float32)
    return rng.uniform(0.2, 2, len(labels)).astype(np.float32)


def results(name, kind, options, rng, weighted):
    """Give both results over a row of batches."""
    ours, theirs = (getattr(library, name)(**options) for library in (metrics, keras().metrics))
    for size in BATCHES:
        labels, answers = draw(kind, rng, size)
        weights = draw_weights(name, labels, rng) if weighted else None
        for metric in (ours, theirs):
            metric.update_state(labels, answers, sample_weight=weights)
    return np.asarray(ours.result()), np.asarray(theirs.result())


@pytest.mark.parametrize("name", names())
def test_a_metric_is_that_of_keras(name, note):
    if not hasattr(keras().metrics, name):
        pytest.skip(f"Keras has no {name}")
    assert name in METRICS, f"write a row for {name}"
    rng = np.random.default_rng(6)
    found = []
    for row in METRICS[name]:
        for weighted in (False, True)[: 1 if name in UNWEIGHTED else 2]:
            ours, theirs = results(name, *row, rng, weighted)
            assert ours.shape == theirs.shape, row
            found.append((share(ours, theirs), row, weighted, ours, theirs))
    failed = [entry for entry in found if not entry[0] <= TOLERANCE]
    assert not failed
    note("metrics", name, len(found), max(entry[0] for entry in found))


@pytest.mark.parametrize("name", ["Mean", "Sum"])
def test_a_plain_sum_is_that_of_keras(name, note):
    rng = np.random.default_rng(7)
    ours, theirs = (getattr(library, name)() for library in (metrics, keras().metrics))
    for size in BATCHES:
        values, weights = rng.standard_normal((2, size), np.float32)
        for metric in (ours, theirs):
            metric.update_state(values, sample_weight=np.abs(weights))
    difference = share(np.asarray(ours.result()), np.asarray(theirs.result()))
    assert difference <= TOLERANCE
    note("metrics", name, 1, difference)
