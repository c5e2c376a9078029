from __future__ import annotations

import inspect

import pytest

from striate import metrics
from striate.core.registry import snake_case
from striate.metrics.registry import ALIASES, CLASSES, FUNCTIONS, NAMED

FREE = [name for name in CLASSES if name != "Metric"]


@pytest.mark.parametrize("alias", ALIASES)
def test_a_short_name_stands_for_a_class(alias):
    assert ALIASES[alias] in CLASSES


@pytest.mark.parametrize("name", FREE)
def test_a_class_is_found_by_its_name_in_either_spelling(name):
    for spelling in (name, snake_case(name)):
        assert metrics.registry.registry.find(spelling) is getattr(metrics, name)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name in NAMED])
def test_a_function_without_a_class_is_found_as_a_function(name):
    assert inspect.isfunction(metrics.get(name))
    assert metrics.serialize(metrics.get(name)) == name


def test_a_name_of_both_means_the_class():
    assert isinstance(metrics.get("mean_squared_error"), metrics.MeanSquaredError)
    assert inspect.isfunction(metrics.mean_squared_error)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (metrics.Accuracy, "accuracy"),
        (metrics.KLDivergence, "kl_divergence"),
        (metrics.LogCoshError, "logcosh"),
        (metrics.F1Score, "f1_score"),
        (metrics.FBetaScore, "fbeta_score"),
        (metrics.AUC, "auc"),
        (metrics.RootMeanSquaredError, "root_mean_squared_error"),
        (metrics.Precision, "precision"),
    ],
)
def test_a_metric_has_the_name_that_keras_gives_it(kind, name):
    assert kind().name == name
