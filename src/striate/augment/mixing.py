"""Changes that put two examples of a batch together, and their answers in the same proportion."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from striate.augment.base import Mixing, Parameters, as_range, check_bounds
from striate.augment.keys import Chance
from striate.core.errors import ArgumentError


class MixUp(Mixing):
    """Adds two examples, and their answers, with weights that sum to one.

    The weight comes from the beta distribution with both parameters `alpha`: the smaller, the more
    often one of the two has nearly all of it.

    Zhang et al., "mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412.

    Raises:
        ArgumentError: an alpha that is not above 0 and up to 1.
    """

    arguments = ("alpha",)
    rank = 0

    def __init__(self, alpha: float = 0.2):
        if not 0 < alpha <= 1:
            raise ArgumentError(f"MixUp: alpha is a number above 0 and up to 1; got {alpha!r}.")
        self.alpha = alpha

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the weight of the example itself."""
        return {"weight": chance.beta(self.alpha)}

    def describe(self) -> str:
        """Say what is put together."""
        return "adds pairs of examples (MixUp)"

    def weights(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """As drawn."""
        return parameters["weight"]

    def blend(self, x: Any, partners: Any, parameters: Parameters) -> Any:
        """Add; whole numbers are rounded."""
        weight = parameters["weight"].astype(np.float32).reshape(-1, *(1 for _ in x.shape[1:]))
        if isinstance(x, torch.Tensor):
            mixed = torch.lerp(partners.float(), x.float(), torch.from_numpy(weight).to(x.device))
            return (mixed if x.is_floating_point() else mixed.round()).to(x.dtype)
        mixed = x * weight + partners * (1 - weight)
        return (mixed if x.dtype.kind == "f" else np.rint(mixed)).astype(x.dtype)


class CutMix(Mixing):
    """Puts a rectangle of another image in place of each one's own; answers follow the areas.

    `factor` is from which to which parameter of the beta distribution that the area is drawn from;
    one number is the upper end.

    Yun et al., "CutMix", arXiv:1905.04899. The rectangle has whole pixels and lies inside the image.

    Raises:
        ArgumentError: a factor outside 0 to 1.
    """

    arguments = ("factor",)

    def __init__(self, factor: float | tuple[float, float] = 1.0):
        self.factor = factor
        self._factor = as_range("CutMix", "factor", factor, symmetric=False)
        check_bounds("CutMix", "factor", self._factor, 0.0, 1.0, included=True)

    def describe(self) -> str:
        """Say what is put together."""
        return "puts a part of one example into another (CutMix)"

    def draw(self, chance: Chance, shape: tuple[int, ...]) -> Parameters:
        """Draw the rectangle: top, left, bottom, right."""
        stays = chance.beta(chance.uniform(*self._factor) + 1e-6)
        sizes = np.rint(np.sqrt(1 - stays)[:, None] * shape[:2]).astype(np.int64)
        starts = np.floor(chance.uniform(size=(2,)) * (np.array(shape[:2]) - sizes + 1)).astype(np.int64)
        return {"boxes": np.concatenate([starts, starts + sizes], axis=1)}

    def weights(self, parameters: Parameters, shape: tuple[int, ...]) -> np.ndarray:
        """The part of the area outside the rectangle."""
        top, left, bottom, right = parameters["boxes"].T
        return 1 - (bottom - top) * (right - left) / (shape[0] * shape[1])

    def blend(self, x: Any, partners: Any, parameters: Parameters) -> Any:
        """Copy the rectangle from the partner."""
        mixed = x.clone() if isinstance(x, torch.Tensor) else x.copy()
        for number, (top, left, bottom, right) in enumerate(parameters["boxes"].tolist()):
            mixed[number, top:bottom, left:right] = partners[number, top:bottom, left:right]
        return mixed
