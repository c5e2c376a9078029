"""Augmenting batches of images, Striate beside its peers, taking turns.

All do the same to bytes: flip, rotation, shift, zoom, brightness, contrast (Striate's preset
'standard', the others by the same numbers), each image with parameters of its own.

    tensorflow, jax, torch   Keras 3's layers on that backend, given the Python of an environment with
                             both; TensorFlow inside one `tf.function`, as fast as it goes
    scipy                    the older generator's way: `scipy.ndimage.affine_transform` image by image,
                             flips, then Pillow for brightness; runs in this Python

Every side is a process of its own and works when told to, one at a time, in an order that changes
from round to round.

    python benchmarks/augmentation.py [--tensorflow PYTHON] [--jax PYTHON] [--torch PYTHON] [--rounds 9]
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

# Side of the images, and examples in a batch.
CASES = {"32x32x3": (32, 500), "150x150x3": (150, 32)}
# A side works for at least this long in its turn.
SECONDS_A_TURN = 0.5


def images(side: int, batch: int) -> np.ndarray:
    """Bytes, as a data set holds them."""
    return np.random.default_rng(0).integers(0, 256, (batch, side, side, 3), dtype=np.uint8)


def striate_side(batch: np.ndarray) -> Callable[[int], Any]:
    """Striate: keys of a fresh epoch each time, then everything on the batch."""
    augment = importlib.import_module("striate.augment")
    standard = augment.preset("standard", "image", batch.shape[1:])
    indices = np.arange(len(batch))
    return lambda turn: standard(batch, augment.example_keys(0, turn, indices))


def keras_side(backend: str) -> Callable[[np.ndarray], Callable[[int], Any]]:
    """Keras's layers in a row, on the backend that the environment variable names."""

    def make(batch: np.ndarray) -> Callable[[int], Any]:
        keras = importlib.import_module("keras")
        layers = [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(0.03),
            keras.layers.RandomTranslation(0.1, 0.1),
            keras.layers.RandomZoom(0.1),
            keras.layers.RandomBrightness(0.1),
            keras.layers.RandomContrast(0.2),
        ]

        def run(x: Any) -> Any:
            for layer in layers:
                x = layer(x, training=True)
            return x

        if backend == "tensorflow":
            tensorflow = importlib.import_module("tensorflow")
            compiled = tensorflow.function(run)
            constant = tensorflow.constant(batch)
            return lambda turn: compiled(constant).numpy()
        return lambda turn: np.asarray(keras.ops.convert_to_numpy(run(batch)))

    return make


def scipy_side(batch: np.ndarray) -> Callable[[int], Any]:
    """One image after the other, a channel at a time, as the older generator does it."""
    ndimage = importlib.import_module("scipy.ndimage")
    image_module = importlib.import_module("PIL.Image")
    enhance = importlib.import_module("PIL.ImageEnhance")
    rng = np.random.default_rng(0)

    def one(image: np.ndarray) -> np.ndarray:
        side = image.shape[0]
        angle = rng.uniform(-1, 1) * 0.03 * 2 * np.pi
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = matrix @ np.diag(rng.uniform(0.9, 1.1, 2))
        centre = (side - 1) / 2
        offset = centre - matrix @ [centre, centre] + rng.uniform(-0.1, 0.1, 2) * side
        channels = [
            ndimage.affine_transform(channel, matrix, offset, order=1, mode="reflect")
            for channel in np.moveaxis(image.astype(np.float32), -1, 0)
        ]
        image = np.stack(channels, axis=-1)
        if rng.random() < 0.5:
            image = image[:, ::-1]
        picture = image_module.fromarray(image.clip(0, 255).astype(np.uint8))
        picture = enhance.Brightness(picture).enhance(rng.uniform(0.9, 1.1))
        return np.asarray(enhance.Contrast(picture).enhance(rng.uniform(0.8, 1.2)), np.float32)

    return lambda turn: np.stack([one(image) for image in batch])


def makers(name: str) -> Callable[[np.ndarray], Callable[[int], Any]]:
    """What makes a side's work from a batch."""
    if name == "striate":
        return striate_side
    return scipy_side if name == "scipy" else keras_side(name)


def work(name: str) -> None:
    """Answer each line on stdin, the name of a case, with the batches done and the seconds they took."""
    # What the libraries print goes to stderr; stdout is the conversation.
    answers, sys.stdout = sys.stdout, sys.stderr
    library = {"striate": "striate", "scipy": "scipy"}.get(name, "keras")
    version = importlib.import_module(library).__version__
    engine = "" if library != "keras" else f" on {name} {importlib.metadata.version(name)}"
    sides = {case: makers(name)(images(*size)) for case, size in CASES.items()}
    for run in sides.values():
        run(0)
    print(f"{library} {version}{engine}", file=answers, flush=True)
    turn = 1
    for line in sys.stdin:
        run, done, start = sides[line.strip()], 0, time.perf_counter()
        while (seconds := time.perf_counter() - start) < SECONDS_A_TURN or done == 0:
            run(turn)
            turn, done = turn + 1, done + 1
        print(done, seconds, file=answers, flush=True)


class Side:
    """A process that augments batches when told to."""

    def __init__(self, name: str, python: str):
        self.name = name
        self.process = subprocess.Popen(
            [python, __file__, "--work", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": name},
        )
        self.rates: dict[str, list[float]] = {case: [] for case in CASES}
        self.versions = self._read()

    def _read(self) -> str:
        line = self.process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise SystemExit(f"{self.name}: the process ended; is everything installed for it?")
        return line.strip()

    def turn(self, case: str) -> None:
        """Work for one turn and note the images a second."""
        self.process.stdin.write(f"{case}\n")  # type: ignore[union-attr]
        self.process.stdin.flush()  # type: ignore[union-attr]
        done, seconds = self._read().split()
        self.rates[case].append(int(done) * CASES[case][1] / float(seconds))

    def close(self) -> None:
        """Let the process end."""
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.wait()


def machine() -> str:
    """Name the processor, how many there are, and how busy they have been."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    name = model or platform.machine()
    return f"{name}, {os.cpu_count()} processors{load}, Python {platform.python_version()}"


def report(sides: list[Side]) -> None:
    """Print rates, and the ratio of each round with its spread."""
    ours, *peers = sides
    for case, (_, batch) in CASES.items():
        print(f"\n{case}, batches of {batch}: images a second, median (lowest to highest)")
        for side in sides:
            rates = side.rates[case]
            spread = f"({min(rates):,.0f} to {max(rates):,.0f})"
            print(f"  {side.name:<11}{statistics.median(rates):>9,.0f} {spread:<22} {side.versions}")
        for peer in peers:
            ratios = [own / theirs for own, theirs in zip(ours.rates[case], peer.rates[case], strict=True)]
            print(
                f"  Striate against {peer.name}: {statistics.median(ratios):.1f} times as fast "
                f"(median of {len(ratios)} rounds, {min(ratios):.1f} to {max(ratios):.1f})"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for backend in ("tensorflow", "jax", "torch"):
        parser.add_argument(f"--{backend}", metavar="PYTHON", help=f"a Python with Keras and {backend}")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work)
        return
    chosen = [(name, getattr(options, name)) for name in ("tensorflow", "jax", "torch")]
    places = [("striate", sys.executable), ("scipy", sys.executable)]
    places += [(name, python) for name, python in chosen if python]
    print(f"{time.strftime('%Y-%m-%d')}, {machine()}, {options.rounds} rounds", flush=True)
    sides = [Side(name, python) for name, python in places]
    for case in CASES:
        for number in range(options.rounds):
            first = number % len(sides)
            for side in (*sides[first:], *sides[:first]):
                side.turn(case)
    for side in sides:
        side.close()
    report(sides)


if __name__ == "__main__":
    main()
