"""The metrics as plain loops over Python numbers."""

from __future__ import annotations

import math

import numpy as np


def counts(labels, scores, threshold, weights=None):
    """Count true and false positives, true and false negatives, sample by sample."""
    weights = [1.0] * len(labels) if weights is None else weights
    found = {"true_positives": 0.0, "false_positives": 0.0, "true_negatives": 0.0, "false_negatives": 0.0}
    for label, score, weight in zip(labels, scores, weights, strict=True):
        answered = score > threshold
        name = ("true" if answered == bool(label) else "false") + ("_positives" if answered else "_negatives")
        found[name] += weight
    return found


def share(part, rest):
    return part / (part + rest) if part + rest else 0.0


def rate(name, labels, scores, threshold):
    c = counts(labels, scores, threshold)
    return {
        "recall": share(c["true_positives"], c["false_negatives"]),
        "sensitivity": share(c["true_positives"], c["false_negatives"]),
        "specificity": share(c["true_negatives"], c["false_positives"]),
        "precision": share(c["true_positives"], c["false_positives"]),
    }[name]


def chance_that_a_yes_outranks_a_no(labels, scores):
    """The exact area under the ROC curve, ties counting half (Mann and Whitney)."""
    yes = [score for label, score in zip(labels, scores, strict=True) if label]
    no = [score for label, score in zip(labels, scores, strict=True) if not label]
    wins = sum((a > b) + (a == b) / 2 for a in yes for b in no)
    return wins / (len(yes) * len(no))


def is_in_top(label, scores, k):
    return sum(score > scores[label] for score in scores) < k


def f_beta(labels, answers, beta):
    """The F-score of one class from 0 and 1."""
    c = counts(labels, answers, 0.5)
    precision = share(c["true_positives"], c["false_positives"])
    recall = share(c["true_positives"], c["false_negatives"])
    below = beta**2 * precision + recall
    return (1 + beta**2) * precision * recall / below if below else 0.0


def intersection_over_union(labels, answers, target):
    both = sum(a == target and b == target for a, b in zip(labels, answers, strict=True))
    either = sum(a == target or b == target for a, b in zip(labels, answers, strict=True))
    return both / either if either else math.nan


def r2(labels, answers):
    labels, answers = np.asarray(labels), np.asarray(answers)
    return 1 - ((labels - answers) ** 2).sum() / ((labels - labels.mean()) ** 2).sum()
