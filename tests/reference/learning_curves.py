"""Curves of which it is known what they show: sums of exponentials, a rise from a known epoch on, noise."""

from __future__ import annotations

import numpy as np


def made_curves(kind, count, noise, generator):
    """A history of `count` epochs of a kind, with noise as a share of the loss, and the epoch of the turn."""
    epochs = np.arange(count)
    fall = np.exp(-epochs / (count / generator.uniform(6, 10)))
    turn = max(2, int(count * generator.uniform(0.25, 0.5)))
    if kind == "too short":
        fall = np.exp(-epochs / (count * generator.uniform(0.6, 1.5)))
    loss, val_loss = {
        "good": (0.1 + 2.0 * fall, 0.2 + 1.9 * fall),
        "too short": (0.1 + 2.0 * fall, 0.2 + 2.0 * fall),
        "under-fit": (1.6 + 0.7 * fall, 1.65 + 0.68 * fall),
        "unstable": (0.1 + 2.0 * fall, 0.2 + 1.9 * fall),
        "over-fit": (
            0.02 + 2.0 * fall,
            0.2 + 1.9 * fall + np.maximum(0, epochs - turn) * generator.uniform(0.8, 2) / (count - turn),
        ),
    }[kind]
    if kind == "unstable":
        loss = loss * np.exp(generator.normal(0, 0.8, count)) + 0.8 * generator.random(count)
        val_loss = val_loss * np.exp(generator.normal(0, 0.8, count))
    history = {
        "loss": loss * (1 + 0.3 * noise * generator.normal(size=count)),
        "val_loss": val_loss * (1 + noise * generator.normal(size=count)),
        "accuracy": 1 - 0.3 * loss,
        "val_accuracy": 1 - 0.3 * val_loss,
    }
    return history, turn + 1
