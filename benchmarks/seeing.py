"""What the inputs that are found for filters and classes are worth: net C, trained on Fashion-MNIST.

python benchmarks/seeing.py [--epochs 3] [--images 1000] [--model FILE] [--pictures FOLDER]

For every filter of every convolution: does the found input excite it more than each of the real
test images does? The measure is the same for both: the mean of what is above zero in the
filter's map, before the activation. For every class: how sure is the network of the found
input, also when that is shifted by up to 2 pixels? And how long the last layer's 64 filters take.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

import striate
from striate.applications.reference import net_c
from striate.core.runtime import set_random_seed
from striate.datasets import fashion_mnist
from striate.losses import SparseCategoricalCrossentropy
from striate.visualize import class_output, exciting_patches, filters, find_class_inputs, maximise, save
from striate.visualize.probes import watch

LAYERS = ("conv1", "conv2", "conv3")


def fold(images: np.ndarray) -> np.ndarray:
    """Bring grey 28x28 images to net C's 32x32x3."""
    return np.repeat(np.pad(images, ((0, 0), (2, 2), (2, 2)))[..., None], 3, axis=-1)


def trained(epochs: int, place: Path | None) -> Any:
    """Read the trained network, or train it (and keep it, where a place is named)."""
    if place is not None and place.exists():
        return striate.load(place)
    (x, y), (x_test, y_test) = fashion_mnist.load_data()
    set_random_seed(0)
    model = net_c(rescale=1 / 255)
    model.compile("adam", SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    model.fit(fold(x), y, batch_size=64, epochs=epochs, validation_data=(fold(x_test), y_test), verbose=2)
    model.class_names = fashion_mnist.CLASS_NAMES
    if place is not None:
        model.save(place)
    return model


def most_of_real(model: Any, layer: str, images: np.ndarray) -> np.ndarray:
    """How far the most exciting of the real images excites each filter."""
    highest = []
    with torch.no_grad(), watch(model, layer, before_activation=True) as seen:
        for first in range(0, len(images), 100):
            seen.run(images[first : first + 100], whole=False)
            highest.append(seen.maps[layer].clamp(min=0).mean((1, 2)).amax(0))
    return torch.stack(highest).amax(0).numpy()


def main() -> None:
    """Train or read, find, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    model = trained(options.epochs, options.model)
    real = fold(fashion_mnist.load_data()[1][0][: options.images])
    won = total = 0
    for layer in LAYERS:
        began = time.perf_counter()
        found = maximise(model, layer)
        seconds = time.perf_counter() - began
        better = int((found.activations > most_of_real(model, layer, real)).sum())
        won, total = won + better, total + len(found.activations)
        print(f"{layer}: {better} of {len(found.activations)} filters, found in {seconds:.1f} s")
        if options.pictures:
            save(found.sheet(), options.pictures / f"excites-{layer}.png")
            save(filters(model, layer), options.pictures / f"filters-{layer}.png")
            sheet = exciting_patches(model, layer, real, filters=range(8))
            save(sheet, options.pictures / f"patches-{layer}.png")
    print(
        f"excited more than by every one of {len(real):,} real images: {won / total:.1%} of {total} filters"
    )
    classes = find_class_inputs(model)
    print(
        f"class output: least probability {classes.probabilities.min():.4f} of {len(classes.classes)} classes"
    )
    print(f"class output, shifted by up to 2 pixels: least probability {classes.shifted.min():.4f}")
    if options.pictures:
        save(classes.sheet(), options.pictures / "classes.png")
        save(class_output(model, start=real[0]), options.pictures / "classes-from-an-image.png")


if __name__ == "__main__":
    main()
