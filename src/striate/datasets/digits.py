"""Digits: 1,797 small grey images of handwritten digits that come with scikit-learn.

Alpaydin and Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning Repository
(1998), test part. Nothing is downloaded.
"""

from __future__ import annotations

import numpy as np

from striate.datasets.source import Data, DataBundle
from striate.datasets.split import stratified_split

CLASS_NAMES = [str(digit) for digit in range(10)]

Part = tuple[np.ndarray, np.ndarray]


def load_data(test_size: float = 0.2, seed: int = 0) -> tuple[Part, Part]:
    """Load the images and labels: (x_train, y_train), (x_test, y_test).

    The set has no test part of its own: `test_size` of it is held back, drawn with `seed` so
    that each digit keeps its share.

    Shape:
        x_train: (1437, 8, 8, 1) uint8, 0 to 16; y_train: (1437,) uint8, the digit
        x_test: (360, 8, 8, 1) uint8; y_test: (360,) uint8

    Raises:
        ArgumentError: a test_size that is not between 0 and 1, or leaves a digit out.

    >>> (x_train, y_train), (x_test, y_test) = load_data()
    >>> x_train.shape, x_test.shape
    ((1437, 8, 8, 1), (360, 8, 8, 1))
    """
    x, y = _read()
    kept, held = stratified_split(y, test_size, seed)
    return (x[kept], y[kept]), (x[held], y[held])


def load_bundle() -> DataBundle:
    """Load the whole set as a bundle without a test part; its pixels run from 0 to 16."""
    x, y = _read()
    origin = f"{len(x):,} handwritten digits of scikit-learn, grey images of 8 x 8 pixels"
    return DataBundle(
        "digits", Data(x, y.astype(np.int64), list(CLASS_NAMES)), pixel_range=(0, 16), origin=origin
    )


def _read() -> Part:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return bunch.images.astype(np.uint8)[..., None], bunch.target.astype(np.uint8)
