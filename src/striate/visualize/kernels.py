"""Kernels made by hand, by name or written out: edge, blur, Sobel, Gabor, and local statistics.

A text names one: `blur`, `blur:size=5`, `gabor:theta=45,wavelength=6`, or writes it out:
`[[-1,-1,-1],[-1,8,-1],[-1,-1,-1]]`. For signals each has a form along one axis.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from striate.core.errors import ArgumentError, did_you_mean, unknown_name


@final
@dataclass(frozen=True, eq=False)
class Kernel:
    """Weights of a window with a name; of 'contrast' and 'zones' only the window, which is a mean.

    `statistic` is '' for a weighted sum, 'contrast' for the standard deviation in the window,
    'zones' for its mean against the mean of the whole picture.

    Shape:
        values: (rows, columns) for images, (steps,) for signals
    """

    name: str
    values: np.ndarray
    statistic: str = ""


def read_kernel(given: Any, rank: int) -> Kernel:
    """Make a kernel from a name with options, from numbers written out as text, or from an array.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: an option that is not known or no number; numbers that make no kernel.

    >>> read_kernel("sobel_x", 2).values
    array([[-1.,  0.,  1.],
           [-2.,  0.,  2.],
           [-1.,  0.,  1.]])
    """
    if isinstance(given, Kernel):
        return given
    if not isinstance(given, str):
        return Kernel("kernel", _checked(given, given, rank))
    text = given.strip()
    if text.startswith("["):
        try:
            numbers = json.loads(text)
        except ValueError as error:
            raise ArgumentError(
                f"a kernel is written as rows of numbers, [[0,1,0],[1,-4,1],[0,1,0]]; got {text!r}: {error}."
            ) from error
        return Kernel("kernel", _checked(numbers, text, rank))
    name, _, options = text.partition(":")
    if name not in _MAKERS:
        raise unknown_name("kernel", name, _MAKERS)
    make = _MAKERS[name]
    values = np.asarray(make(rank, **_options(name, make, options)), dtype=np.float64)
    return Kernel(text, values, name if name in ("contrast", "zones") else "")


def _checked(numbers: Any, shown: Any, rank: int) -> np.ndarray:
    wanted = "rows of numbers, all of one length" if rank == 2 else "numbers in one row"
    try:
        values = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentError(f"a kernel is made of {wanted}; got {shown!r}.") from error
    if rank == 1 and values.ndim == 2 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != rank or values.size == 0 or not np.isfinite(values).all():
        raise ArgumentError(f"a kernel for this input is made of {wanted}; got {shown!r}.")
    return values


def _options(name: str, make: Callable[..., Any], text: str) -> dict[str, float]:
    known = [key for key in inspect.signature(make).parameters if key != "rank"]
    found = {}
    for part in filter(None, text.split(",")):
        key, _, value = (piece.strip() for piece in part.partition("="))
        if key not in known:
            offered = f"it has {', '.join(known)}" if known else "it has none"
            raise ArgumentError(
                f"kernel {name!r} has no option {key!r}: {offered}.{did_you_mean(key, known)}"
            )
        try:
            found[key] = float(value)
        except ValueError as error:
            raise ArgumentError(f"option {key!r} of kernel {name!r} is a number; got {value!r}.") from error
    return found


def _window(size: float, rank: int) -> tuple[int, ...]:
    if size < 1 or size != int(size):
        raise ArgumentError(f"a kernel's size is a whole number from 1; got {size:g}.")
    return (int(size),) * rank


def _identity(rank: int) -> Any:
    return [[0, 0, 0], [0, 1, 0], [0, 0, 0]] if rank == 2 else [0, 1, 0]


def _edge(rank: int) -> Any:
    return [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]] if rank == 2 else [-1, 2, -1]


def _laplacian(rank: int) -> Any:
    return [[0, 1, 0], [1, -4, 1], [0, 1, 0]] if rank == 2 else [1, -2, 1]


def _sharpen(rank: int) -> Any:
    return [[0, -1, 0], [-1, 5, -1], [0, -1, 0]] if rank == 2 else [-1, 3, -1]


def _emboss(rank: int) -> Any:
    return [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]] if rank == 2 else [-1, 1, 1]


def _sobel_x(rank: int) -> Any:
    return [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]] if rank == 2 else [-1, 0, 1]


def _sobel_y(rank: int) -> Any:
    if rank == 1:
        raise ArgumentError("kernel 'sobel_y' needs two axes; along a signal there is 'sobel_x'.")
    return np.transpose(_sobel_x(2))


def _blur(rank: int, size: float = 3) -> np.ndarray:
    window = _window(size, rank)
    return np.full(window, 1 / math.prod(window))


def _contrast(rank: int, size: float = 5) -> np.ndarray:
    return _blur(rank, size)


def _zones(rank: int, size: float = 9) -> np.ndarray:
    return _blur(rank, size)


def _gabor(
    rank: int,
    theta: float = 0.0,
    wavelength: float = 5.0,
    sigma: float = 2.0,
    gamma: float = 0.7,
    phase: float = 0.0,
    size: float = 9.0,
) -> np.ndarray:
    """A wave under a bell: it answers to stripes across the direction theta, in degrees.

    (Daugman, "Uncertainty relation for resolution in space, spatial frequency, and orientation
    optimized by two-dimensional visual cortical filters", 1985.) The mean is taken off, so that
    an even ground gives 0.
    """
    if wavelength <= 0 or sigma <= 0:
        raise ArgumentError(
            f"a Gabor kernel's wavelength and sigma are above 0; got {wavelength:g} and {sigma:g}."
        )
    places = [np.arange(length) - (length - 1) / 2 for length in _window(size, rank)]
    y, x = np.meshgrid(*places, indexing="ij") if rank == 2 else (np.zeros_like(places[0]), places[0])
    angle = math.radians(theta)
    along, across = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    bell = np.exp(-(along**2 + (gamma * across) ** 2) / (2 * sigma**2))
    wave = bell * np.cos(2 * math.pi * along / wavelength + math.radians(phase))
    return wave - bell * wave.sum() / bell.sum()


_MAKERS: dict[str, Callable[..., Any]] = {
    "identity": _identity,
    "edge": _edge,
    "sharpen": _sharpen,
    "blur": _blur,
    "emboss": _emboss,
    "sobel_x": _sobel_x,
    "sobel_y": _sobel_y,
    "laplacian": _laplacian,
    "gabor": _gabor,
    "contrast": _contrast,
    "zones": _zones,
}
KERNEL_NAMES = tuple(_MAKERS)
