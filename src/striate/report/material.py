"""What a report is made of: all that is known of a run, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from striate.core.errors import StateError
from striate.datasets.source import Axis, Data
from striate.visualize.answers import Answers


@final
@dataclass(frozen=True, eq=False)
class Examples:
    """The examples of a run: those to train on and those of the test, and how many of each class.

    `counts` holds for each part the number of examples of each class; `axis` is what the steps of
    signals stand for.
    """

    kind: str
    train: Data
    test: Data
    counts: Mapping[str, np.ndarray]
    axis: Axis | None = None

    @property
    def steps(self) -> np.ndarray | None:
        """Where the steps of a signal stand on its own axis; None for images, or where nobody knows."""
        return None if self.axis is None else self.axis.values


@final
@dataclass(frozen=True, eq=False)
class Material:
    """All that a report can show. What is None is left out, with the sentence in `missing`.

    `record` is what run.json holds, `recipe` the text of the recipe and `plan` its table, `command`
    what a person types to train it again; `history` has a list for each measure, an entry an epoch.
    `answers` are those to `examples.test`, in its order.
    """

    name: str
    record: Mapping[str, Any]
    recipe: str
    command: str
    class_names: tuple[str, ...]
    plan: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, list[float]] | None = None
    network: Any = None
    given_examples: Examples | None = None
    given_answers: Answers | None = None
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def model(self) -> Any:
        """The trained network.

        Raises:
            StateError: there is none.
        """
        if self.network is None:
            raise StateError(self.missing.get("network", "The run holds no network."))
        return self.network

    @property
    def examples(self) -> Examples:
        """The run's examples.

        Raises:
            StateError: they are not there any more.
        """
        if self.given_examples is None:
            raise StateError(self.missing.get("examples", "The run's data are not at hand."))
        return self.given_examples

    @property
    def answers(self) -> Answers:
        """The network's answers to the test examples.

        Raises:
            StateError: there are none.
        """
        if self.given_answers is None:
            raise StateError(self.missing.get("answers", "The network was not tested."))
        return self.given_answers

    def known(self, *keys: str) -> Any:
        """Look something up in the record, key by key; None where it does not say."""
        found: Any = self.record
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found
