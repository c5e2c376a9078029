"""Initializers whose spread follows from how many inputs and outputs a unit has.

The fans: a matrix (inputs, units) has them as its sizes. A kernel (*window, channels, filters)
has fan in = window * channels and fan out = window * filters. A vector has its length as both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import check_choice, format_shape
from striate.initializers.base import RandomInitializer
from striate.initializers.distributions import draw_normal, draw_truncated_normal, draw_uniform

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")

# The standard deviation that the standard normal distribution keeps when cut at -2 and 2.
TRUNCATED_STDDEV = 0.87962566103423978


def compute_fans(
    shape: Sequence[int],
    input_axes: Sequence[int] | None = None,
    output_axes: Sequence[int] | None = None,
) -> tuple[int, int]:
    """Count the inputs and the outputs of one unit of a weight in Keras's layout.

    Where the axes are given, the fans are the products of their sizes.

    Raises:
        ShapeError: an axis that the shape does not have.

    >>> compute_fans((3, 3, 64, 128))
    (576, 1152)
    """
    if input_axes is not None and output_axes is not None:
        return _product_of_axes(shape, input_axes), _product_of_axes(shape, output_axes)
    if len(shape) < 2:
        length = int(shape[0]) if shape else 1
        return length, length
    window = math.prod(shape[:-2])
    return int(window * shape[-2]), int(window * shape[-1])


def _product_of_axes(shape: Sequence[int], axes: Sequence[int]) -> int:
    for axis in axes:
        if not -len(shape) <= axis < len(shape):
            raise ShapeError(
                f"there is no axis {axis} in a weight with {len(shape)} axes: {format_shape(shape)}."
            )
    return math.prod(int(shape[axis]) for axis in axes)


class FanInitializer(RandomInitializer):
    """The common part: a distribution around 0 with variance `scale` divided by the fan."""

    arguments: tuple[str, ...] = ("seed", "input_axes", "output_axes")
    scale: float
    mode: str
    distribution: str

    def __init__(
        self,
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ):
        super().__init__(seed)
        if (input_axes is None) != (output_axes is None):
            raise ArgumentError(
                f"{type(self).__name__} takes both input_axes and output_axes, or neither; "
                f"got input_axes={input_axes!r}, output_axes={output_axes!r}."
            )
        self.input_axes, self.output_axes = input_axes, output_axes

    def draw(
        self, shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator | None
    ) -> torch.Tensor:
        """Draw the values."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, fan))
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
            return draw_uniform(shape, -limit, limit, dtype, generator)
        if self.distribution == "untruncated_normal":
            return draw_normal(shape, stddev, dtype, generator)
        return draw_truncated_normal(shape, stddev / TRUNCATED_STDDEV, dtype, generator)


class VarianceScaling(FanInitializer):
    """Draws with variance `scale / fan`, from a distribution of choice.

    'normal' is another word for 'truncated_normal'. Uniform values lie within
    `sqrt(3 * scale / fan)` of 0, truncated normal ones within `2.2737 * sqrt(scale / fan)`.

    Raises:
        ArgumentError: a scale not above 0, an unknown mode or distribution, only one kind of axes.

    >>> bool(VarianceScaling(3.0, "fan_in", "uniform", seed=0)((9, 4)).abs().max() <= 1.0)
    True
    """

    arguments = ("scale", "mode", "distribution", "seed", "input_axes", "output_axes")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ):
        super().__init__(seed, input_axes, output_axes)
        if not scale > 0:
            raise ArgumentError(f"VarianceScaling: scale must be a number above 0; got {scale!r}.")
        self.scale = scale
        self.mode = check_choice(mode, MODES, "mode")
        plain = "truncated_normal" if distribution == "normal" else distribution
        self.distribution = check_choice(plain, DISTRIBUTIONS, "distribution")


class GlorotUniform(FanInitializer):
    """Draws evenly within `sqrt(6 / (fan in + fan out))` of 0, also called Xavier's.

    (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010, equation 16.)

    >>> bool(GlorotUniform(seed=0)((4, 2)).abs().max() <= 1.0)
    True
    """

    scale, mode, distribution = 1.0, "fan_avg", "uniform"


class GlorotNormal(FanInitializer):
    """Draws from a truncated normal distribution with variance `2 / (fan in + fan out)`.

    (Glorot and Bengio, 2010, equation 12.)

    >>> GlorotNormal(seed=0)((4, 2)).shape
    torch.Size([4, 2])
    """

    scale, mode, distribution = 1.0, "fan_avg", "truncated_normal"


class HeUniform(FanInitializer):
    """Draws evenly within `sqrt(6 / fan in)` of 0, made for ReLU.

    (He et al., "Delving deep into rectifiers", 2015, section 2.2.)

    >>> bool(HeUniform(seed=0)((6, 2)).abs().max() <= 1.0)
    True
    """

    scale, mode, distribution = 2.0, "fan_in", "uniform"


class HeNormal(FanInitializer):
    """Draws from a truncated normal distribution with variance `2 / fan in`, made for ReLU.

    (He et al., 2015, equation 10.)

    >>> HeNormal(seed=0)((3, 3, 1, 8)).shape
    torch.Size([3, 3, 1, 8])
    """

    scale, mode, distribution = 2.0, "fan_in", "truncated_normal"


class LecunUniform(FanInitializer):
    """Draws evenly within `sqrt(3 / fan in)` of 0.

    (LeCun et al., "Efficient backprop", 1998, section 4.6.)

    >>> bool(LecunUniform(seed=0)((3, 2)).abs().max() <= 1.0)
    True
    """

    scale, mode, distribution = 1.0, "fan_in", "uniform"


class LecunNormal(FanInitializer):
    """Draws from a truncated normal distribution with variance `1 / fan in`, made for SELU.

    (LeCun et al., 1998; Klambauer et al., "Self-normalizing neural networks", 2017.)

    >>> LecunNormal(seed=0)((4, 2)).shape
    torch.Size([4, 2])
    """

    scale, mode, distribution = 1.0, "fan_in", "truncated_normal"


variance_scaling = VarianceScaling
glorot_uniform = GlorotUniform
glorot_normal = GlorotNormal
he_uniform = HeUniform
he_normal = HeNormal
lecun_uniform = LecunUniform
lecun_normal = LecunNormal
