"""The networks that are measured, with the batches and the length of a turn, and their data."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True)
class Net:
    """One network: what goes in, its rows, and what its last row answers."""

    name: str
    title: str
    shape: tuple[int, ...]
    rows: tuple[Row, ...]
    answer: str  # 'logits', 'softmax' or 'sigmoid'
    functional: bool = False

    @property
    def classes(self) -> int:
        """How many classes the labels have; a single unit tells two apart."""
        last = self.rows[-1]
        units = last.units if isinstance(last, Dense) else 1
        return 2 if units == 1 else units


def _a_block(filters: int) -> tuple[Row, ...]:
    return (Conv(filters, relu=False), BatchNorm(), Relu(), Pool(3), Dropout(0.1))


def _same(filters: int, times: int = 1) -> tuple[Row, ...]:
    return (*(Conv(filters, padding="same") for _ in range(times)), Pool(2))


_NETS = (
    Net(
        "A",
        "BatchNormalization, 512 filters",
        (100, 100, 1),
        (*_a_block(512), *_a_block(256), *_a_block(128), Flatten(), Dense(1)),
        "sigmoid",
    ),
    Net(
        "B",
        "150x150 photographs, two classes",
        (150, 150, 3),
        (
            *(*_same(32), *_same(64), *_same(128), *_same(128)),
            *(Flatten(), Dropout(0.5), Dense(512, relu=True), Dense(1)),
        ),
        "sigmoid",
    ),
    Net(
        "C",
        "32x32 images, ten classes",
        (32, 32, 3),
        (Conv(32), Pool(), Conv(32), Pool(), Conv(64), Flatten(), Dense(64, relu=True), Dense(10)),
        "logits",
    ),
    Net(
        "D",
        "100x100 images, sixty classes, 18 layers",
        (100, 100, 3),
        (
            *(*_same(32, 3), *_same(64, 3), *_same(128, 3), *_same(256, 2)),
            *(Flatten(), Dense(1024, relu=True), Dense(60)),
        ),
        "softmax",
        functional=True,
    ),
    Net(
        "E",
        "sequences, 64 steps of 100 features",
        (64, 100),
        (Conv(64), Conv(64), Pool(3), Conv(128), Conv(128), GlobalAverage(), Dropout(0.5), Dense(1)),
        "sigmoid",
    ),
)
NETS = {net.name: net for net in _NETS}


@dataclass(frozen=True)
class Load:
    """A network with a batch size, and how many batches a turn has."""

    net: str
    batch: int
    train_steps: int
    predict_steps: int

    @property
    def name(self) -> str:
        """The name that the command line takes, such as C500."""
        return f"{self.net}{self.batch}"

    def steps(self, task: str) -> int:
        """How many batches a turn of this task has."""
        return self.train_steps if task == "train" else self.predict_steps


# As many steps as the quickest sides need for about a second on two cores.
LOADS = {
    load.name: load
    for load in (
        Load("C", 500, 24, 80),
        Load("C", 32, 240, 800),
        Load("D", 32, 4, 10),
        Load("A", 32, 2, 8),
        Load("E", 16, 500, 1500),
        Load("B", 32, 8, 20),
    )
}
# Of a network that stands there twice the first counts.
_EXAMPLES = {
    load.net: (load.batch * load.train_steps, load.batch * load.predict_steps)
    for load in reversed(LOADS.values())
}


def load_named(name: str, scale: float = 1.0) -> Load:
    """Find a load by its name; for another batch than the listed ones a turn has as many examples.

    Raises:
        SystemExit: a name that is no network with a batch size.
    """
    found = re.fullmatch(r"([A-E])([1-9]\d*)", name)
    if found is None:
        raise SystemExit(f"{name!r} is no network with a batch size; write one such as {', '.join(LOADS)}.")
    net, batch = found[1], int(found[2])
    known = LOADS.get(name)
    if known is not None:
        train, predict = known.train_steps, known.predict_steps
    else:
        train, predict = (max(round(examples / batch), 2) for examples in _EXAMPLES[net])
    return Load(net, batch, *(max(math.ceil(steps * scale), 1) for steps in (train, predict)))


def data(net: Net, examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw examples that have something to learn in them: a class's own colour under noise.

    Shape:
        float32 (examples, ...) in 0..1, channels last; int64 labels (examples,).
    """
    rng = np.random.default_rng(0)
    labels = rng.integers(0, net.classes, examples)
    patterns = rng.random((net.classes, net.shape[-1]), np.float32)
    inputs = rng.random((examples, *net.shape), np.float32)
    inputs += patterns[labels].reshape(examples, *(1 for _ in net.shape[1:]), net.shape[-1])
    inputs *= 0.5
    return inputs, labels
