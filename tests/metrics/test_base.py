from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from striate import metrics
from striate.core.errors import ShapeError
from striate.metrics import base
from striate.ops import scores

DRAW = np.random.default_rng(1)
SAMPLES, CLASSES = 19, 4
PROBABILITIES = DRAW.dirichlet(np.ones(CLASSES), SAMPLES)
LABELS = DRAW.integers(0, CLASSES, SAMPLES)
COLUMNS = np.eye(CLASSES)[LABELS]
SEVERAL = DRAW.integers(0, 2, (SAMPLES, CLASSES))
VALUES, OTHERS = DRAW.normal(size=(2, SAMPLES, CLASSES))
ONE_CLASS = {"thresholds": [0.7, 0.2]}

# A row a metric: how it is made, labels and answers.
METRICS = [
    (metrics.Accuracy, {}, LABELS, PROBABILITIES.argmax(1)),
    (metrics.BinaryAccuracy, {"threshold": 0.3}, SEVERAL, PROBABILITIES),
    (metrics.CategoricalAccuracy, {}, COLUMNS, PROBABILITIES),
    (metrics.SparseCategoricalAccuracy, {}, LABELS, PROBABILITIES),
    (metrics.TopKCategoricalAccuracy, {"k": 2}, COLUMNS, PROBABILITIES),
    (metrics.SparseTopKCategoricalAccuracy, {"k": 2}, LABELS, PROBABILITIES),
    (metrics.BinaryCrossentropy, {}, SEVERAL, PROBABILITIES),
    (metrics.CategoricalCrossentropy, {}, COLUMNS, PROBABILITIES),
    (metrics.SparseCategoricalCrossentropy, {}, LABELS, PROBABILITIES),
    (metrics.SparseCategoricalCrossentropy, {"ignore_class": 1}, LABELS, PROBABILITIES),
    (metrics.KLDivergence, {}, PROBABILITIES, PROBABILITIES[::-1].copy()),
    (metrics.Poisson, {}, SEVERAL, PROBABILITIES),
    (metrics.Hinge, {}, 2 * SEVERAL - 1, VALUES),
    (metrics.SquaredHinge, {}, 2 * SEVERAL - 1, VALUES),
    (metrics.CategoricalHinge, {}, COLUMNS, VALUES),
    (metrics.MeanSquaredError, {}, VALUES, OTHERS),
    (metrics.RootMeanSquaredError, {}, VALUES, OTHERS),
    (metrics.MeanAbsoluteError, {}, VALUES, OTHERS),
    (metrics.MeanAbsolutePercentageError, {}, VALUES, OTHERS),
    (metrics.MeanSquaredLogarithmicError, {}, VALUES, OTHERS),
    (metrics.CosineSimilarity, {}, VALUES, OTHERS),
    (metrics.LogCoshError, {}, VALUES, OTHERS),
    (metrics.R2Score, {}, VALUES, OTHERS),
    (metrics.PearsonCorrelation, {}, VALUES, OTHERS),
    (metrics.ConcordanceCorrelation, {}, VALUES, OTHERS),
    (metrics.TruePositives, {}, SEVERAL, PROBABILITIES),
    (metrics.FalsePositives, ONE_CLASS, SEVERAL, PROBABILITIES),
    (metrics.TrueNegatives, ONE_CLASS, SEVERAL, PROBABILITIES),
    (metrics.FalseNegatives, {}, SEVERAL, PROBABILITIES),
    (metrics.Precision, ONE_CLASS, SEVERAL, PROBABILITIES),
    (metrics.Recall, {"top_k": 2, "class_id": 1}, SEVERAL, PROBABILITIES),
    (metrics.SensitivityAtSpecificity, {"specificity": 0.5}, SEVERAL, PROBABILITIES),
    (metrics.SpecificityAtSensitivity, {"sensitivity": 0.5}, SEVERAL, PROBABILITIES),
    (metrics.PrecisionAtRecall, {"recall": 0.5}, SEVERAL, PROBABILITIES),
    (metrics.RecallAtPrecision, {"precision": 0.5}, SEVERAL, PROBABILITIES),
    (metrics.AUC, {}, SEVERAL, PROBABILITIES),
    (metrics.AUC, {"multi_label": True, "curve": "PR"}, SEVERAL, PROBABILITIES),
    (metrics.F1Score, {}, COLUMNS, PROBABILITIES),
    (metrics.FBetaScore, {"beta": 2.0, "average": "weighted"}, COLUMNS, PROBABILITIES),
    (metrics.IoU, {"num_classes": 4, "target_class_ids": [0, 2]}, LABELS, PROBABILITIES.argmax(1)),
    (metrics.MeanIoU, {"num_classes": 4}, LABELS, PROBABILITIES.argmax(1)),
    (metrics.BinaryIoU, {"threshold": 0.25}, SEVERAL, PROBABILITIES),
    (metrics.OneHotIoU, {"num_classes": 4, "target_class_ids": [1]}, COLUMNS, PROBABILITIES),
    (metrics.OneHotMeanIoU, {"num_classes": 4}, COLUMNS, PROBABILITIES),
]
EVERY = pytest.mark.parametrize(("kind", "options", "y_true", "y_pred"), METRICS)


def test_the_table_of_metrics_is_complete():
    bases = {"Metric", "Mean", "Sum", "MeanMetricWrapper"}
    assert {kind.__name__ for kind, *_ in METRICS} == set(metrics.registry.CLASSES) - bases


def approx(tensor):
    return pytest.approx(np.asarray(tensor), rel=1e-6, abs=1e-9)


@EVERY
def test_uneven_batches_give_what_the_whole_gives(kind, options, y_true, y_pred):
    whole, parts = kind(**options), kind(**options)
    whole.update_state(y_true, y_pred)
    for part in (slice(0, 8), slice(8, 16), slice(16, 19)):
        parts.update_state(y_true[part], y_pred[part])
    assert np.asarray(parts.result()) == approx(whole.result())


@EVERY
def test_a_weight_counts_like_as_many_samples(kind, options, y_true, y_pred):
    weights = np.arange(SAMPLES) % 3
    weighted, repeated = kind(**options), kind(**options)
    weighted.update_state(y_true, y_pred, weights)
    repeated.update_state(np.repeat(y_true, weights, 0), np.repeat(y_pred, weights, 0))
    assert np.asarray(weighted.result()) == approx(repeated.result())


@EVERY
def test_a_reset_forgets_everything(kind, options, y_true, y_pred):
    fresh, used = kind(**options), kind(**options)
    used.update_state(y_true[::-1].copy()[:7], y_pred[:7])
    used.reset_state()
    assert np.asarray(used(y_true, y_pred)) == approx(fresh(y_true, y_pred))


@EVERY
def test_the_states_of_two_processes_add_up(kind, options, y_true, y_pred):
    one, other, both = kind(**options), kind(**options), kind(**options)
    one.update_state(y_true[:8], y_pred[:8])
    other.update_state(y_true[8:], y_pred[8:])
    both.update_state(y_true, y_pred)
    for state, more in zip(one.variables, other.variables, strict=True):
        state.value = state.value + more.value
    assert np.asarray(one.result()) == approx(both.result())


@EVERY
def test_a_metric_comes_back_from_its_config(kind, options, y_true, y_pred):
    spec = metrics.serialize(kind(**options, name="mine", dtype="float32"))
    again = metrics.deserialize(json.loads(json.dumps(spec)))
    assert type(again) is kind
    assert again.name == "mine"
    assert again.get_config() == spec["config"]
    assert {**again.get_config(), **options} == again.get_config()
    assert again(y_true, y_pred).dtype == torch.float32


@EVERY
def test_a_metric_keeps_no_graph_and_works_in_inference_mode(kind, options, y_true, y_pred):
    metric = kind(**options)
    with torch.inference_mode():
        metric.update_state(torch.tensor(y_true), torch.tensor(y_pred))
    answers = torch.tensor(y_pred)
    metric.update_state(torch.tensor(y_true), answers.requires_grad_(answers.is_floating_point()))
    assert not metric.result().requires_grad


class Watch(TorchDispatchMode):
    """Note the operations that would make the processor wait for a GPU."""

    def __init__(self):
        super().__init__()
        self.waits = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func in (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default):
            self.waits.append(func)
        return func(*args, **(kwargs or {}))


@EVERY
def test_an_update_never_waits_for_the_device(kind, options, y_true, y_pred, monkeypatch):
    # The check of class numbers, and a single sum, look only where looking is free.
    monkeypatch.setattr(scores, "check_range", lambda labels, classes: None)
    monkeypatch.setattr(base, "_is_single", lambda tensor: False)
    metric = kind(**options)
    with Watch() as watch:
        metric.update_state(torch.tensor(y_true), torch.tensor(y_pred), torch.ones(SAMPLES))
    assert watch.waits == []
    with watch:
        float(metric.result().flatten()[0])
    assert len(watch.waits) >= 1


def test_a_sum_that_is_looked_at_goes_on_as_if_nobody_had():
    amounts = [torch.tensor(0.1), 0.7, torch.tensor(3), torch.tensor(1e-9, dtype=torch.float64)] * 5
    seen, unseen, expected = base.State(), base.State(), torch.zeros((), dtype=torch.float64)
    for amount in amounts:
        seen.assign_add(amount)
        unseen.assign_add(amount)
        expected = expected + (amount.double() if isinstance(amount, torch.Tensor) else amount)
        assert torch.equal(seen.value, expected)
    assert torch.equal(unseen.value, expected)
    unseen.value = torch.tensor(2.0, dtype=torch.float64)
    unseen.assign_add(1)
    unseen.assign_add(torch.ones(2))
    assert unseen.value.tolist() == [4.0, 4.0]
    unseen.reset()
    assert unseen.value.tolist() == [0.0, 0.0]


def test_a_mean_counts_samples_whatever_the_batches_are():
    mean = metrics.Mean()
    mean.update_state([1.0, 3.0, 5.0])
    mean.update_state(torch.tensor(7.0))
    assert mean.result().item() == 4.0
    mean.reset_state()
    assert mean.result().item() == 0.0


def test_a_mean_weighs_samples_or_single_values():
    values = torch.tensor([[1.0, 3.0], [5.0, 7.0]])
    assert metrics.Mean()(values).item() == 4.0
    assert metrics.Mean()(values, sample_weight=[1.0, 3.0]).item() == 5.0
    assert metrics.Mean()(values, sample_weight=[[0.0, 1.0], [1.0, 0.0]]).item() == 4.0
    with pytest.raises(ShapeError, match=r"sample_weight needs one weight a sample.*has shape \(3,\)"):
        metrics.Mean()(values, sample_weight=[1.0, 1.0, 1.0])


def test_a_sum_adds_everything_up():
    total = metrics.Sum()
    total.update_state([1.0, 3.0])
    assert total([[1.0, 1.0], [2.0, 2.0]], sample_weight=[1.0, 0.5]).item() == 8.0


def test_a_long_sum_of_small_numbers_stays_exact():
    mean = metrics.Mean()
    mean.update_state(torch.full((4,), 2.0**25))
    for _ in range(4):
        mean.update_state(torch.ones(1))
    assert mean.result().item() == (4 * 2**25 + 4) / 8


def test_a_function_becomes_a_metric_with_its_name_and_arguments():
    metric = metrics.MeanMetricWrapper(metrics.huber, delta=0.5)
    assert metric([[0.0]], [[2.0]]).item() == 0.875
    assert metric.name == "huber"
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert again([[0.0]], [[2.0]]).item() == 0.875


def test_a_person_s_function_comes_back_when_it_is_offered():
    def furthest(y_true, y_pred):
        return (y_true - y_pred).abs().amax(-1)

    spec = metrics.serialize(metrics.MeanMetricWrapper(furthest))
    again = metrics.deserialize(spec, custom_objects={"furthest": furthest})
    assert again(torch.zeros(1, 2), torch.tensor([[1.0, -3.0]])).item() == 3.0


def test_a_person_s_metric_has_to_say_what_it_does():
    with pytest.raises(TypeError, match="abstract"):
        metrics.Metric()
