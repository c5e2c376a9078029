"""How good a network is on labelled examples, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.core.errors import LabelError
from striate.core.processes import alone
from striate.datasets.labels import to_categorical
from striate.datasets.source import Data
from striate.losses import CategoricalCrossentropy
from striate.visualize.base import Matrix
from striate.visualize.confusion_matrix import count_confusions
from striate.workbench.network import ends_in_probabilities

# Large enough to be quick, small enough for any memory.
SCORING_BATCH = 128


@dataclass(frozen=True, eq=False)
class Scores:
    """What a network got right; `noun` is what the examples are called: 'images' or 'signals'."""

    examples: int
    accuracy: float
    loss: float
    class_names: list[str]
    confusion: Matrix
    noun: str = "images"

    @property
    def counts(self) -> np.ndarray:
        """How many examples there are of each class."""
        return self.confusion.counts.sum(axis=1)

    @property
    def recalls(self) -> list[float | None]:
        """The share of each class that was recognised; None for a class without examples."""
        right = np.diag(self.confusion.counts)
        return [
            float(hit) / int(count) if count else None for hit, count in zip(right, self.counts, strict=True)
        ]

    def sentence(self) -> str:
        """The accuracy in the words that end a training: `test accuracy 0.9889 on 270 images`."""
        noun = self.noun if self.examples != 1 else self.noun.removesuffix("s")
        return f"test accuracy {self.accuracy:.4f} on {self.examples} {noun}"


def score(model: Any, data: Data, class_names: list[str], kind: str = "image") -> Scores:
    """Score a compiled network on labelled examples, at its own precision policy.

    Raises:
        LabelError: examples without labels, or of classes that the network does not know.
    """
    if data.y is None:
        raise LabelError("scoring needs labels: these examples have none.")
    if len(data) and int(data.y.max()) >= len(class_names):
        raise LabelError(
            f"these examples have labels up to {int(data.y.max())}, but the network tells {len(class_names)} "
            f"classes apart: 0 to {len(class_names) - 1}."
        )
    by_rows = isinstance(model.compiled.loss, CategoricalCrossentropy)
    labels = to_categorical(data.y, len(class_names)) if by_rows else data.y
    with alone():
        found = model.evaluate(data.x, labels, batch_size=SCORING_BATCH, verbose=0, return_dict=True)
    answers = model.predict(data.x, batch_size=SCORING_BATCH, verbose=0)
    predicted = probabilities(model, answers).argmax(axis=1)
    return Scores(
        examples=len(data),
        accuracy=float(found["accuracy"]),
        loss=float(found["loss"]),
        class_names=class_names,
        confusion=count_confusions(data.y, predicted, class_names),
        noun=f"{kind}s",
    )


def probabilities(model: Any, answers: np.ndarray) -> np.ndarray:
    """Turn a network's answers into one probability a class, also from logits and from one unit.

    Shape:
        answers: (examples, classes), or (examples, 1) for two classes
        out: (examples, classes), each row adding up to 1
    """
    values = answers.astype(np.float64)
    if values.shape[1] == 1:
        second = values if ends_in_probabilities(model) else 1 / (1 + np.exp(-np.clip(values, -700, 700)))
        return np.concatenate([1 - second, second], axis=1)
    if ends_in_probabilities(model):
        return values
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
