"""Random changes to signals: spectra, time series and other values over steps.

Sizes of what is added are shares of each signal's own standard deviation over its steps, channel
by channel, so that one setting suits data of any unit. Everything is worked out for a whole batch
at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.augment.base import FILL_MODES, Parameters, SignalChange, as_range
from striate.augment.keys import Chance
from striate.core.errors import ArgumentError
from striate.core.shapes import check_choice

DRIFTS = ("polynomial", "sinusoid")


class RandomShift(SignalChange):
    """Moves a signal along its steps, by whole steps; the same in all channels.

    `factor` is a share of the length, -1 to 1: one number for both directions, or two. What comes
    in at the end is the nearest value, the signal mirrored ('reflect'), its other end ('wrap')
    or `fill_value` ('constant').

    Raises:
        ArgumentError: a shift by more than the length, an unknown fill_mode.

    >>> chance = Chance(np.array([0]), 0)
    >>> shift = RandomShift((0.25, 0.25), fill_mode="wrap")
    >>> shift.apply(np.arange(4.0).reshape(1, 4, 1), shift.draw(chance, (4, 1))).ravel().tolist()
    [3.0, 0.0, 1.0, 2.0]
    """

    arguments = ("factor", "fill_mode", "fill_value")

    def __init__(self, factor: Any, fill_mode: str = "nearest", fill_value: float = 0.0):
        self.factor = _bounded(self, "factor", as_range("RandomShift", "factor", factor), -1.0)
        self.fill_mode = check_choice(fill_mode, FILL_MODES, "RandomShift: fill_mode")
        self.fill_value = float(fill_value)

    def describe(self) -> str:
        """Say how far."""
        return "moves {:+.3g}% to {:+.3g}% along its steps".format(*_percent(self.factor))

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the number of steps; positive moves towards the end."""
        return {"steps": np.rint(chance.uniform(*self.factor) * shape[0]).astype(np.int64)}

    def apply(self, x: np.ndarray, parameters: Parameters) -> np.ndarray:
        """Move each signal."""
        length = x.shape[1]
        places = np.arange(length) - parameters["steps"][:, None]
        inside = (places >= 0) & (places < length)
        if self.fill_mode == "wrap":
            places = places % length
        elif self.fill_mode == "reflect":
            places = places % (2 * length)
            places = np.minimum(places, 2 * length - 1 - places)
        moved = np.take_along_axis(x, places.clip(0, length - 1)[..., None], 1)
        if self.fill_mode == "constant":
            moved[~inside] = self.fill_value
        return moved


class RandomScale(SignalChange):
    """Multiplies a signal by one number around 1, for all steps and channels.

    `factor` 0.1 gives 0.9 to 1.1; (-0.5, 0) gives 0.5 to 1.

    Raises:
        ArgumentError: a factor below -1, which would turn signals over.
    """

    arguments = ("factor",)

    def __init__(self, factor: Any):
        self.factor = _bounded(self, "factor", as_range("RandomScale", "factor", factor), -1.0, np.inf)

    def describe(self) -> str:
        """Say by how much."""
        return "multiplies by {:.3g} to {:.3g}".format(*(1 + each for each in self.factor))

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the number to multiply by."""
        return {"scale": 1 + chance.uniform(*self.factor)}

    def apply(self, x: np.ndarray, parameters: Parameters) -> np.ndarray:
        """Multiply."""
        return x * parameters["scale"].astype(x.dtype)[:, None, None]


class RandomNoise(SignalChange):
    """Adds independent normal noise to each value.

    `factor` is the noise's standard deviation as a share of the signal's: one number is the most,
    and each signal draws its own from 0 up to it; two are the range.
    (Um et al., "Data augmentation of wearable sensor data", 2017, there called jittering.)

    Raises:
        ArgumentError: a negative factor.
    """

    arguments = ("factor",)

    def __init__(self, factor: Any):
        self.factor = _bounded(self, "factor", as_range("RandomNoise", "factor", factor, False), 0, np.inf)

    def describe(self) -> str:
        """Say how strong."""
        return "noise of {:.3g}% to {:.3g}% of the deviation".format(*_percent(self.factor))

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw how strong the noise is, and the noise."""
        size = chance.uniform(*self.factor)[:, None, None]
        return {"noise": (size * chance.normal(size=tuple(shape))).astype(np.float32)}

    def apply(self, x: np.ndarray, parameters: Parameters) -> np.ndarray:
        """Add the noise in the signal's own unit."""
        return x + parameters["noise"].astype(x.dtype) * _deviations(x)


class RandomTimeWarp(SignalChange):
    """Stretches some stretches of the axis and squeezes others, smoothly; order and both ends stay.

    The speed along the axis is drawn between 1 / (1 + factor) and 1 + factor at `knots` evenly spread
    places, its logarithm linear between them, and then scaled so that the end is met: the axis has
    no corner and never runs backwards. (After Um et al., 2017, section 3, with the speed made positive.)

    Raises:
        ArgumentError: a negative factor, fewer than two knots.
    """

    arguments = ("factor", "knots")

    def __init__(self, factor: float, knots: int = 4):
        self.factor = _bounded(
            self, "factor", as_range("RandomTimeWarp", "factor", factor, False), 0, np.inf
        )[1]
        self.knots = _whole(self, "knots", knots, 2)

    def describe(self) -> str:
        """Say how far the speed changes."""
        return f"warps the axis, {1 / (1 + self.factor):.3g} to {1 + self.factor:.3g} times as fast"

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the logarithm of the speed at each knot."""
        most = np.log1p(self.factor)
        return {"speeds": chance.uniform(-most, most, (self.knots,))}

    def apply(self, x: np.ndarray, parameters: Parameters) -> np.ndarray:
        """Read the signal at the warped places, linearly between its steps."""
        length = x.shape[1]
        if length < 2:
            return x.copy()
        speeds = np.exp(parameters["speeds"] @ _tents(self.knots, length - 1))
        places = np.concatenate([np.zeros((len(x), 1)), speeds.cumsum(1)], 1)
        places *= (length - 1) / places[:, -1:]
        before = np.floor(places).astype(np.int64).clip(0, length - 2)[..., None]
        share = (places[..., None] - before).astype(x.dtype)
        left, right = np.take_along_axis(x, before, 1), np.take_along_axis(x, before + 1, 1)
        return left + (right - left) * share


class RandomBaselineDrift(SignalChange):
    """Adds a slow curve to each channel, as a warming sensor or a fluorescent background does.

    `kind` 'polynomial' sums Legendre polynomials up to degree `order`; 'sinusoid' is one wave with
    at most `order` cycles over the whole signal. `factor` is the largest value of the curve as a
    share of the signal's standard deviation: one number is the most, two are the range.

    Raises:
        ArgumentError: a negative factor, an unknown kind, an order below 1.
    """

    arguments = ("factor", "kind", "order")

    def __init__(self, factor: Any, kind: str = "polynomial", order: int = 3):
        limits = as_range("RandomBaselineDrift", "factor", factor, False)
        self.factor = _bounded(self, "factor", limits, 0, np.inf)
        self.kind = check_choice(kind, DRIFTS, "RandomBaselineDrift: kind")
        self.order = _whole(self, "order", order, 1)

    def describe(self) -> str:
        """Say how high."""
        return "drifts by {:.3g}% to {:.3g}% of the deviation".format(*_percent(self.factor))

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw how large the curve is, and its coefficients, or its cycles and phase."""
        size = {"size": chance.uniform(*self.factor)}
        channels = shape[-1]
        if self.kind == "polynomial":
            return {**size, "coefficients": chance.uniform(-1, 1, (channels, self.order + 1))}
        cycles = chance.uniform(0, self.order, (channels,))
        return {**size, "cycles": cycles, "phase": chance.uniform(0, 2 * np.pi, (channels,))}

    def apply(self, x: np.ndarray, parameters: Parameters) -> np.ndarray:
        """Add the curve in the signal's own unit."""
        places = np.linspace(-1, 1, x.shape[1])
        if self.kind == "polynomial":
            basis = np.polynomial.legendre.legvander(places, self.order)
            curves = np.einsum("sd,ncd->nsc", basis, parameters["coefficients"])
        else:
            turns = np.pi * places[:, None] * parameters["cycles"][:, None, :]
            curves = np.sin(turns + parameters["phase"][:, None, :])
        highest = np.abs(curves).max(1, keepdims=True, initial=1e-12)
        curves = curves / highest * parameters["size"][:, None, None]
        return x + curves.astype(x.dtype) * _deviations(x)


class RandomCutout(SignalChange):
    """Flattens one stretch of a signal, in all channels.

    `factor` is the stretch's share of the length, 0 to 1: one number is the most, two are the range.
    `fill_value` is what stands there; None means each channel's own mean.
    (DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", 2017,
    along one axis.)

    Raises:
        ArgumentError: a factor outside 0 to 1.
    """

    arguments = ("factor", "fill_value")

    def __init__(self, factor: Any, fill_value: float | None = None):
        self.factor = _bounded(self, "factor", as_range("RandomCutout", "factor", factor, False), 0)
        self.fill_value = None if fill_value is None else float(fill_value)

    def describe(self) -> str:
        """Say how much."""
        return "flattens {:.3g}% to {:.3g}% of its steps".format(*_percent(self.factor))

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw where the stretch begins and ends."""
        length = np.rint(chance.uniform(*self.factor) * shape[0]).astype(np.int64)
        start = np.floor(chance.uniform() * (shape[0] - length + 1)).astype(np.int64)
        return {"start": start, "stop": start + length}

    def apply(self, x: np.ndarray, parameters: Parameters) -> np.ndarray:
        """Fill the stretch."""
        places = np.arange(x.shape[1])
        inside = (places >= parameters["start"][:, None]) & (places < parameters["stop"][:, None])
        filling = x.mean(1, keepdims=True) if self.fill_value is None else x.dtype.type(self.fill_value)
        return np.where(inside[..., None], filling, x)


def _percent(limits: tuple[float, float]) -> tuple[float, float]:
    return 100 * limits[0], 100 * limits[1]


def _deviations(x: np.ndarray) -> np.ndarray:
    return np.asarray(x.std(1, keepdims=True))


def _tents(knots: int, count: int) -> np.ndarray:
    """How much each knot counts at each of `count` evenly spread places; linear in between."""
    places = np.linspace(0, knots - 1, count)
    return np.clip(1 - np.abs(places - np.arange(knots)[:, None]), 0, 1)


def _bounded(
    change: SignalChange, name: str, limits: tuple[float, float], low: float, high: float = 1.0
) -> tuple[float, float]:
    if min(limits) < low or limits[1] > high:
        upper = "" if high == np.inf else f" to {high:g}"
        raise ArgumentError(
            f"{type(change).__name__}: {name} lies within {low:g}{upper or ' and up'}; got {limits}."
        )
    return limits


def _whole(change: SignalChange, name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < least:
        raise ArgumentError(f"{type(change).__name__}: {name} is a whole number from {least}; got {value!r}.")
    return int(value)
