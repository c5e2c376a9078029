"""Random changes of what of an image is seen, and from where."""

from __future__ import annotations

import numpy as np

from striate.augment.base import Geometric, Parameters, as_range, check_bounds
from striate.augment.geometric import affine
from striate.augment.keys import Chance
from striate.core.errors import ArgumentError
from striate.core.shapes import per_axis


class RandomCrop(Geometric):
    """Cuts a window of `height` by `width` pixels out of each image, at a place of its own.

    Of an image that is not larger than the window both ways the largest part of the window's
    proportions is taken from the middle and brought to the window's size, as Keras describes it.

    Shape:
        in: (height, width, channels); out: (window's height, window's width, channels).

    Raises:
        ArgumentError: a size that is no whole number from 1 up.
    """

    arguments = ("height", "width")

    def __init__(self, height: int, width: int):
        (self.height,) = per_axis(height, 1, "RandomCrop: height")
        (self.width,) = per_axis(width, 1, "RandomCrop: width")

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The window's."""
        return (self.height, self.width, *shape[2:])

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the window's first row and column, and say how much of the image it spans."""
        height, width = shape[:2]
        if height > self.height and width > self.width:
            top, left = chance.whole(0, height - self.height), chance.whole(0, width - self.width)
            return self._window(top, left, self.height, self.width)
        rows = max(min(height, width * self.height // self.width), 1)
        columns = max(min(width, height * self.width // self.height), 1)
        places = np.zeros(len(chance), np.int64)
        return self._window(places + (height - rows) // 2, places + (width - columns) // 2, rows, columns)

    def _window(self, top: np.ndarray, left: np.ndarray, rows: int, columns: int) -> Parameters:
        return {
            "top": top,
            "left": left,
            "rows": np.full_like(top, rows),
            "columns": np.full_like(left, columns),
        }

    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Scale so that the edges of the first and last pixels meet, then shift to the window's place."""
        x, y = parameters["columns"] / self.width, parameters["rows"] / self.height
        return affine(
            len(x),
            xx=x,
            x=parameters["left"] + (x - 1) / 2,
            yy=y,
            y=parameters["top"] + (y - 1) / 2,
        )

    def describe(self) -> str:
        """Say to which size."""
        return f"cuts out {self.height}x{self.width}"


class RandomPerspective(Geometric):
    """Looks at images from another angle: each corner moves by up to a quarter of the sides times `scale`.

    `factor` is the probability of a change; of two numbers, or from 0 to one number, each image draws
    its own. Keras moves corners in proportion to their position, so the first never moves, and
    further, so images may fold over; here all four move and none can.

    Raises:
        ArgumentError: a scale or a probability outside 0 to 1.
    """

    arguments = ("factor", "scale", "interpolation", "fill_value", "fill_mode")

    def __init__(
        self,
        factor: float | tuple[float, float] = 1.0,
        scale: float = 1.0,
        interpolation: str | None = None,
        fill_value: float | None = None,
        fill_mode: str | None = None,
    ):
        self.factor, self.scale = factor, scale
        self._probability = as_range("RandomPerspective", "factor", factor, symmetric=False)
        check_bounds("RandomPerspective", "factor", self._probability, 0.0, 1.0, included=True)
        if not 0 <= scale <= 1:
            raise ArgumentError(f"RandomPerspective: scale is a number from 0 to 1; got {scale!r}.")
        self._keep_filling(fill_mode, fill_value, interpolation)

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw how far each corner moves, as fractions of the sides."""
        happens = chance.happens(chance.uniform(*self._probability))
        moves = 0.25 * self.scale * chance.uniform(-1.0, 1.0, (4, 2))
        return {"moves": moves * happens[:, None, None]}

    def matrices(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """Solve for the matrix that takes the image's corners to where they moved."""
        sides = np.array([max(shape[1] - 1, 1), max(shape[0] - 1, 1)], np.float64)
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * sides
        moved = corners + parameters["moves"] * sides
        x, y = corners[:, 0], corners[:, 1]
        # Two rows a corner of the eight equations for eight entries, the ninth being 1.
        system = np.zeros((len(moved), 8, 8))
        system[:, :4, :3] = system[:, 4:, 3:6] = np.stack([x, y, np.ones(4)], axis=1)
        system[:, :4, 6:] = -moved[:, :, :1] * corners
        system[:, 4:, 6:] = -moved[:, :, 1:] * corners
        answers = np.concatenate([moved[:, :, 0], moved[:, :, 1]], axis=1)
        entries = np.linalg.solve(system, answers[:, :, None])[:, :, 0]
        return np.concatenate([entries, np.ones((len(moved), 1))], axis=1).reshape(-1, 3, 3)

    def describe(self) -> str:
        """Say how far corners move."""
        return f"moves corners up to {25 * self.scale:.3g}%"
