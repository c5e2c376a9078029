"""MNIST: 70,000 grey images of handwritten digits.

LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
Proceedings of the IEEE 86 (1998).
"""

from __future__ import annotations

import os

from striate.datasets.idx import IdxSet, Part
from striate.datasets.source import DataBundle

CLASS_NAMES = [str(digit) for digit in range(10)]

IDX_SET = IdxSet(
    name="mnist",
    title="MNIST",
    class_names=tuple(CLASS_NAMES),
    addresses=(
        "https://storage.googleapis.com/cvdf-datasets/mnist",
        "https://ossci-datasets.s3.amazonaws.com/mnist",
    ),
    checksums=(
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
)


def load_data(data_dir: str | os.PathLike[str] | None = None) -> tuple[Part, Part]:
    """Load the images and labels: (x_train, y_train), (x_test, y_test).

    They come from `data_dir` if it is given, else from the cache, else from the network, once.

    Shape:
        x_train: (60000, 28, 28) uint8, 0 to 255; y_train: (60000,) uint8, the digit
        x_test: (10000, 28, 28) uint8; y_test: (10000,) uint8

    Raises:
        FileAccessError: the files are neither here nor to be had.
        FileFormatError: a file is damaged or holds something else.
    """
    return IDX_SET.load_data(data_dir)


def load_bundle(data_dir: str | os.PathLike[str] | None = None) -> DataBundle:
    """Load the set as a bundle: images (examples, 28, 28, 1) with class names."""
    return IDX_SET.load_bundle(data_dir)
