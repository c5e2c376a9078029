"""Networks A, C and E, from the same weights on the same real images: the same losses, step by step.

All walk by plain gradient descent. Adam divides small gradients by their own size, so that the last bits
decide: in float32 a run of network E leaves a float64 one by more than 1e-3, in either library, and
Keras rounds Adam's correction of the first steps (1 - 0.999 to the power of the step) to float32.
"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import striate
from tests.peers.keras_side import keras

pytestmark = pytest.mark.peers

STEPS = 20


def digits(width, height, channels):
    """Real handwritten digits, enlarged; noise would leave batch normalisation nothing but rounding."""
    data = load_digits()
    pictures = [
        np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BILINEAR))
        for picture in (data.images[:640] * 16).clip(0, 255).astype(np.uint8)
    ]
    images = np.stack(pictures).astype(np.float32)[..., None]
    images = (images - images.mean()) / images.std()
    return np.repeat(images, channels, axis=-1), data.target[:640]


def net_a(library, width):
    layers = library.layers
    stack = [library.Input((100, 100, 1))]
    for filters in (512, 256, 128):
        stack += [layers.Conv2D(filters // width, 3), layers.BatchNormalization(), layers.ReLU()]
        stack += [layers.MaxPooling2D(3)]
    return library.Sequential([*stack, layers.Flatten(), layers.Dense(1, activation="sigmoid")])


def net_c(library):
    layers = library.layers
    stack = [library.Input((32, 32, 3)), layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2)]
    stack += [layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2)]
    stack += [layers.Conv2D(64, 3, activation="relu"), layers.Flatten()]
    return library.Sequential([*stack, layers.Dense(64, activation="relu"), layers.Dense(10)])


def net_e(library):
    layers = library.layers
    stack = [library.Input((64, 100))]
    stack += [layers.Conv1D(64, 3, activation="relu") for _ in range(2)]
    stack += [layers.MaxPooling1D(3)]
    stack += [layers.Conv1D(128, 3, activation="relu") for _ in range(2)]
    return library.Sequential(
        [*stack, layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")]
    )


def compare(build, images, labels, loss, optimizer, batch, note, name):
    """Train both for twenty steps and compare the losses of each."""
    striate.utils.set_random_seed(1)
    ours, theirs = build(striate), build(keras())
    theirs.set_weights(ours.get_weights())
    ours.compile(optimizer(striate), loss(striate), precision="float32", device="cpu")
    theirs.compile(optimizer(keras()), loss(keras()))
    found, wanted = [], []
    for step in range(STEPS):
        rows = slice(step * batch % len(images), step * batch % len(images) + batch)
        found.append(float(np.ravel(ours.train_on_batch(images[rows], labels[rows]))[0]))
        wanted.append(float(np.ravel(theirs.train_on_batch(images[rows], labels[rows]))[0]))
    difference = max(abs(one - other) / abs(other) for one, other in zip(found, wanted, strict=True))
    note("networks, 20 losses", name, STEPS, difference)
    assert difference <= 1e-3, (found, wanted)


def descent(library):
    return library.optimizers.SGD(1e-3)


def binary(library):
    return library.losses.BinaryCrossentropy()


def sparse(library):
    return library.losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize(
    ("width", "batch"), [(16, 16), (1, 8)], ids=["a sixteenth of the filters", "full width"]
)
def test_network_a_learns_as_in_keras(width, batch, note):
    images, labels = digits(100, 100, 1)
    odd = (labels % 2).astype(np.float32)[:, None]
    compare(
        lambda library: net_a(library, width),
        images,
        odd,
        binary,
        descent,
        batch,
        note,
        f"A, filters / {width}",
    )


def test_network_c_learns_as_in_keras(note):
    compare(net_c, *digits(32, 32, 3), sparse, descent, 32, note, "C")


def test_network_e_learns_as_in_keras(note):
    images, labels = digits(100, 64, 1)
    odd = (labels % 2).astype(np.float32)[:, None]
    compare(net_e, images[..., 0], odd, binary, descent, 32, note, "E")
