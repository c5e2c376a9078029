"""The layer that takes the linear dependence between features (pixels and channels) out of images."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.arrays import as_tensor, is_array
from striate.core.errors import ArgumentError, DataError, ShapeError, StriateError, add_context
from striate.core.shapes import Shape, format_shape, product
from striate.layers.base import Layer
from striate.ops.whitening import RunningCovariance, check_features, whitening_matrix


class ZCAWhitening(Layer):
    """Computes `(x - mean) W`, after which features have variance 1 and none depends linearly on another.

    All axes but the first count as features: `x` is (batch, features). With `C` the covariance of
    the data given to `adapt` and `C = U diag(s) U^T`, `W = U diag(1 / sqrt(s + epsilon)) U^T`. Images
    stay images, with their edges sharpened. `epsilon` is in the unit of the data's variance: it keeps
    directions that hardly vary from being blown up to full noise, so it is chosen larger for
    pixels of 0 to 255 than for 0 to 1. `invert` goes the way back.
    (Krizhevsky, "Learning multiple layers of features from tiny images", 2009, appendix A.)

    Before `adapt` the layer hands its input on. There may be 4096 features at most, as the matrix
    has features by features numbers, and it takes several times as many examples to learn it well.

    Shape:
        in and out (batch, *any). Weights: mean (features,), matrix (features, features).

    Raises:
        ArgumentError: a negative epsilon, or more than 4096 features.
        ShapeError: sizes that are not known, or others than the layer was built for.
        DataError: no data to adapt to.

    >>> import numpy as np
    >>> data = np.random.default_rng(0).normal(size=(500, 3, 3, 1)).cumsum(1)
    >>> layer = ZCAWhitening()
    >>> layer.adapt(data)
    >>> bool(np.allclose(np.cov(layer(data).flatten(1).T, bias=True), np.eye(9), atol=1e-3))
    True
    """

    mean: torch.Tensor
    matrix: torch.Tensor

    def __init__(self, epsilon: float = 1e-6, invert: bool = False, **options: Any):
        super().__init__(**options)
        if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float)) or not epsilon >= 0:
            raise ArgumentError(f"{self._label()}: epsilon is a number from 0 up; got {epsilon!r}.")
        self.epsilon = float(epsilon)
        self.invert = bool(invert)

    def _features(self, shape: Shape) -> int:
        features = product(shape[1:])
        if features is None or len(shape) < 2:
            raise ShapeError(
                f"{self._label()} must know all sizes after the batch; got {format_shape(shape)}."
            )
        return features

    def build(self, input_shape: Any) -> None:
        """Make room for the statistics."""
        features = self._features(input_shape)
        try:
            check_features(features)
        except StriateError as error:
            raise add_context(error, self._label()) from None
        self.add_weight((features,), "zeros", trainable=False, name="mean")
        self.add_weight((features, features), "identity", trainable=False, name="matrix")

    def adapt(self, data: Any) -> None:
        """Learn mean and matrix from the training data: an array, or an iterable of batches.

        Of a batch that is a pair, the first part counts. Adapting again starts anew.
        """
        empty = isinstance(data, (list, tuple)) and not data
        batches = [data] if not empty and (is_array(data) or isinstance(data, torch.Tensor)) else data
        statistics = None
        for batch in batches:
            values = as_tensor(batch[0] if isinstance(batch, tuple) else batch).detach().cpu()
            self.ensure_built(tuple(values.shape))
            self.compute_output_shape(tuple(values.shape))
            statistics = statistics or RunningCovariance(len(self.mean))
            statistics.add(values.flatten(1).numpy())
        if statistics is None or statistics.count == 0:
            raise DataError(f"{self._label()} cannot adapt to no data: the array or the iterable is empty.")
        matrix = whitening_matrix(statistics.covariance(), self.epsilon)
        with torch.no_grad():
            self.mean.copy_(torch.from_numpy(statistics.mean))
            self.matrix.copy_(torch.from_numpy(matrix))

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        """Whiten, or undo it."""
        self.compute_output_shape(tuple(inputs.shape))
        rows = inputs.flatten(1)
        if self.invert:
            rows = torch.linalg.solve(self.matrix.T, rows.T).T + self.mean
        else:
            rows = (rows - self.mean) @ self.matrix
        return rows.reshape(inputs.shape)

    def compute_output_shape(self, input_shape: Any) -> Shape:
        """The shape stays."""
        features = self._features(tuple(input_shape))
        if self.built and features != len(self.mean):
            raise ShapeError(
                f"{self._label()} was built for {len(self.mean)} features but got {features}: "
                f"{format_shape(input_shape)}."
            )
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        return {**super().get_config(), "epsilon": self.epsilon, "invert": self.invert}
