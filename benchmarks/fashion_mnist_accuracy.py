"""Test accuracy of net C on Fashion-MNIST (28x28x1), batch 64, ten epochs, over several seeds.

python benchmarks/fashion_mnist_accuracy.py [--seeds 3] [--epochs 10] [--precision auto]
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np

from striate.applications.reference import net_c
from striate.core.runtime import set_random_seed
from striate.datasets import fashion_mnist
from striate.losses import SparseCategoricalCrossentropy


def accuracy_of(seed: int, epochs: int, precision: str) -> float:
    """Train once, from scratch, and score the test part."""
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    set_random_seed(seed)
    model = net_c((28, 28, 1), 10)
    model.compile(
        "adam", SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"], precision=precision
    )
    scale = np.float32(255)
    model.fit(x_train[..., None] / scale, y_train, batch_size=64, epochs=epochs, verbose=2)
    return float(model.evaluate(x_test[..., None] / scale, y_test, verbose=0)[1])


def main() -> None:
    """Train with each seed and print the accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args()
    found = [accuracy_of(seed, options.epochs, options.precision) for seed in range(options.seeds)]
    print("test accuracy by seed: " + ", ".join(f"{value:.4f}" for value in found))
    print(f"mean {statistics.mean(found):.4f}")


if __name__ == "__main__":
    main()
