"""Statistics of training images that the older image generator takes off, divides by or whitens with."""

from __future__ import annotations

import numpy as np

from striate.core.errors import ShapeError, StateError
from striate.core.shapes import format_shape
from striate.ops.whitening import RunningCovariance, whitening_matrix

# What the older class adds to a deviation before it divides by it.
_EPSILON = np.float32(1e-6)


class FeatureStatistics:
    """Mean and deviation of each channel, and a ZCA whitening matrix; those that are wanted.

    `mean` and `std` are (1, 1, channels), `zca_whitening_matrix` (values, values) of an image; None before
    they are learned. They can be set by hand.
    """

    def __init__(self, center: bool, std_normalization: bool, zca_whitening: bool, zca_epsilon: float):
        self.zca_whitening, self.zca_epsilon = bool(zca_whitening), float(zca_epsilon)
        self.featurewise_std_normalization = bool(std_normalization) and not self.zca_whitening
        self.featurewise_center = bool(center or std_normalization or zca_whitening)
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self.zca_whitening_matrix: np.ndarray | None = None

    def learn(self, images: np.ndarray) -> None:
        """Learn what is wanted from images (examples, height, width, channels), float32.

        Raises:
            ArgumentError: images too large to be whitened.
        """
        if self.featurewise_center:
            self.mean = images.mean((0, 1, 2), dtype=np.float64, keepdims=True)[0].astype(np.float32)
            images = images - self.mean
        if self.featurewise_std_normalization:
            self.std = images.std((0, 1, 2), dtype=np.float64, keepdims=True)[0].astype(np.float32)
        if self.zca_whitening:
            statistics = RunningCovariance(int(np.prod(images.shape[1:])))
            statistics.add(images.reshape(len(images), -1))
            # Only each channel's mean was taken off, as in the older class, so pixels keep theirs.
            moments = statistics.covariance() + np.outer(statistics.mean, statistics.mean)
            self.zca_whitening_matrix = whitening_matrix(moments, self.zca_epsilon).astype(np.float32)

    def take_off(self, images: np.ndarray) -> np.ndarray:
        """Take off the mean, divide by the deviation, whiten; what is wanted of it.

        Raises:
            StateError: nothing has been learned.
            ShapeError: whitening was learned from images of another size.
        """
        if self.featurewise_center and self.mean is None:
            raise StateError(
                "featurewise words and zca_whitening need the training images first: call fit(x_train)."
            )
        if self.mean is not None:
            images = images - self.mean
        if self.std is not None:
            images = images / (self.std + _EPSILON)
        if self.zca_whitening_matrix is None:
            return images
        if images[0].size != len(self.zca_whitening_matrix):
            raise ShapeError(
                f"whitening was fitted to {len(self.zca_whitening_matrix)} values an image; "
                f"got images of shape {format_shape(images.shape[1:])}."
            )
        return (images.reshape(len(images), -1) @ self.zca_whitening_matrix).reshape(images.shape)
