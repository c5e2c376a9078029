"""The networks through `fit` and `predict` of any library with Keras's API: Striate and Keras itself."""

from __future__ import annotations

import importlib
import importlib.metadata
from typing import Any

import numpy as np

from benchmarks.speed.jobs import Job
from benchmarks.speed.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAverage,
    Pool,
    Relu,
    Row,
)
from benchmarks.speed.nets import Net, data


def layer(library: Any, row: Row, dimensions: int, answer: str | None) -> Any:
    """Make the library's layer of a row; `answer` is the activation of the network's last one."""
    layers = library.layers
    if isinstance(row, Conv):
        kind = layers.Conv1D if dimensions == 1 else layers.Conv2D
        activation = "relu" if row.relu else None
        return kind(row.filters, row.kernel, padding=row.padding, activation=activation)
    if isinstance(row, Pool):
        return (layers.MaxPooling1D if dimensions == 1 else layers.MaxPooling2D)(row.size)
    if isinstance(row, GlobalAverage):
        return layers.GlobalAveragePooling1D() if dimensions == 1 else layers.GlobalAveragePooling2D()
    if isinstance(row, Dropout):
        return layers.Dropout(row.rate)
    if isinstance(row, Dense):
        return layers.Dense(row.units, activation="relu" if row.relu else answer)
    plain = {BatchNorm: layers.BatchNormalization, Relu: layers.ReLU, Flatten: layers.Flatten}
    return plain[type(row)]()


def build(library: Any, net: Net) -> Any:
    """Stack the network in the library's own layers; in the functional form where the net says so."""
    answer = None if net.answer == "logits" else net.answer
    stack = [layer(library, row, len(net.shape) - 1, answer) for row in net.rows]
    entry = library.Input(net.shape)
    if not net.functional:
        return library.Sequential([entry, *stack])
    values = entry
    for member in stack:
        values = member(values)
    return library.Model(entry, values)


def loss(library: Any, net: Net) -> Any:
    """The loss that suits what the network answers."""
    if net.answer == "sigmoid":
        return library.losses.BinaryCrossentropy()
    return library.losses.SparseCategoricalCrossentropy(from_logits=net.answer == "logits")


class KerasEngine:
    """One compiled model; each turn is an epoch of `fit` or one `predict`."""

    def __init__(self, job: Job):
        library = importlib.import_module(job.options["library"])
        self.job = job
        if "policy" in job.options:
            library.mixed_precision.set_dtype_policy(job.options["policy"])
        self.model = build(library, job.net)
        metrics = ["accuracy"] if job.metrics else []
        self.model.compile(optimizer="adam", loss=loss(library, job.net), metrics=metrics)
        self.inputs, self.labels = data(job.net, job.examples)
        backend = job.options["backend"]
        self.about = {
            library.__name__: library.__version__,
            backend: importlib.metadata.version(backend),
        }

    def turn(self) -> dict[str, float]:
        """Train one epoch, or predict once; says what shows that it was done."""
        batch = self.job.load.batch
        if self.job.task == "train":
            history = self.model.fit(self.inputs, self.labels, batch_size=batch, epochs=1, verbose=0).history
            return {key: float(values[-1]) for key, values in history.items()}
        answers = self.model.predict(self.inputs, batch_size=batch, verbose=0)
        return {"answers": len(answers), "mean": float(np.mean(answers))}
