"""Where the time of one step of Striate's `fit` goes: forward, loss, metrics, backward, optimiser, the rest.

Of a network that is one native program (`striate.training.direct`) loss and right answers are one part.

    python -m benchmarks.speed.profile_step C500 [--rounds 5] [--scale 1] [--no-metrics]

A part's time is its own, without that of the parts inside it. On a CPU every call ends when its
work is done, so clocks around the calls say it all; they cost a few microseconds a step.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.speed.jobs import Job
from benchmarks.speed.keras_engine import KerasEngine
from benchmarks.speed.nets import load_named
from striate.models.fusion.whole import WholeRow
from striate.training.direct import DirectStep
from striate.training.scores import Scores
from striate.training.step import Stepper


class Clock:
    """Adds up the own time of each part, however the parts lie inside each other."""

    def __init__(self) -> None:
        self.own: defaultdict[str, float] = defaultdict(float)
        self._inside: list[float] = []

    def watch(self, owner: type, method: str, part: str) -> None:
        """Count the time of a method to a part."""
        original: Callable[..., Any] = getattr(owner, method)

        def timed(*inputs: Any, **options: Any) -> Any:
            self._inside.append(0.0)
            start = time.perf_counter()
            try:
                return original(*inputs, **options)
            finally:
                taken = time.perf_counter() - start
                self.own[part] += taken - self._inside.pop()
                if self._inside:
                    self._inside[-1] += taken

        setattr(owner, method, timed)


def main() -> None:
    """Train a few epochs with clocks in place and print the parts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("net", help="such as C500")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--no-metrics", dest="metrics", action="store_false")
    asked = parser.parse_args()
    load = load_named(asked.net, asked.scale)
    options = {"library": "striate", "backend": "torch"}
    engine = KerasEngine(Job("keras", "train", load, asked.metrics, options=options))
    engine.turn()
    clock = Clock()
    for owner, method, part in (
        (Stepper, "train", "rest of the step"),
        (Stepper, "forward", "forward"),
        (WholeRow, "forward", "forward"),
        (WholeRow, "backward", "backward"),
        (DirectStep, "_measure", "loss"),
        (DirectStep, "_count", "metrics"),
        (Scores, "loss", "loss"),
        (Scores, "update", "metrics"),
        (torch.Tensor, "backward", "backward"),
        (type(engine.model.optimizer), "zero_grad", "optimizer"),
        (type(engine.model.optimizer), "step", "optimizer"),
    ):
        clock.watch(owner, method, part)
    found: defaultdict[str, list[float]] = defaultdict(list)
    steps = load.train_steps
    for _ in range(asked.rounds):
        clock.own.clear()
        start = time.perf_counter()
        engine.turn()
        whole = time.perf_counter() - start
        for part, seconds in {
            **clock.own,
            "rest of fit": whole - sum(clock.own.values()),
            "all": whole,
        }.items():
            found[part].append(seconds * 1e6 / steps)
    total = statistics.median(found["all"])
    print(f"{load.name}: {steps} steps a turn, median of {asked.rounds} turns, microseconds a step")
    for part, values in found.items():
        middle = statistics.median(values)
        print(
            f"{part:<18} {middle:>10,.0f}  {middle / total:>5.1%}  ({min(values):,.0f} to {max(values):,.0f})"
        )


if __name__ == "__main__":
    main()
