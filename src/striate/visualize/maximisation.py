"""Inputs that excite a part of a network most: what it looks for, in its own picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch.nn import functional as F

from striate.visualize.ascent import Ascent, Scale, chances, climb, settle_input
from striate.visualize.base import Sheet
from striate.visualize.example import with_bands
from striate.visualize.fourier import Waves
from striate.visualize.input_panels import input_panel
from striate.visualize.objective import Objective, make_objective
from striate.visualize.probes import FoundLayer, Watch, find_layer, watch
from striate.visualize.question import whole_number

# The number of the whole layer, or of a direction, among the seeds: beyond any channel's.
_NO_CHANNEL = 1_000_000


@final
@dataclass(frozen=True, eq=False)
class Maximised:
    """Inputs that were found, with how far each excites what it was found for.

    Shape:
        images: (inputs, *axes, channels), in the model's own range of values; the copies of one
        unit stand together
        activations: (inputs,), by `measure`; before: the same of the noise that the search began with
    """

    images: np.ndarray
    activations: np.ndarray
    before: np.ndarray
    names: tuple[str, ...]
    layer: str
    measure: str
    value_range: tuple[Any, Any]
    copies: int
    # Of how many channels these were chosen; None where it was not for channels.
    channels: int | None = None

    @property
    def sheet(self) -> Sheet:
        """The picture: the inputs side by side."""
        panels = tuple(
            input_panel(image, *self.value_range, title=name, note=f"{value:.3g}")
            for image, name, value in zip(self.images, self.names, self.activations, strict=True)
        )
        shown = len(self.names) // self.copies
        of_all = f"{shown} of {self.channels} channels. " if self.channels is not None else ""
        caption = (
            f"{of_all}Each input was found by going up from noise, for the channel named above it. "
            f"The number below is how far it excites it: {self.measure}, before the activation."
        )
        return Sheet(
            title=f"What excites {self.layer}",
            caption=with_bands(caption, self.images.shape[1:]),
            panels=panels,
            columns=self.copies if self.copies > 1 else _columns(len(panels)),
        )

    def _repr_png_(self) -> bytes:
        return self.sheet._repr_png_()


def _columns(count: int) -> int:
    return min(8, math.ceil(math.sqrt(count)))


def maximise(
    model: Any,
    layer: Any,
    channels: Any = None,
    *,
    at: Any = None,
    direction: Any = None,
    whole: bool = False,
    measure: str = "positive",
    copies: int = 1,
    diversity: float = 1.0,
    size: Any = None,
    value_range: Any = None,
    batch_size: int = 64,
    most: int | None = None,
    **search: Any,
) -> Maximised:
    """Find the inputs that excite channels of a layer most; None means all, at once.

    `most` limits how many: the first ones, where no channels are named.

    `at` names one neuron of each channel's map, 'centre' the middle one. `direction` is a weight
    for each channel, or several rows of them. `whole` goes for the whole layer. A layer with an
    activation inside is looked at before it. `copies` finds several inputs of each unit, which
    `diversity` keeps apart. `search` holds the arguments of `Ascent`: steps, seed, smoothness,
    moderation, robustness.

    (Erhan, Bengio, Courville and Vincent, "Visualizing higher-layer features of a deep network",
    2009; Olah, Mordvintsev and Schubert, "Feature visualization", Distill 2017, whose measure of
    diversity is taken between each two copies.)

    Shape:
        out: see `Maximised`; images in the model's own range, which `value_range` overrides

    Raises:
        UnknownNameError: a layer that is not there.
        ArgumentError: a channel, place or number that cannot be.
        ShapeError: a network that takes neither images nor signals, or inputs of unknown size.

    >>> from striate.applications import net_c
    >>> maximise(net_c(), "conv1", [0, 1], steps=2).images.shape
    (2, 32, 32, 3)
    """
    plan, found = Ascent(**search), find_layer(model, layer)
    copies, batch_size = whole_number("copies", copies), whole_number("batch_size", batch_size)
    with watch(model, found, before_activation=True) as seen:
        shape, scale = settle_input(seen.taken, size, value_range)
        maps = _map_shape(seen, found, shape)
        plain = direction is None and not whole
        chosen = _first(maps[-1], most) if channels is None and plain else channels
        objective = make_objective(maps, chosen, at, direction, whole, measure)
        search_all = _Search(seen, found, objective, plan, scale, shape, copies, float(diversity))
        numbers, together = range(len(objective.names)), max(batch_size // copies, 1)
        parts = [search_all.run(numbers[at : at + together]) for at in range(0, len(numbers), together)]
    images, activations, before = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Maximised(
        images=images,
        activations=activations,
        before=before,
        names=tuple(name for name in objective.names for _ in range(copies)),
        layer=found.name,
        measure=_measure_words(objective, maps),
        value_range=(scale.low, scale.high),
        copies=copies,
        channels=maps[-1] if plain else None,
    )


def _first(channels: int, most: int | None) -> Any:
    return None if most is None else range(min(channels, whole_number("most", most)))


def _map_shape(seen: Watch, layer: FoundLayer, shape: Sequence[int]) -> tuple[int, ...]:
    with torch.no_grad():
        seen.run(np.zeros((1, *shape), np.float32), whole=False)
    return tuple(seen.maps[layer.name].shape[1:])


def _measure_words(objective: Objective, shape: Sequence[int]) -> str:
    if objective.directions is None:
        return "the mean square of the layer's values"
    if objective.at is not None or math.prod(shape[:-1]) == 1:
        return "its value"
    words = {"positive": "the mean of what is above zero in its map", "mean": "the mean of its map"}
    return words.get(objective.measure, "the largest value of its map")


@final
@dataclass
class _Search:
    """The searches for the units of one layer, a batch of them at a time."""

    seen: Watch
    layer: FoundLayer
    objective: Objective
    plan: Ascent
    scale: Scale
    shape: tuple[int, ...]
    copies: int
    diversity: float

    def run(self, numbers: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Find the inputs of these units: images, activations, activations of the noise."""
        units = [number for number in numbers for _ in range(self.copies)]
        keys = [(self._key(number), copy) for number in numbers for copy in range(self.copies)]
        chance = chances(self.plan.seed, keys)
        waves = Waves(self.shape, chance, self.seen.taken.device)
        with torch.no_grad():
            noise = self._maps(self.scale.to_values(waves.values()))
            before = self.objective.of(noise, units)
        # Of the excitation reached so far, the search climbs a share: so restraint weighs the
        # same for layers whose values are large and for those whose are small.
        reached = torch.maximum(before.abs(), self.objective.spread(noise, units)).clamp(min=1e-12)

        def score(values: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
            maps = self._maps(values)
            excited = self.objective.climbed(maps, units)
            torch.maximum(reached, excited.detach().abs(), out=reached)
            likeness = self.diversity * _likeness(maps, self.copies) if self.copies > 1 else 0.0
            return excited / reached - likeness

        images = climb(score, waves, self.plan, chance, self.scale)
        with torch.no_grad():
            activations = self.objective.of(self._maps(images), units)
        return images.cpu().numpy(), activations.cpu().numpy(), before.cpu().numpy()

    def _key(self, number: int) -> int:
        rows = self.objective.directions
        if rows is None:
            return _NO_CHANNEL
        return int(rows[number].argmax()) if np.count_nonzero(rows[number]) == 1 else _NO_CHANNEL + number

    def _maps(self, values: torch.Tensor) -> torch.Tensor:
        self.seen.run(values, whole=False)
        return self.seen.maps[self.layer.name].float()


def _likeness(maps: torch.Tensor, copies: int) -> torch.Tensor:
    """Say how alike each input's textures are to those of the other copies of its unit: -1 to 1.

    A texture is which channels are active together: their products, summed over all places.
    """
    flat = maps[:, None] if maps.ndim == 2 else maps.flatten(1, -2)
    together = torch.einsum("npc,npd->ncd", flat, flat).flatten(1)
    units = F.normalize(together, dim=1).reshape(-1, copies, together.shape[1])
    cosines = torch.einsum("uax,ubx->uab", units, units)
    return ((cosines.sum(2) - 1) / (copies - 1)).flatten()
