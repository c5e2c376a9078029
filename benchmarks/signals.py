"""Test accuracy of fcn1d on four sets of the UCR archive, over several seeds, beside the published figures.

python benchmarks/signals.py FOLDER [--sets GunPoint ArrowHead] [--seeds 3]

FOLDER holds a folder a set (GunPoint/GunPoint_TRAIN.ts ...), as inside the Python package `aeon`
under aeon/datasets/data; its wheel is a zip, which may be given instead of the folder.

The published figures are those of FCN in Fawaz, Forestier, Weber, Idoumghar and Muller, "Deep
learning for time series classification: a review" (2019), the mean of ten runs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

from striate.applications.signal import fcn1d, recommended_for_signals
from striate.callbacks import ModelCheckpoint
from striate.core.runtime import set_random_seed
from striate.datasets import DataBundle, load_signals

PUBLISHED = {"ItalyPowerDemand": 96.3, "GunPoint": 100.0, "ArrowHead": 84.3, "OSULeaf": 97.9}
_INSIDE = "aeon/datasets/data/"


def unpack(wheel: Path, folder: Path) -> Path:
    """Unpack the four sets of aeon's wheel."""
    with zipfile.ZipFile(wheel) as archive:
        wanted = [name for name in archive.namelist() if name.startswith(_INSIDE)]
        archive.extractall(folder, [name for name in wanted if name.split("/")[3] in PUBLISHED])
    return folder / _INSIDE


def accuracy_of(bundle: DataBundle, seed: int, scratch: Path) -> float:
    """Train once, from scratch, on all training examples; score the epoch of the lowest training loss."""
    train, test = bundle.train, bundle.test
    if test is None:
        raise SystemExit(f"{bundle.name} has no test part.")
    set_random_seed(seed)
    advice = recommended_for_signals(len(train))
    model = fcn1d(train.x.shape[1:], int(train.y.max()) + 1)
    model.compile(advice.optimizer(), "sparse_categorical_crossentropy", metrics=["accuracy"])
    best = scratch / "best.weights"
    model.fit(
        train.x,
        train.y,
        batch_size=advice.batch_size,
        epochs=advice.epochs,
        callbacks=[ModelCheckpoint(best, monitor="loss", save_best_only=True, save_weights_only=True)],
        verbose=0,
    )
    model.load_weights(best)
    return 100 * float(model.evaluate(test.x, test.y, verbose=0)[1])


def main() -> None:
    """Train on each set with each seed and print the mean beside the published figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", nargs="+", default=list(PUBLISHED), choices=list(PUBLISHED))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        place = unpack(options.folder, scratch) if options.folder.is_file() else options.folder
        for chosen in options.sets:
            bundle = load_signals(place / chosen)
            began = time.perf_counter()
            found = [accuracy_of(bundle, seed, scratch) for seed in range(options.seeds)]
            seconds = (time.perf_counter() - began) / options.seeds
            each = ", ".join(f"{value:.1f}" for value in found)
            print(
                f"{chosen:<18}mean {statistics.mean(found):5.1f} %  published {PUBLISHED[chosen]:5.1f} %  "
                f"(seeds 0 to {options.seeds - 1}: {each}; {seconds:.0f} s each)",
                flush=True,
            )


if __name__ == "__main__":
    main()
