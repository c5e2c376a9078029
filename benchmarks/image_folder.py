"""Reading a folder of photos at size 128: the first epoch and later ones, beside a PyTorch DataLoader.

Both pass over the same JPEGs of about 500x375 in batches of 32, in a new order each epoch, and
take turns. The DataLoader is what is usually written: a Dataset whose items are
`np.array(Image.open(path).convert("RGB").resize((128, 128)))` with two workers or one a core. Striate
decodes once, into its cache, and cuts batches from that; its first epoch includes the listing of
the sizes and the decoding into an empty cache.

    python benchmarks/image_folder.py [--count 5000] [--pairs 3] [--workers 0 for all cores]
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import PIL
import torch
from PIL import Image
from sklearn.datasets import load_sample_images
from torch.utils.data import DataLoader, Dataset

from striate.core.runtime import cpu_count
from striate.datasets.cache_contents import empty_cache
from striate.datasets.decoding.decoded import decode_all
from striate.datasets.decoding.image_choice import choose_image_input
from striate.datasets.folders.places import FilePlace
from striate.datasets.loader import ArrayBatches
from striate.datasets.options import SourceOptions

SIDE, BATCH = 128, 32


def write_photos(folder: Path, count: int) -> list[Path]:
    """Write JPEGs of 500x375 and near it: cut at random from two photos, mirrored, with noise."""
    random = np.random.default_rng(0)
    photos = [np.asarray(photo) for photo in load_sample_images().images]
    paths = []
    for number in range(count):
        photo = photos[number % len(photos)]
        height, width = 375 + int(random.integers(-15, 16)), 500 + int(random.integers(-20, 21))
        top, left = random.integers(photo.shape[0] - height), random.integers(photo.shape[1] - width)
        part = photo[top : top + height, left : left + width]
        part = part[:, :: random.choice([-1, 1])].astype(np.int16)
        noisy = np.clip(part + random.integers(-6, 7, part.shape, np.int16), 0, 255).astype(np.uint8)
        stream = io.BytesIO()
        Image.fromarray(noisy).save(stream, "JPEG", quality=88)
        paths.append(folder / f"{number:05}.jpg")
        paths[-1].write_bytes(stream.getvalue())
    return paths


class Photos(Dataset):
    """Items decoded when they are asked for."""

    def __init__(self, paths: list[Path]):
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        image = Image.open(self.paths[index]).convert("RGB").resize((SIDE, SIDE))
        return np.array(image), index % 2


def pass_over(batches: object, count: int) -> float:
    """Time one epoch in which each batch is looked at once."""
    start, seen = time.perf_counter(), 0
    for images, _ in batches:  # type: ignore[attr-defined]
        seen += len(images)
        images[:, 0, 0].sum()
    if seen != count:
        raise SystemExit(f"{seen} of {count} images came")
    return time.perf_counter() - start


def first_epoch(paths: list[Path]) -> tuple[float, ArrayBatches]:
    """Time Striate's first epoch with an empty cache, and hand on its batches."""
    if Path(os.environ["STRIATE_CACHE"]).exists():
        empty_cache()
    start = time.perf_counter()
    places = [FilePlace(path.name, path) for path in paths]
    options = SourceOptions(size=(SIDE, SIDE))
    chosen, _ = choose_image_input(places, options)
    decoded = decode_all(places, chosen, options)
    batches = ArrayBatches(
        (decoded.x, np.arange(len(paths)) % 2), BATCH, shuffle=True, generator=np.random.default_rng(0)
    )
    pass_over(batches, len(paths))
    return time.perf_counter() - start, batches


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=0)
    options = parser.parse_args()
    workers = options.workers or cpu_count()
    times: dict[str, list[float]] = {"DataLoader": [], "first epoch": [], "later epochs": []}
    with tempfile.TemporaryDirectory() as name:
        os.environ["STRIATE_CACHE"] = str(Path(name) / "cache")
        (Path(name) / "photos").mkdir()
        paths = write_photos(Path(name) / "photos", options.count)
        size = sum(path.stat().st_size for path in paths) / len(paths) / 1024
        loader = DataLoader(Photos(paths), BATCH, shuffle=True, num_workers=workers)
        pass_over(loader, len(paths))
        for _ in range(options.pairs):
            times["DataLoader"].append(pass_over(loader, len(paths)))
            first, batches = first_epoch(paths)
            times["first epoch"].append(first)
            times["later epochs"] += [pass_over(batches, len(paths)) for _ in range(3)]
    machine = platform.processor() or platform.machine()
    print(f"{machine}, {cpu_count()} cores, DataLoader with {workers} workers")
    print(
        f"torch {torch.__version__}, Pillow {PIL.__version__}; {len(paths)} JPEGs of {size:.0f} KB on average"
    )
    medians = {kind: statistics.median(found) for kind, found in times.items()}
    for kind, found in times.items():
        rate, ratio = len(paths) / medians[kind], medians["DataLoader"] / medians[kind]
        print(
            f"{kind:13} {medians[kind]:7.3f} s ({min(found):.3f} to {max(found):.3f}), "
            f"{rate:9,.0f} images/s, {ratio:6.1f} times the DataLoader"
        )


if __name__ == "__main__":
    main()
