"""A small run to report on: striped images or waves, a tiny network, and names as nobody would wish them."""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.core.runtime import set_random_seed
from striate.datasets.source import Axis, Data
from striate.layers import Conv1D, Conv2D, Dense, Flatten, Input, MaxPooling1D, MaxPooling2D, ReLU
from striate.models import Sequential
from striate.report import Material
from striate.report.material import Examples
from striate.visualize.answers import Answers, make_answers

CLASS_NAMES = ("<script>alert('class')</script>", 'a "quoted" & name', "caf\udce9 🐈\u202e")
FILE_NAME = "<img src=x onerror=alert(1)>.png"
EXAMPLES = 30


def file_names(count: int = EXAMPLES) -> list[str]:
    """Names of files, the first of them hostile."""
    return [FILE_NAME, *(f"folder/file {number}.png" for number in range(1, count))]


def images(count: int = EXAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """Draw images (examples, 9, 9, 1), uint8, with a bright stripe at one of three places."""
    generator = np.random.default_rng(0)
    labels = np.arange(count) % 3
    drawn = generator.integers(0, 90, (count, 9, 9, 1))
    for image, label in zip(drawn, labels, strict=True):
        image[:, 3 * label : 3 * label + 3] += 150
    return drawn.astype(np.uint8), labels


def signals(count: int = EXAMPLES) -> tuple[np.ndarray, np.ndarray]:
    """Draw signals (examples, 24, 1) of one, two or three waves."""
    labels = np.arange(count) % 3
    phase = np.linspace(0, 2 * np.pi, 24)
    waves = np.stack([np.sin((label + 1) * phase + 0.1 * number) for number, label in enumerate(labels)])
    return waves[..., None].astype(np.float32), labels


def network(kind: str = "image", classes: int = 3) -> Any:
    """Make a tiny network with one convolution whose activation is inside, and one with it behind."""
    set_random_seed(3)
    if kind == "signal":
        layers = [Conv1D(4, 3, activation="relu"), MaxPooling1D(2), Conv1D(4, 3), ReLU()]
    else:
        layers = [Conv2D(4, 3, activation="relu"), MaxPooling2D(2), Conv2D(4, 2), ReLU()]
    layers += [Flatten(), Dense(classes, activation="softmax")]
    for layer, name in zip(layers, ("conv1", "pool", "conv2", "relu", "flatten", "dense"), strict=True):
        layer.name = name
    return Sequential([Input((24, 1) if kind == "signal" else (9, 9, 1), name="input"), *layers], name="toy")


def dense_network() -> Any:
    """Make a network without convolutions."""
    set_random_seed(3)
    return Sequential([Input((9, 9, 1)), Flatten(), Dense(3, activation="softmax")])


def answers_to(labels: np.ndarray, names: list[str]) -> Answers:
    """Answer with the right class for two of three, with the next one for the others."""
    said = np.where(np.arange(len(labels)) % 4 == 3, (labels + 1) % 3, labels)
    rows = np.full((len(labels), 3), 0.1)
    rows[np.arange(len(labels)), said] = 0.8 - 0.01 * np.arange(len(labels)) % 0.3
    return make_answers(rows / rows.sum(axis=1, keepdims=True), labels, CLASS_NAMES, names)


def examples(kind: str = "image") -> Examples:
    """Put the examples of a run together."""
    x, y = images() if kind == "image" else signals()
    data = Data(x, y, list(CLASS_NAMES), file_names())
    counts = {"train": np.bincount(y), "validation": np.zeros(3, np.int64), "test": np.bincount(y)}
    axis = None if kind == "image" else Axis("wavelength", np.linspace(400, 700, 24))
    return Examples(kind, data, data, counts, axis)


RECORD = {
    "status": "finished",
    "data": {
        "name": "toy",
        "kind": "image",
        "origin": "striped images",
        "shape": [9, 9, 1],
        "classes": list(CLASS_NAMES),
        "parts": {"train": 30, "validation": 0, "test": 30},
        "sources": {"train": "train", "validation": "train", "test": "test"},
        "leaks": ["1 example is a copy of <another>"],
        "left_out": {"train": 2},
        "bad_files": [{"name": "bad\udcff.png", "reason": "is empty"}],
        "sha256": "ab" * 32,
    },
    "model": {"name": "toy", "reason": "it is small", "parameters": 123},
    "epochs": {"planned": 6, "done": 6, "best": 3},
    "device": {"value": "cpu", "reason": "no GPU found"},
    "precision": {"value": "float32", "reason": "asked for"},
    "threads": 1,
    "seed": 7,
    "seconds": {"training": 12.3},
    "versions": {"striate": "0.1", "torch": "2.13"},
    "started": "2026-01-02T03:04:05+00:00",
    "finished": "2026-01-02T03:05:05+00:00",
}
HISTORY = {
    "loss": [1.0, 0.6, 0.4, 0.3, 0.2, 0.1],
    "val_loss": [1.0, 0.7, 0.6, 0.75, 0.9, 1.1],
    "accuracy": [0.4, 0.6, 0.7, 0.8, 0.9, 0.95],
    "val_accuracy": [0.4, 0.5, 0.6, 0.6, 0.6, 0.6],
}


def material(kind: str = "image", model: Any = None, **changes: Any) -> Material:
    """Put the material of a report together, with changes."""
    given = examples(kind)
    known: dict[str, Any] = {
        "name": "toy <run>",
        "record": RECORD,
        "recipe": 'data = "toy.npz"\n# </code></pre><script>alert(2)</script>\n',
        "plan": {"data": "toy.npz", "batch_size": 32, "augment": "light"},
        "command": "striate train 'runs/toy/recipe.toml'",
        "class_names": CLASS_NAMES,
        "history": HISTORY,
        "network": network(kind) if model is None else model,
        "given_examples": given,
        "given_answers": answers_to(np.asarray(given.test.y), file_names()),
    }
    return Material(**{**known, **changes})
