"""Random changes of where things are in an image, as matrices; `warp.py` carries them out.

The matrices follow Keras: positions are pixels with the centre of the first at (0, 0), angles turn
counter-clockwise, fractions are of the image's height and width, and rotation and zoom are about
the image's centre.
"""

from __future__ import annotations

import numpy as np

from striate.augment.base import Geometric, Parameters, as_range, check_bounds
from striate.augment.keys import Chance
from striate.core.shapes import check_choice

FLIPS = ("horizontal", "vertical", "horizontal_and_vertical")
_FILLING = ("fill_mode", "interpolation", "fill_value")


def affine(examples: int, **entries: np.ndarray | float) -> np.ndarray:
    """Make matrices of named entries; those not named are the identity's.

    `xx` and `xy` are what the new x and y add to the old x, `x` is what is added; `yx`, `yy`, `y` alike.
    """
    places = {"xx": (0, 0), "xy": (0, 1), "x": (0, 2), "yx": (1, 0), "yy": (1, 1), "y": (1, 2)}
    matrices = np.tile(np.eye(3), (examples, 1, 1))
    for name, value in entries.items():
        matrices[(slice(None), *places[name])] = value
    return matrices


def about_centre(matrices: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Let matrices without a shift of their own act about the centre of the image; changed in place."""
    x, y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    matrices[:, 0, 2] = x - matrices[:, 0, 0] * x - matrices[:, 0, 1] * y
    matrices[:, 1, 2] = y - matrices[:, 1, 0] * x - matrices[:, 1, 1] * y
    return matrices


class RandomFlip(Geometric):
    """Turns images over, each way with probability one half.

    `mode` is 'horizontal' (left and right change places), 'vertical' or 'horizontal_and_vertical';
    in the last one the two are decided apart.

    Raises:
        ArgumentError: another mode.
    """

    arguments = ("mode",)

    def __init__(self, mode: str = "horizontal_and_vertical"):
        self.mode = check_choice(mode, FLIPS, "RandomFlip: mode")

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Decide for each example."""
        across, over = chance.happens(0.5), chance.happens(0.5)
        return {
            "left_right": across if self.mode != "vertical" else np.zeros_like(across),
            "top_bottom": over if self.mode != "horizontal" else np.zeros_like(over),
        }

    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Mirror about the centre."""
        across, over = parameters["left_right"], parameters["top_bottom"]
        return affine(
            len(across),
            xx=np.where(across, -1, 1),
            x=np.where(across, shape[1] - 1, 0),
            yy=np.where(over, -1, 1),
            y=np.where(over, shape[0] - 1, 0),
        )

    def describe(self) -> str:
        """Say which way."""
        return {
            "horizontal": "flips left-right",
            "vertical": "flips top-bottom",
            "horizontal_and_vertical": "flips both ways",
        }[self.mode]


class RandomRotation(Geometric):
    """Turns images about their centre.

    `factor` is in turns: 0.1 draws from -36 to 36 degrees, (0, 0.25) from 0 to 90 counter-clockwise.

    >>> RandomRotation(0.1).describe()
    'turns -36° to 36°'
    """

    arguments = ("factor", *_FILLING)

    def __init__(
        self,
        factor: float | tuple[float, float],
        fill_mode: str | None = None,
        interpolation: str | None = None,
        fill_value: float | None = None,
    ):
        self.factor = factor
        self._turns = as_range("RandomRotation", "factor", factor)
        self._keep_filling(fill_mode, fill_value, interpolation)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw an angle in radians."""
        return {"angle": 2 * np.pi * chance.uniform(*self._turns)}

    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Turn about the centre."""
        cosine, sine = np.cos(parameters["angle"]), np.sin(parameters["angle"])
        return about_centre(affine(len(sine), xx=cosine, xy=-sine, yx=sine, yy=cosine), shape)

    def describe(self) -> str:
        """Say by how many degrees."""
        return "turns {:.3g}° to {:.3g}°".format(*(360 * turns for turns in self._turns))


class RandomZoom(Geometric):
    """Zooms images about their centre.

    Factors are fractions of what is seen: 0.2 draws from -0.2 to 0.2, where -0.2 shows four fifths of
    the image, larger. Without `width_factor` the width follows the height.
    """

    arguments = ("height_factor", "width_factor", *_FILLING)

    def __init__(
        self,
        height_factor: float | tuple[float, float],
        width_factor: float | tuple[float, float] | None = None,
        fill_mode: str | None = None,
        interpolation: str | None = None,
        fill_value: float | None = None,
    ):
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height = as_range("RandomZoom", "height_factor", height_factor)
        self._width = None if width_factor is None else as_range("RandomZoom", "width_factor", width_factor)
        for name, limits in (("height_factor", self._height), ("width_factor", self._width or (0, 0))):
            check_bounds("RandomZoom", name, limits, above=-1.0)
        self._keep_filling(fill_mode, fill_value, interpolation)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw how much of the height and of the width is seen."""
        height = 1 + chance.uniform(*self._height)
        return {
            "height": height,
            "width": height if self._width is None else 1 + chance.uniform(*self._width),
        }

    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Scale about the centre."""
        height = parameters["height"]
        return about_centre(affine(len(height), xx=parameters["width"], yy=height), shape)

    def describe(self) -> str:
        """Say by how much."""
        return "zooms {:.3g}% to {:.3g}%".format(*(100 * (1 + part) for part in self._height))


class RandomTranslation(Geometric):
    """Shifts images by fractions of their height and width; what is positive goes down and right."""

    arguments = ("height_factor", "width_factor", *_FILLING)

    def __init__(
        self,
        height_factor: float | tuple[float, float],
        width_factor: float | tuple[float, float],
        fill_mode: str | None = None,
        interpolation: str | None = None,
        fill_value: float | None = None,
    ):
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height = as_range("RandomTranslation", "height_factor", height_factor)
        self._width = as_range("RandomTranslation", "width_factor", width_factor)
        self._keep_filling(fill_mode, fill_value, interpolation)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the two shifts as fractions."""
        return {"down": chance.uniform(*self._height), "right": chance.uniform(*self._width)}

    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Look further up and left for what shall move down and right."""
        down, right = parameters["down"], parameters["right"]
        return affine(len(down), x=-right * shape[1], y=-down * shape[0])

    def describe(self) -> str:
        """Say by how much."""
        return f"shifts up to {100 * max(map(abs, (*self._height, *self._width))):.3g}%"


class RandomShear(Geometric):
    """Slants images: each row is shifted by `x_factor` times its distance from the centre, columns alike.

    Keras measures the distance from the first row, which shifts the whole image as well.
    """

    arguments = ("x_factor", "y_factor", "interpolation", "fill_mode", "fill_value")

    def __init__(
        self,
        x_factor: float | tuple[float, float] = 0.0,
        y_factor: float | tuple[float, float] = 0.0,
        interpolation: str | None = None,
        fill_mode: str | None = None,
        fill_value: float | None = None,
    ):
        self.x_factor, self.y_factor = x_factor, y_factor
        self._x = as_range("RandomShear", "x_factor", x_factor)
        self._y = as_range("RandomShear", "y_factor", y_factor)
        for name, limits in (("x_factor", self._x), ("y_factor", self._y)):
            check_bounds("RandomShear", name, limits, above=-1.0, below=1.0)
        self._keep_filling(fill_mode, fill_value, interpolation)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the two slants; as in Keras they change sign together, with probability one half."""
        sign = np.where(chance.happens(0.5), -1.0, 1.0)
        return {"x": sign * chance.uniform(*self._x), "y": sign * chance.uniform(*self._y)}

    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Slant about the centre."""
        return about_centre(affine(len(parameters["x"]), xy=parameters["x"], yx=parameters["y"]), shape)

    def describe(self) -> str:
        """Say by how much."""
        return f"slants up to {100 * max(map(abs, (*self._x, *self._y))):.3g}%"
