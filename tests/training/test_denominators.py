import pytest
import torch

from striate import losses
from striate.training.denominators import correction

LOGITS = torch.tensor([[1.0, 2.0, 0.5], [0.1, 0.2, 0.3], [2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 1.0, 1.0]])
LABELS = torch.tensor([0, 2, 1, 2, 0])
WEIGHTS = torch.tensor([1.0, 0.5, 2.0, 0.25, 3.0])


def corrected(loss, cut, weights=None):
    """The mean over two parts, weighted by their numbers of examples and corrected."""
    own = []
    parts = [slice(0, cut), slice(cut, None)]

    def note(tensors):
        own.append(tensors)
        return tensors

    for part in parts:
        rows = len(LABELS[part])
        correction(loss, LABELS[part], LOGITS[part], None if weights is None else weights[part], rows, note)
    sums = [sum(pair) for pair in zip(*own, strict=True)] if own else []
    total = 0.0
    for part in parts:
        rows = len(LABELS[part])
        weight = None if weights is None else weights[part]
        factor = correction(loss, LABELS[part], LOGITS[part], weight, rows, lambda tensors: sums)
        total += float(loss(LABELS[part], LOGITS[part], weight) * factor) * rows / len(LABELS)
    return total


@pytest.mark.parametrize("cut", [1, 2, 4])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("ignored", [None, 2])
def test_means_of_parts_make_the_mean_of_the_whole(cut, weights, reduction, ignored):
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=ignored, reduction=reduction)
    assert corrected(loss, cut, weights) == pytest.approx(float(loss(LABELS, LOGITS, weights)), rel=1e-6)


def test_a_part_that_does_not_count_takes_part_and_adds_nothing():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=2)
    seen = []

    def note(tensors):
        seen.append([float(tensor) for tensor in tensors])
        return tensors

    assert correction(loss, LABELS[:1], LOGITS[:1], None, 0, note) == 0.0
    assert seen == [[0.0, 0.0]]
