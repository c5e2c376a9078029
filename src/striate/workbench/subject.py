"""What pictures are asked of: a trained network with examples, and what is asked beside a picture's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from striate.core.errors import ArgumentError, LabelError
from striate.datasets.source import Data
from striate.visualize.answers import Answers, make_answers
from striate.visualize.layer_search import FoundLayer, find_layer, find_layers
from striate.workbench.preparation import read_examples
from striate.workbench.scoring import SCORING_BATCH, probabilities
from striate.workbench.trained import Trained, own_test_part


@dataclass(frozen=True)
class Question:
    """What is asked of a picture beside its name; None leaves the choice to it.

    `layer` is a layer's name or number, `filters` are numbers from 0, `target` a class by name or
    number, `row` and `column` a place in a layer's output, by default the strongest.
    """

    layer: str | None = None
    filters: tuple[int, ...] | None = None
    target: str | None = None
    method: str = "grad_cam"
    row: int | None = None
    column: int | None = None
    count: int = 25
    sort: str | None = None
    untrained: bool = False
    before_activation: bool = False
    seed: int = 0


@dataclass(eq=False)
class Subject:
    """A trained network with examples: those of the person's files, else of the run's own test part."""

    trained: Trained
    question: Question
    files: Sequence[str] = ()
    _data: Data | None = field(default=None, init=False)

    @property
    def model(self) -> Any:
        """The network."""
        return self.trained.model

    @cached_property
    def data(self) -> Data:
        """The test part of the run.

        Raises:
            ArgumentError: the network comes from a file outside any run.
        """
        return own_test_part(self.trained, None)[0]

    @cached_property
    def given(self) -> tuple[list[str], np.ndarray]:
        """The person's examples with their names; without any, the first of the test part."""
        if not self.files:
            names = self.data.names or ["example 0"]
            return names[:1], np.asarray(self.data.x[:1])
        read = [read_examples(file, self.trained.takes) for file in self.files]
        return [name for one in read for name in one.names], np.concatenate([one.x for one in read])

    @property
    def labels(self) -> np.ndarray:
        """The labels of the test part.

        Raises:
            LabelError: there are none.
        """
        if self.data.y is None:
            raise LabelError("this picture compares answers with labels, and the test part has none.")
        return self.data.y

    @cached_property
    def answers(self) -> Answers:
        """The answers to the test part.

        Raises:
            LabelError: a test part without labels.
        """
        labels = self.labels
        found = self.model.predict(self.data.x, batch_size=SCORING_BATCH, verbose=0)
        rows = probabilities(self.model, found)
        return make_answers(rows, labels, self.trained.class_names, self.data.names)

    def layer(self) -> FoundLayer:
        """The layer that was asked for, else the first convolution, else the first with weights."""
        if self.question.layer is not None:
            asked = self.question.layer
            return find_layer(self.model, int(asked) if asked.lstrip("-").isdecimal() else asked)
        layers = [layer for layer in find_layers(self.model) if list(layer.module.parameters(recurse=False))]
        kinds = [layer for layer in layers if "Conv" in layer.kind]
        if not layers:
            raise ArgumentError("this network has no layer with weights to look into.")
        return (kinds or layers)[0]

    def target(self) -> Any:
        """The class that was asked for, by its name or number; None is the network's own answer."""
        asked = self.question.target
        if asked is None or asked in self.trained.class_names:
            return asked
        return int(asked) if asked.isdecimal() else asked
