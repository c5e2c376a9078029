"""Whether kernels and precision change what is learnt: bf16 native, fp32 native, fp32 PyTorch.

Nets C and A on Fashion-MNIST. C learns the ten classes at 28 x 28; A tells shirts from the rest, as many of
one as of the other, on images scaled to 64 x 64. Each training is a process of its own; the three ways take
turns. Written are the test accuracies by epoch, their means, and a picture of both.

    python benchmarks/same_learning.py [--seeds 3] [--nets C A] [--document]

What was found stays in `.bench/same_learning.json`, so that the nets may be trained one after the other.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np

from striate.applications.reference import net_a, net_c
from striate.core.runtime import set_random_seed
from striate.datasets import fashion_mnist
from striate.ops.native.library import explain_native

WAYS = {"bf16 native": ("1", "bfloat16"), "fp32 native": ("1", "float32"), "fp32 PyTorch": ("0", "float32")}
# Batches of 4 give net A the 600 steps that its moving statistics need (momentum 0.99).
EPOCHS = {"C": 4, "A": 4}
SHIRT = 6
# A's examples: so many shirts, and as many of the rest, to learn from and to test on.
EACH, TESTED = 300, 500
DOCS = Path(__file__).parents[1] / "docs"
KEPT = Path(__file__).parents[1] / ".bench" / "same_learning.json"
COLOURS = {"bf16 native": "#c1440e", "fp32 native": "#1f6f8b", "fp32 PyTorch": "#444444"}


def shirts(images: np.ndarray, labels: np.ndarray, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Take shirts and as many others, scaled to 64 x 64, from 0 to 1."""
    rng = np.random.default_rng(0)
    yes = rng.permutation(np.flatnonzero(labels == SHIRT))[:each]
    no = rng.permutation(np.flatnonzero(labels != SHIRT))[:each]
    chosen = np.concatenate([yes, no])
    scaled = [cv2.resize(image, (64, 64), interpolation=cv2.INTER_LINEAR) for image in images[chosen]]
    return np.stack(scaled)[..., None] / np.float32(255), (labels[chosen] == SHIRT).astype("int64")


def train(net: str, seed: int, precision: str) -> dict[str, Any]:
    """Train once, scoring the test part after each epoch."""
    (x, y), (x_test, y_test) = fashion_mnist.load_data()
    set_random_seed(seed)
    if net == "C":
        model, batch = net_c((28, 28, 1), 10), 64
        parts = [(x[..., None] / np.float32(255), y), (x_test[..., None] / np.float32(255), y_test)]
        loss = {"class_name": "SparseCategoricalCrossentropy", "config": {"from_logits": True}}
    else:
        model, batch = net_a((64, 64, 1)), 4
        parts = [shirts(x, y, EACH), shirts(x_test, y_test, TESTED)]
        loss = "binary_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"], precision=precision)
    history = model.fit(
        *parts[0], batch_size=batch, epochs=EPOCHS[net], validation_data=parts[1], verbose=0
    ).history
    return {"accuracy": history["val_accuracy"], "loss": history["loss"], "kernels": explain_native().reason}


def run(net: str, way: str, seed: int) -> dict[str, Any]:
    """Train in a process of its own, and read its answer."""
    native, precision = WAYS[way]
    command = [sys.executable, __file__, "--one", net, str(seed), precision]
    environment = {**os.environ, "STRIATE_NATIVE": native}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def draw(found: dict[str, dict[str, list[dict[str, Any]]]], path: Path) -> None:
    """Draw test accuracy by epoch: a thin line a seed, a thick one for their mean."""
    matplotlib.use("agg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "striate"
    figure, axes = pyplot.subplots(1, len(found), figsize=(5.2 * len(found), 3.4), squeeze=False)
    for place, (net, ways) in zip(axes[0], found.items(), strict=True):
        for way, runs in ways.items():
            curves = [each["accuracy"] for each in runs]
            epochs = range(1, len(curves[0]) + 1)
            for curve in curves:
                place.plot(epochs, curve, color=COLOURS[way], linewidth=0.6, alpha=0.6)
            mean = [statistics.mean(values) for values in zip(*curves, strict=True)]
            place.plot(epochs, mean, color=COLOURS[way], linewidth=2, label=way)
        place.set(title=f"net {net}", xlabel="epoch", ylabel="test accuracy", xticks=list(epochs))
        place.grid(alpha=0.3)
        place.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Train everything, print the means, write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--nets", nargs="+", default=["C", "A"])
    parser.add_argument("--document", action="store_true")
    parser.add_argument("--one", nargs=3, metavar=("NET", "SEED", "PRECISION"))
    options = parser.parse_args()
    if options.one:
        net, seed, precision = options.one
        print(json.dumps(train(net, int(seed), precision)))
        return
    kernels = explain_native()
    if kernels.value is None or not kernels.value.has_bf16:
        raise SystemExit(f"this comparison needs kernels with bf16: {kernels.reason}.")
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    if KEPT.is_file():
        found = json.loads(KEPT.read_text())
    for net in options.nets:
        found[net] = {way: [] for way in WAYS}
        for seed in range(options.seeds):
            for way in WAYS:
                found[net][way].append(run(net, way, seed))
                last = found[net][way][-1]
                print(f"{net} seed {seed} {way}: {last['accuracy']} ({last['kernels']})", flush=True)
        for way, runs in found[net].items():
            print(f"net {net}, {way}: mean {statistics.mean(each['accuracy'][-1] for each in runs):.4f}")
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(found))
    if options.document:
        draw(found, DOCS / "same_learning.svg")


if __name__ == "__main__":
    main()
