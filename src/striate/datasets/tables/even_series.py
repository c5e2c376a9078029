"""Series of different lengths and with gaps brought to one length without gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from striate.datasets.rejects import BadFile
from striate.datasets.tables.assembly import Part


def stack_series(series: Sequence[np.ndarray]) -> np.ndarray:
    """Put series beside each other; what is missing at the ends is NaN.

    Shape:
        series: each (channels, steps) with the same number of channels
        out: (series, steps of the longest, channels) float32
    """
    longest = max((one.shape[1] for one in series), default=0)
    channels = series[0].shape[0] if series else 0
    out = np.full((len(series), longest, channels), np.nan, np.float32)
    for place, one in enumerate(series):
        out[place, : one.shape[1]] = one.T
    return out


def even_out(parts: Mapping[str, Part]) -> tuple[dict[str, Part], list[str]]:
    """Bring all series to the length of the longest of the training part, and fill their gaps.

    A series ends at the last step that any of its channels has; one that is shorter goes on with
    its last values, one that is longer is cut. A gap within is filled along a straight line. A
    series with a channel that has no value at all is bad. What was done comes back in words.

    Shape:
        in: x (examples, steps, channels), NaN where there is nothing; out: without NaN
    """
    if not all(len(part.x) for part in parts.values()):
        return dict(parts), []
    filled, gaps = {}, 0
    lengths = {name: _lengths(part.x) for name, part in parts.items()}
    wanted = int(lengths["train"].max(initial=1))
    for name, part in parts.items():
        x, empty, count = _fill(part.x, lengths[name], wanted)
        gaps += count
        bad = [
            BadFile(part.names[place], "a channel holds no value at all") for place in np.flatnonzero(empty)
        ]
        kept = Part(x, part.labels, part.names, part.groups, [*part.bad, *bad], part.lost)
        filled[name] = kept.take(np.flatnonzero(~empty)) if empty.any() else kept
    notes = []
    every = np.concatenate(list(lengths.values()))
    if every.min() != every.max():
        cut = int((every > wanted).sum())
        longer = f", {cut} longer ones cut" if cut else ""
        notes.append(
            f"series of {every.min()} to {every.max()} steps were brought to {wanted}: shorter ones go on "
            f"with their last value{longer}"
        )
    if gaps:
        noun = "missing value was" if gaps == 1 else "missing values were"
        notes.append(f"{gaps:,} {noun} filled in along straight lines")
    return filled, notes


def _lengths(x: np.ndarray) -> np.ndarray:
    """Count the steps up to the last that holds anything.

    Shape:
        out: (examples,)
    """
    there = ~np.isnan(x).all(axis=2)
    last = x.shape[1] - there[:, ::-1].argmax(axis=1)
    return np.where(there.any(axis=1), last, 0)


def _fill(x: np.ndarray, lengths: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Cut or lengthen to the wanted steps; also which series are empty, and how many values were missing."""
    short = max(wanted - x.shape[1], 0)
    out = np.pad(x, ((0, 0), (0, short), (0, 0)), constant_values=np.nan)[:, :wanted]
    holes = np.isnan(out)
    if not holes.any():
        return np.ascontiguousarray(out), np.zeros(len(x), bool), 0
    out, gaps = out.copy(), 0
    steps = np.arange(wanted)
    empty = holes.all(axis=1).any(axis=1)
    for place in np.flatnonzero(holes.any(axis=(1, 2)) & ~empty):
        for channel in range(x.shape[2]):
            hole = holes[place, :, channel]
            gaps += int(hole[: lengths[place]].sum())
            # Beyond the ends this goes on with the first and the last value.
            out[place, hole, channel] = np.interp(steps[hole], steps[~hole], out[place, ~hole, channel])
    return out, empty, gaps
