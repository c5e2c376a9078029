"""Initializers without chance: zeros, ones, a constant, the identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from striate.core.arrays import as_dtype, as_tensor
from striate.core.errors import ShapeError
from striate.core.shapes import format_shape
from striate.initializers.base import Initializer


class Zeros(Initializer):
    """Fills with 0.

    >>> Zeros()((2,))
    tensor([0., 0.])
    """

    def __call__(
        self, shape: Sequence[int], dtype: Any = torch.float32, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Make a tensor of zeros."""
        return _filled(0, shape, dtype)


class Ones(Initializer):
    """Fills with 1.

    >>> Ones()((2,))
    tensor([1., 1.])
    """

    def __call__(
        self, shape: Sequence[int], dtype: Any = torch.float32, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Make a tensor of ones."""
        return _filled(1, shape, dtype)


class Constant(Initializer):
    """Fills with one value, or with an array whose shape is the weight's or broadcasts to it.

    Raises:
        ShapeError: an array that does not broadcast to the weight's shape.

    >>> Constant([1.0, 2.0])((2, 2))
    tensor([[1., 2.],
            [1., 2.]])
    """

    def __init__(self, value: Any = 0.0):
        self.value = value

    def __call__(
        self, shape: Sequence[int], dtype: Any = torch.float32, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Make a tensor of the value."""
        return _filled(self.value, shape, dtype)

    def get_config(self) -> dict[str, Any]:
        """The value, an array as nested lists."""
        return {"value": self.value.tolist() if hasattr(self.value, "tolist") else self.value}


class Identity(Initializer):
    """Fills a matrix with `gain` on the diagonal and 0 elsewhere.

    Raises:
        ShapeError: a weight that is no matrix.

    >>> Identity(2.0)((2, 3))
    tensor([[2., 0., 0.],
            [0., 2., 0.]])
    """

    arguments = ("gain",)

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(
        self, shape: Sequence[int], dtype: Any = torch.float32, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Make the matrix."""
        if len(shape) != 2:
            raise ShapeError(
                f"Identity fills matrices, with 2 axes; got {len(shape)}: {format_shape(tuple(shape))}."
            )
        eye = torch.eye(*shape, device="cpu", dtype=torch.float32 if dtype is None else as_dtype(dtype))
        return eye * self.gain


def _filled(value: Any, shape: Sequence[int], dtype: Any) -> torch.Tensor:
    wanted = torch.float32 if dtype is None else as_dtype(dtype)
    if isinstance(value, (bool, int, float)):
        return torch.full(tuple(shape), value, dtype=wanted, device="cpu")
    given = as_tensor(value).detach().to("cpu", wanted)
    try:
        return given.expand(tuple(shape)).clone(memory_format=torch.contiguous_format)
    except RuntimeError as error:
        raise ShapeError(
            f"Constant was given values of shape {format_shape(given.shape)}, "
            f"but the weight has shape {format_shape(tuple(shape))}."
        ) from error


zeros = Zeros
ones = Ones
constant = Constant
identity = IdentityInitializer = Identity
