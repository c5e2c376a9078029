"""Data for losses and metrics: what kind of labels and answers each takes, and the options to try."""

from __future__ import annotations

from typing import Any

import numpy as np

BATCHES, CLASSES = (5, 5, 3), 4
Batch = tuple[np.ndarray, np.ndarray]


def draw(kind: str, rng: np.random.Generator, size: int) -> Batch:
    """Draw labels and answers of a kind."""
    return KINDS[kind](rng, size)


def softmax(values: np.ndarray) -> np.ndarray:
    raised = np.exp(values - values.max(-1, keepdims=True))
    return (raised / raised.sum(-1, keepdims=True)).astype(np.float32)


def values(rng, size):
    return tuple(rng.standard_normal((size, CLASSES), np.float32) for _ in range(2))


def positive(rng, size):
    return tuple(rng.uniform(0.1, 3, (size, CLASSES)).astype(np.float32) for _ in range(2))


def binary(rng, size):
    labels = rng.integers(0, 2, (size, CLASSES)).astype(np.float32)
    return labels, rng.uniform(0.02, 0.98, (size, CLASSES)).astype(np.float32)


def one_column(rng, size):
    labels, answers = binary(rng, size)
    return labels[:, :1], answers[:, :1]


def binary_logits(rng, size):
    return binary(rng, size)[0], rng.standard_normal((size, CLASSES), np.float32)


def one_hot(rng, size):
    labels = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, size)]
    return labels, softmax(rng.standard_normal((size, CLASSES)))


def one_hot_logits(rng, size):
    return one_hot(rng, size)[0], rng.standard_normal((size, CLASSES), np.float32)


def index(rng, size):
    return rng.integers(0, CLASSES, size), softmax(rng.standard_normal((size, CLASSES)))


def index_logits(rng, size):
    return index(rng, size)[0], rng.standard_normal((size, CLASSES), np.float32)


def dense_index(rng, size):
    return rng.integers(0, CLASSES, (size, 3, 2)), softmax(rng.standard_normal((size, 3, 2, CLASSES)))


def two_indices(rng, size):
    return rng.integers(0, CLASSES, size), rng.integers(0, CLASSES, size)


def distributions(rng, size):
    return tuple(softmax(rng.standard_normal((size, CLASSES))) for _ in range(2))


def signs(rng, size):
    return (rng.integers(0, 2, (size, CLASSES)) * 2 - 1).astype(np.float32), values(rng, size)[1]


def maps(rng, size):
    labels = rng.integers(0, 2, (size, 3, 3, 2)).astype(np.float32)
    return labels, rng.uniform(0.05, 0.95, (size, 3, 3, 2)).astype(np.float32)


def unit_vectors(rng, size):
    raw = rng.standard_normal((size, CLASSES), np.float32)
    return rng.integers(0, 2, size), raw / np.linalg.norm(raw, axis=-1, keepdims=True)


KINDS = {
    function.__name__: function
    for function in (
        values, positive, binary, one_column, binary_logits, one_hot, one_hot_logits, index, index_logits,
        dense_index, two_indices, distributions, signs, maps, unit_vectors,
    )
}  # fmt: skip

Rows = dict[str, list[tuple[str, dict[str, Any]]]]
LOGITS = {"from_logits": True}
SMOOTHED = {"label_smoothing": 0.1}

LOSSES: Rows = {
    "BinaryCrossentropy": [("binary", {}), ("binary_logits", LOGITS), ("binary", SMOOTHED)],
    "BinaryFocalCrossentropy": [
        ("binary", {}),
        ("binary_logits", {**LOGITS, "gamma": 1.0}),
        ("binary", {"apply_class_balancing": True, "alpha": 0.3, **SMOOTHED}),
    ],
    "CategoricalCrossentropy": [("one_hot", {}), ("one_hot_logits", LOGITS), ("one_hot", SMOOTHED)],
    "CategoricalFocalCrossentropy": [
        ("one_hot", {}),
        ("one_hot_logits", {**LOGITS, "alpha": 0.5, "gamma": 1.5}),
        ("one_hot", SMOOTHED),
    ],
    "CategoricalGeneralizedCrossEntropy": [("index", {}), ("index", {"q": 0.3})],
    "SparseCategoricalCrossentropy": [
        ("index", {}),
        ("index_logits", LOGITS),
        ("dense_index", {}),
        ("index_logits", {**LOGITS, "ignore_class": 1}),
    ],
    "CosineSimilarity": [("values", {}), ("values", {"axis": 0})],
    "Huber": [("values", {}), ("values", {"delta": 0.3})],
    "KLDivergence": [("distributions", {})],
    "LogCosh": [("values", {})],
    "MeanAbsoluteError": [("values", {}), ("maps", {})],
    "MeanAbsolutePercentageError": [("positive", {})],
    "MeanSquaredError": [("values", {}), ("maps", {})],
    "MeanSquaredLogarithmicError": [("positive", {})],
    "Poisson": [("positive", {})],
    "CategoricalHinge": [("one_hot", {})],
    "Hinge": [("signs", {}), ("binary", {})],
    "SquaredHinge": [("signs", {}), ("binary", {})],
    "Dice": [("maps", {}), ("maps", {"axis": (1, 2, 3)})],
    "Tversky": [("maps", {}), ("maps", {"alpha": 0.3, "beta": 0.7})],
    "Circle": [("unit_vectors", {})],
}

RATES: list[tuple[str, dict[str, Any]]] = [
    ("one_column", {}),
    ("binary", {"thresholds": [0.2, 0.5, 0.8]}),
    ("binary", {"thresholds": 0.3}),
]
CHOSEN = [
    *RATES,
    ("one_hot", {"class_id": 2}),
    ("one_hot", {"top_k": 2}),
    ("one_hot", {"top_k": 1, "class_id": 1}),
]

METRICS: Rows = {
    "Accuracy": [("two_indices", {})],
    "BinaryAccuracy": [("binary", {}), ("binary", {"threshold": 0.3})],
    "CategoricalAccuracy": [("one_hot", {})],
    "SparseCategoricalAccuracy": [("index", {}), ("dense_index", {})],
    "TopKCategoricalAccuracy": [("one_hot", {"k": 2})],
    "SparseTopKCategoricalAccuracy": [("index", {"k": 2}), ("index", {"k": 3})],
    "BinaryCrossentropy": [("binary", {}), ("binary_logits", LOGITS), ("binary", SMOOTHED)],
    "CategoricalCrossentropy": [("one_hot", {}), ("one_hot_logits", LOGITS), ("one_hot", SMOOTHED)],
    "SparseCategoricalCrossentropy": [("index", {}), ("index_logits", LOGITS), ("dense_index", {})],
    "KLDivergence": [("distributions", {})],
    "Poisson": [("positive", {})],
    "CategoricalHinge": [("one_hot", {})],
    "Hinge": [("signs", {}), ("binary", {})],
    "SquaredHinge": [("signs", {}), ("binary", {})],
    "CosineSimilarity": [("values", {})],
    "LogCoshError": [("values", {})],
    "MeanAbsoluteError": [("values", {})],
    "MeanAbsolutePercentageError": [("positive", {})],
    "MeanSquaredError": [("values", {})],
    "MeanSquaredLogarithmicError": [("positive", {})],
    "RootMeanSquaredError": [("values", {})],
    "R2Score": [
        ("values", {}),
        ("values", {"class_aggregation": None}),
        ("values", {"class_aggregation": "variance_weighted_average"}),
        ("values", {"num_regressors": 1}),
    ],
    "ConcordanceCorrelation": [("values", {})],
    "PearsonCorrelation": [("values", {})],
    "FalseNegatives": RATES,
    "FalsePositives": RATES,
    "TrueNegatives": RATES,
    "TruePositives": RATES,
    "Precision": CHOSEN,
    "Recall": CHOSEN,
    "PrecisionAtRecall": [
        ("one_column", {"recall": 0.6}),
        ("one_column", {"recall": 0.3, "num_thresholds": 50}),
    ],
    "RecallAtPrecision": [("one_column", {"precision": 0.6})],
    "SensitivityAtSpecificity": [("one_column", {"specificity": 0.5})],
    "SpecificityAtSensitivity": [("one_column", {"sensitivity": 0.5})],
    "AUC": [
        ("one_column", {}),
        ("one_column", {"curve": "PR"}),
        ("one_column", {"num_thresholds": 20, "summation_method": "minoring"}),
        ("one_column", {"curve": "PR", "summation_method": "majoring"}),
        ("binary", {"multi_label": True}),
        ("binary", {"multi_label": True, "label_weights": [0.1, 0.2, 0.3, 0.4]}),
        ("binary_logits", LOGITS),
    ],
    "F1Score": [("one_hot", {"average": average}) for average in (None, "macro", "micro", "weighted")]
    + [("binary", {"threshold": 0.4})],
    "FBetaScore": [
        ("one_hot", {"beta": 2.0, "average": "macro"}),
        ("binary", {"beta": 0.5, "threshold": 0.6}),
    ],
    "BinaryIoU": [("binary", {}), ("binary", {"target_class_ids": [1], "threshold": 0.3})],
    "IoU": [("two_indices", {"num_classes": CLASSES, "target_class_ids": [0, 2]})],
    "MeanIoU": [
        ("two_indices", {"num_classes": CLASSES}),
        ("two_indices", {"num_classes": CLASSES, "ignore_class": 1}),
        ("index", {"num_classes": CLASSES, "sparse_y_pred": False}),
    ],
    "OneHotIoU": [("one_hot", {"num_classes": CLASSES, "target_class_ids": [1, 3]})],
    "OneHotMeanIoU": [("one_hot", {"num_classes": CLASSES})],
}  # fmt: skip
