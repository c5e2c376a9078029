"""Small data and networks that train in a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.datasets.source import Data, DataBundle

CLASS_NAMES = ["left", "middle", "right"]

# A network file of a person's own, good and bad functions.
NETWORKS = """
from striate.layers import Dense, Flatten, Input, Rescaling, Softmax
from striate.models import Model, Sequential

def stack(input_shape, classes):
    return Sequential([Input(input_shape), Flatten(), Dense(classes, activation="softmax")])

def scaled(input_shape, classes):
    return Sequential([Input(input_shape), Rescaling(1 / 255), Flatten(), Dense(classes)])

def graph(input_shape, classes):
    inputs = Input(input_shape)
    return Model(inputs, Softmax()(Dense(classes)(Flatten()(inputs))))

def unbuilt(input_shape, classes):
    return Sequential([Flatten(), Dense(classes)])

def one_unit(input_shape, classes):
    return Sequential([Input(input_shape), Flatten(), Dense(1, activation="sigmoid")])

def seven(input_shape, classes):
    return Sequential([Input(input_shape), Flatten(), Dense(7)])

def other_input(input_shape, classes):
    return Sequential([Input((9, 9, 1)), Flatten(), Dense(classes)])

def two_inputs(input_shape, classes):
    first, second = Input(input_shape), Input(input_shape)
    return Model([first, second], [Dense(classes)(Flatten()(first)), Dense(classes)(Flatten()(second))])

def nothing(input_shape, classes):
    return None

def bad_layer(input_shape, classes):
    return Sequential([Input(input_shape), Dense(-1)])

def no_arguments():
    return None
"""


def toy_images(examples: int = 90, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw images (examples, 6, 6, 1), uint8, of which a left, middle or right stripe is bright."""
    generator = np.random.default_rng(seed)
    labels = np.arange(examples) % 3
    images = generator.integers(0, 60, (examples, 6, 6, 1))
    for image, label in zip(images, labels, strict=True):
        image[:, 2 * label : 2 * label + 2] += 180
    return images.astype(np.uint8), labels


def write_toy(folder: Path) -> Path:
    """Write toy.npz and networks.py into a folder; answer the first."""
    images, labels = toy_images()
    np.savez(folder / "toy.npz", x=images, y=labels, class_names=np.array(CLASS_NAMES))
    (folder / "networks.py").write_text(NETWORKS, encoding="utf-8")
    return folder / "toy.npz"


def toy_bundle(examples: int = 90, **parts: Data) -> DataBundle:
    """Toy images as data to train on."""
    images, labels = toy_images(examples)
    return DataBundle("toy", Data(images, labels), **parts)
