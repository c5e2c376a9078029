"""The losses as plain loops over Python floats: one row of labels and one of answers in, one number out."""

from __future__ import annotations

import math

import numpy as np

EPSILON = 1e-7


def clip(value: float, low: float = EPSILON, high: float = 1 - EPSILON) -> float:
    return min(max(value, low), high)


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def softmax(logits: list[float]) -> list[float]:
    powers = [math.exp(logit - max(logits)) for logit in logits]
    return [power / sum(powers) for power in powers]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def binary_crossentropy(y, p, label_smoothing=0.0, from_logits=False):
    p = [sigmoid(one) if from_logits else clip(one) for one in p]
    y = [one * (1 - label_smoothing) + label_smoothing / 2 for one in y]
    return mean([-(a * math.log(b) + (1 - a) * math.log(1 - b)) for a, b in zip(y, p, strict=True)])


def categorical_crossentropy(y, p, label_smoothing=0.0, from_logits=False):
    p = softmax(p) if from_logits else [clip(one / sum(p)) for one in p]
    y = [one * (1 - label_smoothing) + label_smoothing / len(y) for one in y]
    return -sum(a * math.log(b) for a, b in zip(y, p, strict=True))


def sparse_categorical_crossentropy(label, p, from_logits=False):
    return categorical_crossentropy([float(k == label) for k in range(len(p))], p, from_logits=from_logits)


def binary_focal_crossentropy(y, p, alpha=0.25, gamma=2.0, balanced=False):
    values = []
    for a, b in zip(y, p, strict=True):
        right = b if a == 1 else 1 - b
        weight = (alpha if a == 1 else 1 - alpha) if balanced else 1
        values.append(-weight * (1 - right) ** gamma * math.log(clip(right)))
    return mean(values)


def categorical_focal_crossentropy(y, p, alpha=0.25, gamma=2.0):
    p = [clip(one / sum(p)) for one in p]
    return -sum(alpha * a * (1 - b) ** gamma * math.log(b) for a, b in zip(y, p, strict=True))


def mean_squared_error(y, p):
    return mean([(a - b) ** 2 for a, b in zip(y, p, strict=True)])


def mean_absolute_error(y, p):
    return mean([abs(a - b) for a, b in zip(y, p, strict=True)])


def mean_absolute_percentage_error(y, p):
    return 100 * mean([abs(a - b) / max(abs(a), EPSILON) for a, b in zip(y, p, strict=True)])


def mean_squared_logarithmic_error(y, p):
    return mean(
        [(math.log1p(max(a, EPSILON)) - math.log1p(max(b, EPSILON))) ** 2 for a, b in zip(y, p, strict=True)]
    )


def huber(y, p, delta=1.0):
    errors = [abs(a - b) for a, b in zip(y, p, strict=True)]
    return mean([e * e / 2 if e <= delta else delta * e - delta * delta / 2 for e in errors])


def log_cosh(y, p):
    return mean([math.log(math.cosh(b - a)) for a, b in zip(y, p, strict=True)])


def cosine_similarity(y, p):
    length = math.sqrt(sum(a * a for a in y)) * math.sqrt(sum(b * b for b in p))
    return -sum(a * b for a, b in zip(y, p, strict=True)) / length


def poisson(y, p):
    return mean([b - a * math.log(b + EPSILON) for a, b in zip(y, p, strict=True)])


def kl_divergence(y, p):
    pairs = [(clip(a, high=1), clip(b, high=1)) for a, b in zip(y, p, strict=True)]
    return sum(a * math.log(a / b) for a, b in pairs)


def hinge(y, p):
    return mean([max(1 - a * b, 0) for a, b in zip(y, p, strict=True)])


def squared_hinge(y, p):
    return mean([max(1 - a * b, 0) ** 2 for a, b in zip(y, p, strict=True)])


def categorical_hinge(y, p):
    right = sum(a * b for a, b in zip(y, p, strict=True))
    return max(max((1 - a) * b for a, b in zip(y, p, strict=True)) - right + 1, 0)


def dice(y, p):
    return 1 - 2 * sum(a * b for a, b in zip(y, p, strict=True)) / (sum(y) + sum(p) + EPSILON)


def tversky(y, p, alpha=0.5, beta=0.5):
    both = sum(a * b for a, b in zip(y, p, strict=True))
    missed = sum(a * (1 - b) for a, b in zip(y, p, strict=True))
    extra = sum((1 - a) * b for a, b in zip(y, p, strict=True))
    return 1 - both / (both + alpha * missed + beta * extra + EPSILON)


def circle(labels, rows, gamma=80.0, margin=0.4):
    """Equation 6 of the circle loss for every sample of a batch, the sample itself left out."""
    values = []
    for i, (label, row) in enumerate(zip(labels, rows, strict=True)):
        near, far = 0.0, 0.0
        for j, (other_label, other) in enumerate(zip(labels, rows, strict=True)):
            distance = max(1 - float(np.dot(row, other)), 0)
            if other_label != label:
                weight = max(1 + margin - distance, 0)
                far += math.exp(gamma * weight * (1 - margin - distance))
            elif j != i:
                near += math.exp(-gamma * (margin + distance) * (margin - distance))
        values.append(math.log1p(near * far))
    return values


def rows(function, y_true, y_pred, **options) -> np.ndarray:
    """Apply one of the above to every row of two arrays."""
    pairs = zip(np.asarray(y_true).tolist(), np.asarray(y_pred).tolist(), strict=True)
    return np.array([function(a, b, **options) for a, b in pairs])
