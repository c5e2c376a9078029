"""What augmentation does to accuracy on few real images: Fashion-MNIST with 100 images a class.

Network B for images of 28 x 28 is trained with and without the preset `standard`, three seeds each,
all else alike. Printed are the test accuracy, and the gap between training and validation, as they
come out. The test part is the whole of Fashion-MNIST's own.

    python benchmarks/augmentation_effect.py
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np

from striate.applications.reference import net_b
from striate.core.runtime import set_random_seed
from striate.datasets import fashion_mnist
from striate.datasets.split import limit_classes, stratified_split

EACH = 100


def draw_part(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw 100 images a class to train on and as many to validate on."""
    kept, held = stratified_split(labels, 0.5, seed)
    return kept[limit_classes(labels[kept], EACH)], held[limit_classes(labels[held], EACH)]


def train_once(preset: str, seed: int, epochs: int) -> dict[str, float]:
    """Train network B and score it after the last epoch."""
    (x, y), (x_test, y_test) = fashion_mnist.load_data()
    train, validation = draw_part(y, seed)
    set_random_seed(seed)
    model = net_b((28, 28, 1), 10, 1 / 255)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = x[..., None]
    history = model.fit(
        x[train],
        y[train],
        batch_size=32,
        epochs=epochs,
        validation_data=(x[validation], y[validation]),
        augment=None if preset == "none" else preset,
        verbose=0,
    ).history
    # In training mode images are changed and units dropped: the gap is taken without both.
    fitted = model.evaluate(x[train], y[train], batch_size=250, verbose=0, return_dict=True)
    test = model.evaluate(x_test[..., None], y_test, batch_size=250, verbose=0, return_dict=True)
    return {
        "test": test["accuracy"],
        "train": fitted["accuracy"],
        "validation": history["val_accuracy"][-1],
    }


def main() -> None:
    """Train with and without, taking turns, and print the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    chosen = parser.parse_args()
    found: dict[str, list[dict[str, float]]] = {"none": [], "standard": []}
    for seed in range(chosen.seeds):
        for preset, results in found.items():
            results.append(train_once(preset, seed, chosen.epochs))
            print(
                f"seed {seed}, {preset}: " + ", ".join(f"{k} {v:.4f}" for k, v in results[-1].items()),
                flush=True,
            )
    for preset, results in found.items():
        test = statistics.mean(result["test"] for result in results)
        gap = statistics.mean(result["train"] - result["validation"] for result in results)
        print(f"{preset}: mean test accuracy {test:.4f}, mean gap between training and validation {gap:.4f}")


if __name__ == "__main__":
    main()
