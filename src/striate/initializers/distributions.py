"""Initializers that draw from a distribution with fixed parameters, and random orthogonal matrices."""

from __future__ import annotations

import math

import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import format_shape
from striate.initializers.base import RandomInitializer


def draw_normal(
    shape: tuple[int, ...], stddev: float, dtype: torch.dtype, generator: torch.Generator | None
) -> torch.Tensor:
    """Draw from the normal distribution around 0."""
    return torch.randn(shape, dtype=dtype, generator=generator, device="cpu") * stddev


def draw_truncated_normal(
    shape: tuple[int, ...], stddev: float, dtype: torch.dtype, generator: torch.Generator | None
) -> torch.Tensor:
    """Draw from the normal distribution around 0; what falls beyond two `stddev` is drawn again.

    The values' own standard deviation is thereby 0.8796 times `stddev`.
    """
    values = torch.randn(shape, dtype=dtype, generator=generator, device="cpu")
    while (beyond := values.abs() > 2).any():
        again = torch.randn(int(beyond.sum()), dtype=dtype, generator=generator, device="cpu")
        values[beyond] = again
    return values * stddev


def draw_uniform(
    shape: tuple[int, ...],
    lowest: float,
    highest: float,
    dtype: torch.dtype,
    generator: torch.Generator | None,
) -> torch.Tensor:
    """Draw evenly between two bounds."""
    values = torch.rand(shape, dtype=dtype, generator=generator, device="cpu")
    return values * (highest - lowest) + lowest


class NormalInitializer(RandomInitializer):
    """The common part of the two normal distributions: mean and standard deviation.

    Raises:
        ArgumentError: a standard deviation below 0.
    """

    arguments = ("mean", "stddev", "seed")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None):
        super().__init__(seed)
        if not stddev >= 0:
            raise ArgumentError(f"{type(self).__name__}: stddev must be a number from 0 up; got {stddev!r}.")
        self.mean, self.stddev = mean, stddev


class RandomNormal(NormalInitializer):
    """Draws from the normal distribution.

    >>> RandomNormal(stddev=0.1, seed=0)((2, 3)).shape
    torch.Size([2, 3])
    """

    def draw(
        self, shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator | None
    ) -> torch.Tensor:
        """Draw the values."""
        return draw_normal(shape, self.stddev, dtype, generator) + self.mean


class TruncatedNormal(NormalInitializer):
    """Draws from the normal distribution; what falls beyond two standard deviations is drawn again.

    >>> bool(TruncatedNormal(stddev=1.0, seed=0)((1000,)).abs().max() <= 2)
    True
    """

    def draw(
        self, shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator | None
    ) -> torch.Tensor:
        """Draw the values."""
        return draw_truncated_normal(shape, self.stddev, dtype, generator) + self.mean


class RandomUniform(RandomInitializer):
    """Draws evenly between two bounds.

    Raises:
        ArgumentError: a `minval` above `maxval`.

    >>> bool(RandomUniform(0.0, 1.0, seed=0)((1000,)).min() >= 0)
    True
    """

    arguments = ("minval", "maxval", "seed")

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None):
        super().__init__(seed)
        if not minval <= maxval:
            raise ArgumentError(
                f"RandomUniform draws from minval up to maxval; got minval={minval!r}, maxval={maxval!r}."
            )
        self.minval, self.maxval = minval, maxval

    def draw(
        self, shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator | None
    ) -> torch.Tensor:
        """Draw the values."""
        return draw_uniform(shape, self.minval, self.maxval, dtype, generator)


class Orthogonal(RandomInitializer):
    """Draws a matrix whose rows or columns, whichever are fewer, are orthogonal and have length `gain`.

    A kernel is seen as a matrix (all other axes, filters). Every such matrix is equally likely.
    (Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", 2014; Mezzadri, "How to generate random matrices from the classical
    compact groups", 2007, for the signs.)

    Raises:
        ShapeError: a weight with fewer than 2 axes.

    >>> matrix = Orthogonal(seed=0)((3, 3))
    >>> bool(torch.allclose(matrix @ matrix.T, torch.eye(3), atol=1e-6))
    True
    """

    arguments = ("gain", "seed")

    def __init__(self, gain: float = 1.0, seed: int | None = None):
        super().__init__(seed)
        self.gain = gain

    def draw(
        self, shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator | None
    ) -> torch.Tensor:
        """Draw the values."""
        if len(shape) < 2:
            raise ShapeError(
                f"Orthogonal fills weights with at least 2 axes; got {len(shape)}: {format_shape(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        normal = torch.randn(
            (max(rows, columns), min(rows, columns)), dtype=dtype, generator=generator, device="cpu"
        )
        matrix, triangle = torch.linalg.qr(normal)
        # The decomposition is free in its signs; taking those of the diagonal favours no direction.
        matrix = matrix * torch.where(triangle.diagonal() < 0, -1.0, 1.0).to(dtype)
        return self.gain * (matrix if rows >= columns else matrix.T).reshape(shape)


random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
orthogonal = OrthogonalInitializer = Orthogonal
