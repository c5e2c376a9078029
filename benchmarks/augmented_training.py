"""What augmentation costs in training: network B on 150x150x3, with and without the preset `standard`.

One process trains both models in turns, a few steps of 32 each, through `fit`; printed are the
medians of the ratios of their times and of the processors' time, which a busy neighbour disturbs less.

    python benchmarks/augmented_training.py [--rounds 7] [--steps 4]
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from striate.applications.reference import net_b
from striate.core.runtime import set_random_seed
from striate.models import Model

BATCH = 32


def make_model() -> Model:
    """Make network B, ready to train."""
    set_random_seed(0)
    model = net_b((150, 150, 3), 1, 1 / 255)
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def seconds_of(model: Model, x: np.ndarray, y: np.ndarray, augment: str | None) -> np.ndarray:
    """Train one epoch and time it: by the clock, and in the processors' time."""
    begun = np.array([time.perf_counter(), time.process_time()])
    model.fit(x, y, batch_size=BATCH, epochs=1, augment=augment, verbose=0)
    return np.array([time.perf_counter(), time.process_time()]) - begun


def main() -> None:
    """Train in turns and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=4)
    chosen = parser.parse_args()
    generator = np.random.default_rng(0)
    x = generator.integers(0, 256, (BATCH * chosen.steps, 150, 150, 3), dtype=np.uint8)
    y = generator.integers(0, 2, len(x))
    plain, augmented = make_model(), make_model()
    # The first steps of each find their memory.
    seconds_of(plain, x[:BATCH], y[:BATCH], None)
    seconds_of(augmented, x[:BATCH], y[:BATCH], "standard")
    ratios = []
    for _ in range(chosen.rounds):
        without = seconds_of(plain, x, y, None)
        with_it = seconds_of(augmented, x, y, "standard")
        ratios.append(with_it / without)
        print(
            f"without {len(x) / without[0]:.1f}, with {len(x) / with_it[0]:.1f} images a second", flush=True
        )
    for what, found in zip(("time", "processors' time"), np.transpose(ratios).tolist(), strict=True):
        print(
            f"with augmentation a training takes {statistics.median(found):.3f} times the {what} "
            f"({min(found):.3f} to {max(found):.3f}, {chosen.rounds} rounds)"
        )


if __name__ == "__main__":
    main()
