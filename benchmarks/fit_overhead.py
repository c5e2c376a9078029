"""How much `fit` adds to a bare PyTorch loop: net C, batch 500, same layout, precision and optimiser steps.

Both train the same number of steps in one process, taking turns; the ratio of each pair is
printed with its median. The bare loop is what an expert writes: channels_last memory, bf16
autocast where the hardware has it, torch's fused Adam, no metrics; `fit` runs with its
defaults, accuracy and progress line included.

    python benchmarks/fit_overhead.py [--pairs 15] [--steps 20] [--precision auto]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from striate.core.runtime import choose_precision, set_random_seed
from striate.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from striate.losses import SparseCategoricalCrossentropy
from striate.models import Sequential

BATCH = 500


def striate_net() -> Sequential:
    """Net C, not yet compiled."""
    return Sequential(
        [
            Input((32, 32, 3)),
            Conv2D(32, 3, activation="relu"),
            MaxPooling2D(2),
            Conv2D(32, 3, activation="relu"),
            MaxPooling2D(2),
            Conv2D(64, 3, activation="relu"),
            Flatten(),
            Dense(64, activation="relu"),
            Dense(10),
        ]
    )


def torch_net() -> nn.Module:
    """Net C as plain PyTorch, in channels_last memory."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(1024, 64), nn.ReLU(), nn.Linear(64, 10),
    ).to(memory_format=torch.channels_last)  # fmt: skip


class BareLoop:
    """Forward, loss, backward, step; nothing else."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, precision: str):
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2)
        self.labels = torch.from_numpy(labels)
        self.net = torch_net()
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-3, eps=1e-7, fused=True)
        self.precision = precision

    def run(self) -> None:
        """One pass over the data in a new order."""
        order = torch.randperm(len(self.labels))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            images, labels = self.images[rows], self.labels[rows]
            bf16 = self.precision == "bfloat16"
            with torch.autocast("cpu", dtype=torch.bfloat16) if bf16 else nullcontext():
                answers = self.net(images)
            loss = F.cross_entropy(answers.float(), labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()


def seconds(run: object) -> float:
    """Time one call."""
    start = time.perf_counter()
    run()  # type: ignore[operator]
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    set_random_seed(0)
    generator = np.random.default_rng(0)
    images = generator.random((BATCH * options.steps, 32, 32, 3), np.float32)
    labels = generator.integers(0, 10, BATCH * options.steps)
    precision = choose_precision(options.precision, torch.device("cpu"))
    bare = BareLoop(images, labels, precision.value)
    model = striate_net()
    model.compile(
        "adam",
        SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        precision=options.precision,
    )

    def fit() -> None:
        model.fit(images, labels, batch_size=BATCH, verbose=2)

    bare.run(), fit()
    ratios, rates = [], {"bare": [], "fit": []}
    for _ in range(options.pairs):
        a, b = seconds(bare.run), seconds(fit)
        ratios.append(b / a)
        rates["bare"].append(len(labels) / a)
        rates["fit"].append(len(labels) / b)
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {torch.get_num_threads()} threads of {os.cpu_count()}")
    print(f"torch {torch.__version__}, {precision.value} ({precision.reason})")
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(f"bare loop {medians['bare']:,.0f} images/s, fit {medians['fit']:,.0f}")
    print(
        f"time of fit / time of bare loop over {len(ratios)} pairs: median {statistics.median(ratios):.3f}, "
        f"from {min(ratios):.3f} to {max(ratios):.3f}"
    )


if __name__ == "__main__":
    main()
