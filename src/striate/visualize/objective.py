"""What a found input is to excite (a channel, neuron, direction or whole layer), and the measure of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch.nn import functional as F

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import check_choice, format_shape

MEASURES = ("positive", "mean", "peak")
# Of what lies below zero, so much counts while searching: a silent filter would give no direction.
_LEAK = 0.05


@final
@dataclass(frozen=True, eq=False)
class Objective:
    """One thing to excite in each example, and the measure of it on the layer's map.

    Each row of `directions` weighs the channels of the map; a single channel is a row with a
    single 1. `None` means the whole layer: the mean square of all its values (Mordvintsev, Olah
    and Tyka, "Inceptionism", 2015). Where `at` names a place, that neuron's value counts. Else
    the measure is taken over all places: 'positive', the mean of what is above zero; 'mean', of
    everything; 'peak', the largest.

    Shape:
        directions: (units, channels); at: one place an axis of the map
    """

    names: tuple[str, ...]
    directions: np.ndarray | None
    at: tuple[int, ...] | None
    measure: str

    def __post_init__(self) -> None:
        check_choice(self.measure, MEASURES, "measure")

    def of(self, maps: torch.Tensor, units: Sequence[int], leak: float = 0.0) -> torch.Tensor:
        """Measure the excitation of one unit in each example's map: (examples,).

        Shape:
            maps: (examples, *axes, channels); units: (examples,)
        """
        if self.directions is None:
            return maps.flatten(1).square().mean(1)
        flat = maps[:, None] if maps.ndim == 2 else maps.flatten(1, -2)
        if self.at is not None:
            flat = flat[:, None, int(np.ravel_multi_index(self.at, tuple(maps.shape[1:-1])))]
        rows = torch.tensor(self.directions[list(units)], dtype=maps.dtype, device=maps.device)
        values = torch.einsum("npc,nc->np", flat, rows)
        if values.shape[1] == 1:
            return values[:, 0]
        if self.measure == "peak":
            return values.amax(1)
        return (F.leaky_relu(values, leak) if self.measure == "positive" else values).mean(1)

    def climbed(self, maps: torch.Tensor, units: Sequence[int]) -> torch.Tensor:
        """Measure what the search goes up: the same, with a slope below zero as well."""
        return self.of(maps, units, _LEAK)

    def spread(self, maps: torch.Tensor, units: Sequence[int]) -> torch.Tensor:
        """Say how far the units' values usually lie from zero, by first maps: (examples,)."""
        if self.directions is None:
            return maps.flatten(1).square().mean(1)
        flat = maps[:, None] if maps.ndim == 2 else maps.flatten(1, -2)
        rows = torch.tensor(self.directions[list(units)], dtype=maps.dtype, device=maps.device)
        return torch.einsum("npc,nc->np", flat, rows).std(1, correction=0)


def make_objective(
    shape: Sequence[int], channels: Any, at: Any, direction: Any, whole: bool, measure: str
) -> Objective:
    """Settle what is asked for on a layer whose map of one example has this shape, (*axes, channels).

    Raises:
        ArgumentError: two things at once, a channel or place that is not there.
        ShapeError: a direction of another length than there are channels.
    """
    if sum((channels is not None, direction is not None, bool(whole))) > 1:
        raise ArgumentError(
            "excite either channels, a direction, or the whole layer; got more than one of them."
        )
    place = None if at is None else _place(at, shape)
    where = "" if place is None else " at " + ", ".join(map(str, place))
    if whole:
        if place is not None:
            raise ArgumentError("the whole layer has no single place; leave out `at`, or name a channel.")
        return Objective(("the whole layer",), None, None, measure)
    if direction is not None:
        rows = np.atleast_2d(np.asarray(direction, dtype=np.float64))
        if rows.ndim != 2 or rows.shape[1] != shape[-1] or not np.linalg.norm(rows, axis=1).all():
            raise ShapeError(
                f"a direction has one number for each of the layer's {shape[-1]} channels, not all zero; "
                f"got {format_shape(np.shape(direction))}."
            )
        names = tuple(f"direction {number}{where}" for number in range(len(rows)))
        return Objective(names, rows / np.linalg.norm(rows, axis=1, keepdims=True), place, measure)
    numbers = _channels(channels, shape[-1])
    names = tuple(f"{number}{where}" for number in numbers)
    return Objective(names, np.eye(shape[-1])[list(numbers)], place, measure)


def _channels(channels: Any, count: int) -> list[int]:
    given = range(count) if channels is None else [channels] if hasattr(channels, "__index__") else channels
    wanted = list(given)
    for number in wanted:
        if isinstance(number, bool) or not hasattr(number, "__index__") or not 0 <= int(number) < count:
            raise ArgumentError(f"the layer has {count} channels, counted from 0; there is no {number!r}.")
    if not wanted:
        raise ArgumentError("no channel was named; None means all of them.")
    return [int(number) for number in wanted]


def _place(at: Any, shape: Sequence[int]) -> tuple[int, ...]:
    axes = tuple(shape[:-1])
    if isinstance(at, str) and at == "centre":
        return tuple(size // 2 for size in axes)
    place = (at,) if hasattr(at, "__index__") else tuple(at)
    fits = len(place) == len(axes) and all(
        hasattr(one, "__index__") and 0 <= one < size for one, size in zip(place, axes, strict=True)
    )
    if not fits:
        raise ArgumentError(
            f"at is 'centre' or a place in the layer's map of {format_shape(axes)}; got {at!r}."
        )
    return tuple(int(one) for one in place)
