"""The contract of an initializer.

An initializer makes the first values of a weight: `initializer(shape, dtype, generator)` gives a
tensor on the CPU. The shape is in Keras's layout, so a convolution's kernel is
(*window, channels in, filters). A person's own takes `(shape, dtype=None)` and may be any callable.

Those that draw at random fill in `draw` of `RandomInitializer` and nothing else.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch

from striate.core.arrays import as_dtype
from striate.core.errors import ArgumentError


class Initializer(ABC):
    """Makes the first values of a weight."""

    # The constructor's arguments, kept as attributes of the same names.
    arguments: tuple[str, ...] = ()

    @abstractmethod
    def __call__(
        self, shape: Sequence[int], dtype: Any = torch.float32, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Make a tensor of this shape; chance comes from the generator, None means torch's own."""

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this initializer again."""
        return {name: getattr(self, name) for name in self.arguments}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make the initializer that `get_config` described."""
        return cls(**config)

    def __repr__(self) -> str:
        described = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items())
        return f"{type(self).__name__}({described})"


class RandomInitializer(Initializer):
    """Draws the first values at random.

    With a seed, every call gives the same values, whatever else is drawn; without, the numbers
    come from the generator passed in, or from torch's own.

    Raises:
        ArgumentError: a seed that is no whole number from 0 up, or a dtype that cannot hold fractions.
    """

    arguments: tuple[str, ...] = ("seed",)

    def __init__(self, seed: int | None = None):
        if seed is not None and not _is_seed(seed):
            raise ArgumentError(
                f"{type(self).__name__}: seed must be None or a whole number from 0 to 2**63 - 1; "
                f"got {seed!r}."
            )
        self.seed = None if seed is None else int(seed)

    def __call__(
        self, shape: Sequence[int], dtype: Any = torch.float32, generator: torch.Generator | None = None
    ) -> torch.Tensor:
        """Draw a tensor of this shape; half precisions are drawn in float32 and rounded."""
        wanted = torch.float32 if dtype is None else as_dtype(dtype)
        if not wanted.is_floating_point:
            raise ArgumentError(
                f"{type(self).__name__} draws fractions, which {wanted} cannot hold; "
                "use a floating-point dtype."
            )
        if self.seed is not None:
            generator = torch.Generator().manual_seed(self.seed)
        working = torch.float64 if wanted == torch.float64 else torch.float32
        return self.draw(tuple(int(size) for size in shape), working, generator).to(wanted)

    @abstractmethod
    def draw(
        self, shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator | None
    ) -> torch.Tensor:
        """Draw the values; dtype is float32 or float64."""


def _is_seed(seed: Any) -> bool:
    return not isinstance(seed, bool) and hasattr(seed, "__index__") and 0 <= int(seed) < 2**63
