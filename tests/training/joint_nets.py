"""The reference networks trained for some steps, by one process or by several, with the loss of each step.

Run as a program: `joint_nets.py OUT NET PRECISION STEPS`. Networks A, B and D are taken smaller than
they are described, so that a hundred steps in float64 take minutes on two cores: A with a sixteenth of
its filters and images of 60 x 60, B and D on images of 32 x 32. All have augmentation; A's batch
statistics are those of all processes; A, B and E have dropout.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

import striate
from striate import layers, losses, models, optimizers
from striate.applications.reference import net_b, net_c, net_d, net_e
from tests.training.joint_cases import RANK, Losses

BATCH, EXAMPLES = 16, 72


def small_net_a() -> Any:
    stack: list[Any] = [layers.Input((60, 60, 1))]
    for filters in (32, 16, 8):
        stack += [layers.Conv2D(filters, 3), layers.BatchNormalization(), layers.ReLU()]
        stack += [layers.MaxPooling2D(3 if filters > 8 else 2), layers.Dropout(0.1)]
    return models.Sequential([*stack, layers.Flatten(), layers.Dense(1, activation="sigmoid")])


NETS: dict[str, tuple[Any, tuple[int, ...], int]] = {
    "A": (small_net_a, (60, 60, 1), 2),
    "B": (lambda: net_b((32, 32, 3)), (32, 32, 3), 2),
    "C": (net_c, (32, 32, 3), 10),
    "D": (lambda: net_d((32, 32, 3)), (32, 32, 3), 60),
    "E": (net_e, (64, 100), 2),
}


def losses_of(name: str, precision: str, steps: int) -> list[float]:
    """Train a network and say the loss of each step."""
    striate.utils.set_random_seed(7)
    make, shape, classes = NETS[name]
    chance = np.random.default_rng(1)
    x = chance.random((EXAMPLES, *shape)).astype(precision)
    y = chance.integers(0, classes, (EXAMPLES, 1))
    model = make()
    if precision == "float64":
        model.double()
        for inner in model.modules():
            if isinstance(inner, layers.Layer):
                inner.dtype = torch.float64
    loss: Any = losses.BinaryCrossentropy()
    if classes > 2:
        loss = losses.SparseCategoricalCrossentropy(from_logits=name == "C")
    # Adam divides small gradients by their own size, so in fp32 it makes rounding as large as a step.
    optimizer: Any = "adam" if precision == "float64" else optimizers.SGD(0.01, momentum=0.9)
    model.compile(optimizer, loss, sync_batch_norm=True, precision="float32")
    noted = Losses()
    each = -(-EXAMPLES // BATCH)
    epochs = -(-steps // each)
    model.fit(x, y, BATCH, epochs, verbose=0, callbacks=[noted], augment="light")
    return noted.values[:steps]


if __name__ == "__main__":
    torch.set_num_threads(1)
    out, net, kind, count = sys.argv[1:]
    found = losses_of(net, kind, int(count))
    Path(f"{out}.{RANK}").write_text(json.dumps(found))
