"""The loss over one weight, a direction or a plane, with the way that gradient descent goes on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch.func import functional_call

from striate import losses
from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, unknown_name
from striate.core.shapes import check_choice
from striate.layers.base import mode_of
from striate.layers.weights import named_weights
from striate.visualize.base import AnyPanel, HeatPanel, Line, LinePanel, Sheet

ALONG = ("weight", "direction", "plane")


def loss_along(
    model: Any,
    x: Any,
    y: Any,
    loss: Any = None,
    along: str = "weight",
    weight: tuple[str, tuple[int, ...]] | None = None,
    reach: float = 1.0,
    points: int = 41,
    steps: int = 12,
    learning_rate: float | None = None,
    seed: int = 0,
) -> Sheet:
    """Draw the loss on given examples while weights are moved, and where gradient descent goes on it.

    'weight' moves a single number: by default the one with the steepest slope, else `weight`, a
    path as `summary` and files have it and the place in it, such as `("conv1/kernel", (0, 0, 0, 0))`.
    'direction' moves all weights along a random direction in which each filter is as long as the
    network's own (Li et al., "Visualizing the loss landscape of neural nets", NeurIPS 2018,
    section 4), 'plane' along two. Gradient descent begins near the higher edge and moves along the drawn
    axes only; its learning rate, unless given, makes a step at the steepest place a fifth of the way. The
    model's weights are not changed.

    Shape:
        x (examples, ...), y (examples, ...) as for `fit`; `reach` is how far the axis goes to
        both sides: in the weight's own units, or as a share of each filter's length.

    Raises:
        ArgumentError: no loss, another word than those, a place that is not in the weight.
        UnknownNameError: no such weight or loss.
    """
    along = check_choice(along, ALONG, "along")
    if points < 3 or reach <= 0 or steps < 0:
        raise ArgumentError(
            f"the axis takes at least 3 points and a reach above 0; got points={points}, reach={reach:g}, "
            f"steps={steps}."
        )
    surface = _Surface(model, x, y, _loss_of(model, loss, y))
    generator = torch.Generator().manual_seed(seed)
    what, centre = "a random direction" if along == "direction" else "two random directions", 0.0
    directions = [_random(surface, generator) for _ in range(2 if along == "plane" else 1)]
    if along == "weight":
        name, place = _chosen_weight(surface, weight)
        directions = [_one_number(surface, name, place)]
        what, centre = f"{name}{list(place)}", float(surface.public[name][place])
    way = _descend(surface, directions, reach, steps, learning_rate)
    label = what if along == "weight" else "distance"
    panel: AnyPanel = (
        _plane(surface, directions, reach, min(points, 25), way)
        if along == "plane"
        else _line(surface, directions[0], reach, points, way, centre, label)
    )
    here, end = surface.at([0.0] * len(directions), directions), way[-1][1]
    caption = (
        f"The loss on {surface.count:,} examples over {what}; at the network's own weights it is {here:.4g}. "
        f"Gradient descent along what is drawn goes from {way[0][1]:.4g} to {end:.4g} in {steps} steps."
    )
    return Sheet(f"The loss over {what}", caption, (panel,), columns=1)


@final
@dataclass(eq=False)
class _Surface:
    """The loss as a function of moved weights."""

    model: Any
    x: Any
    y: Any
    loss: Callable[[Any, Any], torch.Tensor]

    def __post_init__(self) -> None:
        first = next(self.model.parameters())
        self.x, self.y = as_tensor(self.x).to(first.device), as_tensor(self.y).to(first.device)
        if self.x.is_floating_point() or self.x.dtype == torch.uint8:
            self.x = self.x.to(first.dtype)
        self.count = len(self.x)
        self.base = {name: one.detach() for name, one in self.model.named_parameters()}
        by_id = {id(one): name for name, one in self.model.named_parameters()}
        self.names, self.public = {}, {}
        for path, tensor, spec in named_weights(self.model):
            if id(tensor) in by_id:
                self.names[path] = by_id[id(tensor)]
                stored = self.base[by_id[id(tensor)]]
                self.public[path] = stored if spec is None else spec.to_public(stored)

    def value(self, distances: torch.Tensor, directions: list[dict[str, torch.Tensor]]) -> torch.Tensor:
        moved = {
            name: one
            + sum(far * direction[name] for far, direction in zip(distances, directions, strict=True))
            for name, one in self.base.items()
        }
        with mode_of(self.model, False):
            return self.loss(self.y, functional_call(self.model, moved, (self.x,)))

    def at(self, distances: list[float], directions: list[dict[str, torch.Tensor]]) -> float:
        with torch.no_grad():
            return float(self.value(torch.tensor(distances), directions))

    def slope(self, distances: list[float], directions: list[dict[str, torch.Tensor]]) -> list[float]:
        far = torch.tensor(distances, requires_grad=True)
        with torch.enable_grad():
            (found,) = torch.autograd.grad(self.value(far, directions), far)
        return [float(part) for part in found]


def _likely_loss(y: Any) -> str:
    """Guess from the labels which loss suits them."""
    values = as_tensor(y)
    if values.ndim == 2 and values.shape[-1] > 1:
        return "categorical_crossentropy"
    if bool((values != values.round()).any()) or bool((values < 0).any()):
        return "mean_squared_error"
    return "sparse_categorical_crossentropy" if bool((values > 1).any()) else "binary_crossentropy"


def _loss_of(model: Any, loss: Any, y: Any) -> Any:
    compiled = getattr(model, "compiled", None)
    chosen = loss if loss is not None else getattr(compiled, "loss", None)
    if chosen is None:
        raise ArgumentError(
            f"the model is not compiled with a loss: give one, such as loss={_likely_loss(y)!r}."
        )
    found = losses.get(chosen)

    def measured(y: Any, answers: Any) -> torch.Tensor:
        value = found(y, answers)
        return value.mean() if value.ndim else value

    return measured


def _chosen_weight(
    surface: _Surface, weight: tuple[str, tuple[int, ...]] | None
) -> tuple[str, tuple[int, ...]]:
    if weight is not None:
        name, place = weight[0], tuple(weight[1])
        if name not in surface.public:
            raise unknown_name("weight", name, surface.public)
        shape = tuple(surface.public[name].shape)
        fits = len(place) == len(shape) and all(0 <= at < size for at, size in zip(place, shape, strict=True))
        if not fits:
            raise ArgumentError(f"weight {name!r} has shape {shape}; there is no place {place}.")
        return name, place
    moved = {name: one.clone().requires_grad_() for name, one in surface.base.items()}
    with mode_of(surface.model, False), torch.enable_grad():
        value = surface.loss(surface.y, functional_call(surface.model, moved, (surface.x,)))
        slopes = torch.autograd.grad(value, list(moved.values()), allow_unused=True)
    steep = {
        name: 0.0 if slope is None else float(slope.abs().max())
        for name, slope in zip(moved, slopes, strict=True)
    }
    path = max(surface.names, key=lambda one: steep[surface.names[one]])
    stored = dict(zip(moved, slopes, strict=True))[surface.names[path]]
    # Through a view of the same layout, so that the place is that of the weight as people see it.
    marked = surface.public[path].new_zeros(surface.public[path].shape)
    if stored is not None:
        marked = _public_of(surface, path, stored)
    return path, tuple(int(at) for at in np.unravel_index(int(marked.abs().argmax()), marked.shape))


def _public_of(surface: _Surface, path: str, stored: torch.Tensor) -> torch.Tensor:
    for name, _, spec in named_weights(surface.model):
        if name == path and spec is not None:
            return spec.to_public(stored)
    return stored


def _one_number(surface: _Surface, path: str, place: tuple[int, ...]) -> dict[str, torch.Tensor]:
    direction = {name: torch.zeros_like(one) for name, one in surface.base.items()}
    _public_of(surface, path, direction[surface.names[path]])[place] = 1.0
    return direction


def _random(surface: _Surface, generator: torch.Generator) -> dict[str, torch.Tensor]:
    direction = {}
    for name, one in surface.base.items():
        drawn = torch.randn(one.shape, generator=generator).to(one)
        if one.ndim <= 1:
            # Biases and scales stay, as in the paper.
            direction[name] = torch.zeros_like(one)
            continue
        axes = tuple(range(1, one.ndim))
        lengths = [part.square().sum(dim=axes, keepdim=True).sqrt() for part in (one, drawn)]
        direction[name] = drawn * lengths[0] / lengths[1].clamp(min=1e-12)
    return direction


Way = list[tuple[list[float], float]]


def _descend(
    surface: _Surface, directions: list[dict[str, torch.Tensor]], reach: float, steps: int, rate: float | None
) -> Way:
    """Go down from near the edge, along the directions only; places with their losses."""
    ends = [[side * 0.85 * reach] * len(directions) for side in (1, -1)]
    # From the higher side, where there is a way to go.
    far = max(ends, key=lambda end: surface.at(end, directions))
    way = [(list(far), surface.at(far, directions))]
    if rate is None:
        # By the steepest of three places: the start may lie on a plateau, with a cliff behind it.
        slopes = [surface.slope([at * reach] * len(directions), directions) for at in (-0.85, 0.0, 0.85)]
        rate = 0.2 * reach / (max(abs(part) for slope in slopes for part in slope) or 1.0)
    for _ in range(steps):
        slope = surface.slope(far, directions)
        moved = (one - rate * part for one, part in zip(far, slope, strict=True))
        far = [float(np.clip(one, -reach, reach)) for one in moved]
        way.append((list(far), surface.at(far, directions)))
    return way


def _line(
    surface: _Surface,
    direction: dict[str, torch.Tensor],
    reach: float,
    points: int,
    way: Way,
    centre: float,
    label: str,
) -> LinePanel:
    x = np.linspace(-reach, reach, points)
    values = np.array([surface.at([float(far)], [direction]) for far in x])
    steps = np.array([place[0] for place, _ in way])
    lines = (
        Line("loss", "first", centre + x, values),
        Line("gradient descent", "path", centre + steps, np.array([value for _, value in way])),
    )
    here = (centre, surface.at([0.0], [direction]), "the network")
    return LinePanel(lines, x_label=label, y_label="loss", points=(here,))


def _plane(
    surface: _Surface, directions: list[dict[str, torch.Tensor]], reach: float, points: int, way: Way
) -> HeatPanel:
    axis = np.linspace(-reach, reach, points)
    values = np.array([[surface.at([float(row), float(far)], directions) for far in axis] for row in axis])
    path = np.array([place for place, _ in way])
    cells = (path + reach) / (2 * reach) * (points - 1)
    # The steep walls would leave no colours for the valley.
    high = float(np.quantile(values, 0.9))
    return HeatPanel(values, scale="grey", low=float(values.min()), high=high, bar=True, path=cells)
