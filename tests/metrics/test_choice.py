from __future__ import annotations

import pytest
import torch

from striate import losses, metrics
from striate.core.errors import UnknownNameError


@pytest.mark.parametrize(
    ("loss", "output_shape", "kind"),
    [
        (losses.BinaryCrossentropy(), (None, 1), "Binary"),
        (losses.BinaryCrossentropy(), (None, 5), "Binary"),
        (losses.binary_crossentropy, (None, 5), "Binary"),
        ("bce", (None, 5), "Binary"),
        (losses.BinaryFocalCrossentropy(), (None, 5), "Binary"),
        (losses.CategoricalCrossentropy(), (None, 5), "Categorical"),
        (losses.categorical_crossentropy, (None, 5), "Categorical"),
        (losses.SparseCategoricalCrossentropy(), (None, 5), "SparseCategorical"),
        ("sparse_categorical_crossentropy", (None, 4, 4, 5), "SparseCategorical"),
        (losses.MeanSquaredError(), (None, 1), "Binary"),
        (losses.MeanSquaredError(), (None, 5), "Categorical"),
        (losses.LossFunctionWrapper(losses.huber), (None, 5), "Categorical"),
        (None, (None, 5), "Categorical"),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "acc", "crossentropy", "ce"])
def test_a_short_name_becomes_the_metric_that_suits_loss_and_network(name, loss, output_shape, kind):
    metric = metrics.for_loss(name, loss, output_shape)
    ending = "Accuracy" if name in ("accuracy", "acc") else "Crossentropy"
    assert type(metric).__name__ == kind + ending
    assert metric.name == name


@pytest.mark.parametrize(
    ("target_shape", "kind"),
    [((None,), "Sparse"), ((None, 1), "Sparse"), ((None, 5), "Categorical")],
)
def test_the_shape_of_the_labels_decides_where_the_loss_does_not_tell(target_shape, kind):
    metric = metrics.for_loss("accuracy", losses.MeanSquaredError(), (None, 5), target_shape)
    assert type(metric).__name__.startswith(kind)


def test_the_line_for_logits_lies_at_a_probability_of_one_half():
    logits, labels = torch.tensor([[0.3], [-0.3]]), [[1], [0]]
    told = metrics.for_loss("accuracy", losses.BinaryCrossentropy(from_logits=True), (None, 1))
    not_told = metrics.for_loss("accuracy", losses.BinaryCrossentropy(), (None, 1))
    assert told(labels, logits).item() == 1.0
    assert not_told(labels, logits.sigmoid()).item() == 1.0


def test_cross_entropy_is_told_of_logits():
    metric = metrics.for_loss("ce", losses.SparseCategoricalCrossentropy(from_logits=True), (None, 3))
    assert metric.from_logits is True


def test_other_names_objects_and_functions_become_metrics():
    ready = metrics.Precision()
    assert metrics.for_loss(ready, "mse", (None, 1)) is ready
    assert metrics.as_metric(None) is None
    assert type(metrics.for_loss("mse", "mse", (None, 1))) is metrics.MeanSquaredError
    assert metrics.as_metric("log_cosh").name == "log_cosh"
    assert metrics.as_metric(metrics.huber).name == "huber"


def test_a_loss_as_a_metric_is_averaged_over_samples_not_over_batches():
    metric = metrics.as_metric(losses.MeanSquaredError())
    metric.update_state(torch.zeros(3, 1), torch.ones(3, 1))
    assert metric(torch.zeros(1, 1), torch.full((1, 1), 3.0)).item() == 3.0
    assert metric.name == "mean_squared_error"


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no metric called 'acuracy'.*'accuracy'|'Accuracy'"):
        metrics.as_metric("acuracy")
