"""Training net C through `fit`, Striate beside Keras 3 on each of its backends, taking turns.

Every side is a process of its own, in the virtual environment of its own Python, and trains one
epoch when told to, so that only one works at a time. All get the same images, labels, batch size,
optimiser, loss and accuracy metric; each runs at its own default precision ('auto' for Striate).
A round is one epoch of each side, in an order that changes from round to round.

    python benchmarks/keras_net_c.py --peer-python jax=/path/to/python --peer-python torch=/path/to/python \
        --peer-python tensorflow=/path/to/python [--rounds 7] [--steps 20] [--batch 500]

A peer's environment needs keras and the backend. Without peers, Striate is measured alone.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

CLASSES = 10


def build(library: Any) -> Any:
    """Net C in the library's own layers, compiled."""
    layers = library.layers
    model = library.Sequential(
        [
            library.Input((32, 32, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(CLASSES),
        ]
    )
    loss = library.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


def data(examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Images that have something to learn in them: a class's own colours under noise."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, examples)
    colours = rng.random((CLASSES, 1, 1, 3), np.float32)
    images = 0.5 * colours[labels] + 0.5 * rng.random((examples, 32, 32, 3), np.float32)
    return images, labels


def versions(library: Any, engine: str) -> str:
    """Name what computes; a checkout has a version, too, though no metadata."""
    return f"{library.__name__} {library.__version__}, {engine} {importlib.metadata.version(engine)}"


def work(library: str, backend: str, steps: int, batch: int) -> None:
    """Answer each line on stdin with the seconds of one epoch, its last loss and accuracy."""
    if backend:
        os.environ["KERAS_BACKEND"] = backend
    # What the libraries print goes to stderr; stdout is the conversation.
    answers, sys.stdout = sys.stdout, sys.stderr
    loaded = importlib.import_module(library)
    model = build(loaded)
    images, labels = data(steps * batch)
    print(versions(loaded, backend or "torch"), file=answers, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        history = model.fit(images, labels, batch_size=batch, epochs=1, verbose=0).history
        seconds = time.perf_counter() - start
        print(seconds, history["loss"][-1], history["accuracy"][-1], file=answers, flush=True)


class Side:
    """A process that trains an epoch when told to."""

    def __init__(self, name: str, python: str, steps: int, batch: int):
        self.name = name
        library, backend = ("striate", "") if name == "striate" else ("keras", name)
        self.process = subprocess.Popen(
            [python, __file__, "--work", library, backend, "--steps", str(steps), "--batch", str(batch)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self.versions = self._read()
        self.seconds: list[float] = []
        self.last = (0.0, 0.0)

    def _read(self) -> str:
        line = self.process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise SystemExit(f"{self.name}: the process ended; is everything installed for it?")
        return line.strip()

    def epoch(self, counted: bool = True) -> None:
        """Train one epoch and note how long it took."""
        self.process.stdin.write("epoch\n")  # type: ignore[union-attr]
        self.process.stdin.flush()  # type: ignore[union-attr]
        seconds, loss, accuracy = map(float, self._read().split())
        self.last = (loss, accuracy)
        if counted:
            self.seconds.append(seconds)

    def close(self) -> None:
        """Let the process end."""
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()


def machine() -> str:
    """Name the processor and how many of it this process may use."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"


def report(ours: Side, peers: list[Side], examples: int) -> None:
    """Print rates, and the ratio of each round with its spread."""
    for side in (ours, *peers):
        rate = examples / statistics.median(side.seconds)
        loss, accuracy = side.last
        print(
            f"{side.name:<11} {rate:>8,.0f} images/s (median)   last epoch: "
            f"loss {loss:.3f}, accuracy {accuracy:.3f}   {side.versions}"
        )
    for peer in peers:
        ratios = [theirs / own for own, theirs in zip(ours.seconds, peer.seconds, strict=True)]
        print(
            f"Striate against Keras on {peer.name}: {statistics.median(ratios):.2f} times as fast "
            f"(median of {len(ratios)} rounds, {min(ratios):.2f} to {max(ratios):.2f})"
        )
    if peers:
        best = [min(times) for times in zip(*(peer.seconds for peer in peers), strict=True)]
        ratios = [theirs / own for own, theirs in zip(ours.seconds, best, strict=True)]
        print(
            f"Striate against the fastest of them in each round: {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--peer-python",
        action="append",
        default=[],
        metavar="BACKEND=PYTHON",
        help="may be given several times",
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--work", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(*options.work, options.steps, options.batch)
        return
    chosen = [pair.partition("=")[::2] for pair in options.peer_python]
    places = [("striate", sys.executable), *chosen]
    print(f"{time.strftime('%Y-%m-%d')}, {machine()}")
    print(
        f"net C, {options.steps} steps of {options.batch}, accuracy metric on, {options.rounds} rounds",
        flush=True,
    )
    sides = [Side(name, python, options.steps, options.batch) for name, python in places]
    for side in sides:
        side.epoch(counted=False)
    for number in range(options.rounds):
        turn = number % len(sides)
        for side in (*sides[turn:], *sides[:turn]):
            side.epoch()
    for side in sides:
        side.close()
    report(sides[0], sides[1:], options.steps * options.batch)


if __name__ == "__main__":
    main()
