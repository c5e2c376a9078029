"""Fashion-MNIST: 70,000 grey images of clothes in ten classes.

Xiao, Rasul and Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
algorithms", arXiv:1708.07747. Debian's package dataset-fashion-mnist brings the files, too.
"""

from __future__ import annotations

import os

from striate.datasets.idx import IdxSet, Part
from striate.datasets.source import DataBundle

CLASS_NAMES = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]

IDX_SET = IdxSet(
    name="fashion_mnist",
    title="Fashion-MNIST",
    class_names=tuple(CLASS_NAMES),
    addresses=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    ),
    checksums=(
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
    system_folders=("/usr/share/datasets/fashion-mnist",),
)


def load_data(data_dir: str | os.PathLike[str] | None = None) -> tuple[Part, Part]:
    """Load the images and labels: (x_train, y_train), (x_test, y_test).

    They come from `data_dir` if it is given, else from the system or the cache, else from the
    network, once.

    Shape:
        x_train: (60000, 28, 28) uint8, 0 to 255; y_train: (60000,) uint8, the place in CLASS_NAMES
        x_test: (10000, 28, 28) uint8; y_test: (10000,) uint8

    Raises:
        FileAccessError: the files are neither here nor to be had.
        FileFormatError: a file is damaged or holds something else.
    """
    return IDX_SET.load_data(data_dir)


def load_bundle(data_dir: str | os.PathLike[str] | None = None) -> DataBundle:
    """Load the set as a bundle: images (examples, 28, 28, 1) with class names."""
    return IDX_SET.load_bundle(data_dir)
