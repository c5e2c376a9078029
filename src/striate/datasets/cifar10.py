"""CIFAR-10: 60,000 colour images of 32x32 pixels in ten classes.

Krizhevsky, "Learning multiple layers of features from tiny images" (2009).
"""

from __future__ import annotations

import os

from striate.datasets.cifar import CifarSet, Part
from striate.datasets.download import RemoteFile
from striate.datasets.source import DataBundle

CLASS_NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

CIFAR_SET = CifarSet(
    name="cifar10",
    title="CIFAR-10",
    class_names=tuple(CLASS_NAMES),
    archive=RemoteFile(
        "cifar-10-binary.tar.gz",
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        (
            "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/cifar-10-binary.tar.gz",
        ),
    ),
    binary_files=(
        *(f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)),
        "cifar-10-batches-bin/test_batch.bin",
    ),
    python_archive="cifar-10-python.tar.gz",
    python_files=(
        *(f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)),
        "cifar-10-batches-py/test_batch",
    ),
    label_names=(b"labels",),
)


def load_data(data_dir: str | os.PathLike[str] | None = None) -> tuple[Part, Part]:
    """Load the images and labels: (x_train, y_train), (x_test, y_test).

    They come from `data_dir` if it is given, else from the cache, else from the network, once.

    Shape:
        x_train: (50000, 32, 32, 3) uint8, 0 to 255; y_train: (50000, 1) uint8, the place in CLASS_NAMES
        x_test: (10000, 32, 32, 3) uint8; y_test: (10000, 1) uint8

    Raises:
        FileAccessError: the archive is neither here nor to be had.
        FileFormatError: it is damaged or holds something else.
    """
    return CIFAR_SET.load_data(data_dir)


def load_bundle(data_dir: str | os.PathLike[str] | None = None) -> DataBundle:
    """Load the set as a bundle with class names."""
    return CIFAR_SET.load_bundle(data_dir)
