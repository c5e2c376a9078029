"""The parts of real images that excite a filter most: what it looks for, in a person's own data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, DataError, StateError
from striate.core.shapes import format_shape
from striate.visualize.base import AnyPanel, Sheet
from striate.visualize.example import range_of, with_bands
from striate.visualize.filter_weights import check_filters, filter_of, kernel_panel, reach_of
from striate.visualize.input_panels import input_panel
from striate.visualize.probes import FoundLayer, Watch, find_layer, watch
from striate.visualize.question import whole_number
from striate.visualize.windows import has_window

# So many filters are shown where nobody says.
MOST_FILTERS = 16


@final
@dataclass(frozen=True, eq=False)
class ExcitingPatches:
    """For each filter the examples that excite it most, the strongest first, and where.

    Shape:
        values, examples: (filters, count), the excitation and the place of the example in the data
        windows: (filters, count, axes, 2), where the patch begins and ends along each axis
        patches: for each filter its patches, (*axes, channels) each
        kernels: the filters' own weights, (*size, channels), where they lie on the input itself
        reach: (axes,), how large a window is that does not end at the input's border
    """

    layer: str
    filters: tuple[int, ...]
    values: np.ndarray
    examples: np.ndarray
    windows: np.ndarray
    patches: tuple[tuple[np.ndarray, ...], ...]
    names: tuple[tuple[str, ...], ...]
    kernels: tuple[np.ndarray, ...]
    searched: int
    value_range: tuple[float, float]
    reach: tuple[int, ...]
    # Where the input ends.
    sizes: tuple[int, ...]

    @property
    def sheet(self) -> Sheet:
        """The picture: each filter's patches beside it, a filter a row."""
        panels: list[AnyPanel] = []
        limits = self._limits()
        reach = reach_of(self.kernels) if self.kernels else 1.0
        for row, number in enumerate(self.filters):
            if self.kernels:
                panels.append(kernel_panel(self.kernels[row], reach, f"filter {number}"))
            for place, patch in enumerate(self.patches[row]):
                title = f"filter {number}" if not self.kernels and place == 0 else ""
                note = f"{self.values[row, place]:.3g}\n{_short(self.names[row][place])}"
                whole, missing = self._padded(patch, row, place)
                begins = int(self.windows[row, place, 0, 0]) - missing[0][0]
                words: dict[str, Any] = {"title": title, "note": note, "first": begins, "y_limits": limits}
                panels.append(input_panel(whole, *self.value_range, **words))
        own = "The filter itself stands first. " if self.kernels else ""
        caption = (
            f"Each row is a filter. {own}The patches are cut from {self.searched:,} examples: all "
            "that the filter sees where it is excited most, before the activation. Below each stand how "
            "far, and the example's name."
        )
        if any(one.shape[:-1] != self.reach for row in self.patches for one in row):
            caption += " What lies beyond the border of an example is " + (
                "hatched." if len(self.reach) == 2 else "left empty."
            )
        return Sheet(
            title=f"What excites the filters of {self.layer} most",
            caption=with_bands(caption, (*self.reach, self.patches[0][0].shape[-1])),
            panels=tuple(panels),
            columns=len(panels) // len(self.filters),
        )

    def _limits(self) -> tuple[float, float] | None:
        """One vertical axis for all patches of signals."""
        if len(self.reach) != 1:
            return None
        low = min(float(patch.min()) for row in self.patches for patch in row)
        high = max(float(patch.max()) for row in self.patches for patch in row)
        return (low, high) if low < high else (low - 1.0, high + 1.0)

    def _padded(self, patch: np.ndarray, row: int, place: int) -> tuple[np.ndarray, list[tuple[int, int]]]:
        """Bring a patch at the border to the size of the others, NaN where there is no input."""
        missing = []
        for axis, size in enumerate(self.reach):
            begin, end = self.windows[row, place, axis]
            lacking = size - int(end - begin)
            before = lacking if begin == 0 and end < self.sizes[axis] else 0
            missing.append((before, lacking - before))
        if not any(map(any, missing)):
            return patch, missing
        return np.pad(patch.astype(np.float64), (*missing, (0, 0)), constant_values=np.nan), missing


def exciting_patches(model: Any, layer: Any, images: Any, **options: Any) -> Sheet:
    """Show beside each filter the real patches that excite it most; see `find_exciting_patches`.

    >>> from striate.applications import net_c
    >>> sheet = exciting_patches(net_c(), "conv1", np.eye(32)[None, :, :, None].repeat(3, -1), filters=[0])
    >>> len(sheet.panels)
    2
    """
    return find_exciting_patches(model, layer, images, **options).sheet


def find_exciting_patches(
    model: Any,
    layer: Any,
    images: Any,
    filters: Sequence[int] | None = None,
    count: int = 9,
    names: Sequence[str] | None = None,
    batch_size: int = 64,
) -> ExcitingPatches:
    """Find in real examples the patches that excite filters of a layer most, one an example.

    The first 16 filters unless told which. `names` are the examples' files. A batch is looked at
    at a time, and only the best are kept; `images` may be a memory map. (Zeiler and Fergus,
    "Visualizing and understanding convolutional networks", 2014, section 4.)

    Shape:
        images: (examples, *axes, channels), all of one size; out: see `ExcitingPatches`

    Raises:
        UnknownNameError: a layer that is not there.
        ArgumentError: a filter that is not there, or another number of names than of examples.
        DataError: no examples, or neither images nor signals.
    """
    images = _checked(images, names)
    found, size = find_layer(model, layer), whole_number("batch_size", batch_size)
    kept = min(whole_number("count", count), len(images))
    with torch.no_grad(), watch(model, found, before_activation=True) as seen:
        chosen, values, examples, places = _strongest(seen, found, images, filters, kept, size)
        reach = receptive_windows(seen, found, as_tensor(images[:1]).float(), size)
        taken = seen.taken
    if places.shape[-1] != len(reach):
        places = np.zeros((*examples.shape, len(reach)), np.int64)
    windows = np.stack([reach[axis][places[..., axis]] for axis in range(len(reach))], axis=-2)
    cut = tuple(
        tuple(_cut(images, int(examples[row, place]), windows[row, place]) for place in range(kept))
        for row in range(len(chosen))
    )
    every = range(len(chosen))
    sizes = tuple(int((axis[:, 1] - axis[:, 0]).max()) for axis in reach)
    return ExcitingPatches(
        layer=found.name,
        filters=tuple(chosen),
        values=values,
        examples=examples,
        windows=windows,
        patches=cut,
        names=tuple(tuple(_name(names, int(one)) for one in examples[row]) for row in every),
        kernels=_kernels(found, chosen, np.shape(images)[-1], sizes),
        searched=len(images),
        value_range=_range_of(cut, taken.value_range),
        reach=sizes,
        sizes=tuple(np.shape(images)[1:-1]),
    )


def _checked(images: Any, names: Sequence[str] | None) -> Any:
    if isinstance(images, (list, tuple)):
        images = as_tensor(images)
    if np.ndim(images) not in (3, 4) or not len(images):
        raise DataError(
            "patches are cut from images (examples, height, width, channels) or signals (examples, steps, "
            f"channels); got {format_shape(np.shape(images))}."
        )
    if names is not None and len(names) != len(images):
        raise ArgumentError(f"there are {len(images)} examples but {len(names)} names.")
    return images


def _strongest(
    seen: Watch, layer: FoundLayer, images: Any, filters: Any, kept: int, size: int
) -> tuple[list[int], np.ndarray, np.ndarray, np.ndarray]:
    """Go through the examples and keep for each filter those with the highest peaks."""
    chosen: list[int] = []
    best = torch.zeros(0)
    which = place = torch.zeros(0, dtype=torch.int64)
    axes: tuple[int, ...] = ()
    for first in range(0, len(images), size):
        seen.run(as_tensor(images[first : first + size]), whole=False)
        maps = seen.maps[layer.name].cpu()
        if not chosen:
            axes = tuple(maps.shape[1:-1])
            given = range(min(maps.shape[-1], MOST_FILTERS)) if filters is None else filters
            chosen = check_filters(given, maps.shape[-1], layer.name)
            best, which = torch.zeros(len(chosen), 0), torch.zeros(len(chosen), 0, dtype=torch.int64)
            place = which
        flat = maps[..., chosen].reshape(len(maps), -1, len(chosen))
        peaks, spots = flat.max(1)
        numbers = torch.arange(first, first + len(maps)).expand(len(chosen), -1)
        best, order = torch.cat([best, peaks.T], 1).sort(dim=1, descending=True, stable=True)
        best, order = best[:, :kept], order[:, :kept]
        which = torch.cat([which, numbers], 1).gather(1, order)
        place = torch.cat([place, spots.T], 1).gather(1, order)
    where = (
        np.stack(np.unravel_index(place.numpy(), axes), -1) if axes else np.zeros((*place.shape, 0), np.int64)
    )
    return chosen, best.numpy(), which.numpy(), where


def receptive_windows(seen: Watch, layer: FoundLayer, example: torch.Tensor, size: int) -> list[np.ndarray]:
    """Find which part of the input each place of a layer's map depends on, by trying.

    In each trial one row (then one column) of the input is made NaN; whatever has become NaN in
    the map depends on it. So the window is right for any network: padding, strides, branches.
    Where the layer has no places left, it is the whole input.

    Shape:
        example: (1, *axes, channels); out: for each axis of the input (places, 2), begin and end

    Raises:
        StateError: the layer's map does not depend on the input.
    """
    found = []
    axes = example.ndim - 2
    for axis in range(1, axes + 1):
        length = example.shape[axis]
        marks = []
        for first in range(0, length, size):
            rows = range(first, min(first + size, length))
            trial = example.expand(len(rows), *example.shape[1:]).clone()
            for number, row in enumerate(rows):
                trial[number].select(axis - 1, row).fill_(torch.nan)
            with _plain_convolutions():
                seen.run(trial, whole=False)
            maps = seen.maps[layer.name]
            others = [one for one in range(1, maps.ndim) if one != axis or maps.ndim != example.ndim]
            marks.append(maps.isnan().any(dim=others).reshape(len(rows), -1).cpu())
        hit = torch.cat(marks).numpy()
        if not hit.any(axis=0).all():
            raise StateError(f"no part of the input was found that layer {layer.name!r} depends on.")
        begins, ends = hit.argmax(axis=0), length - hit[::-1].argmax(axis=0)
        found.append(np.stack([begins, ends], axis=-1))
    return found


@contextmanager
def _plain_convolutions() -> Iterator[None]:
    # The fast algorithms of a GPU mix neighbouring outputs, which would spread NaN beyond its reach.
    with torch.backends.cudnn.flags(enabled=False):
        yield


def _cut(images: Any, example: int, window: np.ndarray) -> np.ndarray:
    within = tuple(slice(int(begin), int(end)) for begin, end in window)
    return np.array(np.asarray(images[example])[within])


def _range_of(patches: Sequence[Sequence[np.ndarray]], known: tuple[float, float]) -> tuple[float, float]:
    """The model's range, unless the values do not lie in it: then the one that they tell."""
    values = np.concatenate([patch.reshape(-1) for row in patches for patch in row])
    return known if known[0] <= values.min() and values.max() <= known[1] else range_of(values)


def _kernels(
    layer: FoundLayer, chosen: list[int], channels: int, sizes: tuple[int, ...]
) -> tuple[np.ndarray, ...]:
    """Hand out the filters' weights where they lie on the input itself; else they are no picture of it."""
    if not has_window(layer) or not hasattr(layer.module, "kernel_size"):
        return ()
    if not hasattr(layer.module, "filters") and not hasattr(layer.module, "out_channels"):
        return ()
    kernels = tuple(filter_of(layer, number) for number in chosen)
    return kernels if kernels[0].shape == (*sizes, channels) else ()


def _name(names: Sequence[str] | None, number: int) -> str:
    return f"example {number}" if names is None else str(names[number])


def _short(name: str) -> str:
    last = name.replace("\\", "/").rpartition("/")[2]
    return last if len(last) <= 18 else f"{last[:8]}…{last[-9:]}"
