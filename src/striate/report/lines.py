"""Lines as drawings in the page itself: they take the page's colours, light and dark, and stay sharp."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from striate.report.text import plain
from striate.visualize.base import Curves, Line, LinePanel, Panel
from striate.visualize.drawing.curves import is_share
from striate.visualize.drawing.numbers import number_text

# More points than this across cannot be seen: the lowest and highest of each part are kept.
MOST_POINTS = 240
# Lines with more points have no dots.
MOST_DOTS = 40
# Pixels of a drawing with axes, and of a small one without.
PLOT, SMALL = (360, 220), (150, 84)


@dataclass(frozen=True)
class _Frame:
    """Where the plane of the values lies in the drawing, and which part of it is seen."""

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, value: float) -> float:
        return self.left + (value - self.x[0]) / (self.x[1] - self.x[0]) * (self.right - self.left)

    def down(self, value: float) -> float:
        return self.bottom - (value - self.y[0]) / (self.y[1] - self.y[0]) * (self.bottom - self.top)


def draw_small(panel: LinePanel, alt: str) -> Markup:
    """Draw a panel's lines without axes, as a thumbnail."""
    width, height = SMALL
    frame = _Frame(3, 4, width - 3, height - 4, *_ranges(panel.lines))
    return _svg(width, height, alt, [*_shade(frame, panel), *_all_lines(frame, panel.lines)], "small-plot")


def draw_panel(panel: LinePanel, alt: str) -> Markup:
    """Draw a panel's lines with axes."""
    width, height = PLOT
    x_ends, y_ends = _ranges(panel.lines)
    if panel.y_label.startswith("share"):
        y_ends = (0.0, 1.0)
    frame = _Frame(46, 26, width - 12, height - 34, x_ends, y_ends)
    parts = [*_shade(frame, panel), *_axes(frame, panel.x_label, panel.y_label)]
    parts += _all_lines(frame, panel.lines)
    parts += [dot for line in panel.lines if line.role == "path" for dot in _dots(frame, line)]
    for x, y, label in panel.points:
        parts.append(_dot(frame, x, y, "mark"))
        # Words at the right turn to the left, those at the top go below, so that they stay inside.
        late, high = frame.across(x) > width * 0.75, frame.down(y) < frame.top + 16
        at = frame.across(x) + (-6 if late else 6), frame.down(y) + (16 if high else -6)
        parts.append(_text(*at, label, "end" if late else "start"))
    return _svg(width, height, alt, [*parts, *_legend(frame, panel.lines)], "plot")


def draw_curves(panel: Panel, curves: Curves, alt: str) -> Markup:
    """Draw one panel of training curves, with a dot for each epoch and the place that is marked."""
    width, height = PLOT
    x, y = _ranges(panel.lines)
    if is_share(panel):
        y = (y[0], min(y[1], 1.0))
    frame = _Frame(46, 26, width - 12, height - 34, x, y)
    parts = _axes(frame, curves.x_label, panel.label, whole=True)
    if curves.marked is not None:
        at = frame.across(curves.marked)
        parts.append(_stroke("marked", [(at, frame.top), (at, frame.bottom)]))
    parts += _all_lines(frame, panel.lines)
    parts += [dot for line in panel.lines if len(line.x) <= MOST_DOTS for dot in _dots(frame, line)]
    return _svg(width, height, alt, [*parts, *_legend(frame, panel.lines)], "plot")


def _svg(width: int, height: int, alt: str, parts: Sequence[Markup], kind: str) -> Markup:
    start = Markup('<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        kind, width, height, plain(alt)
    )
    return start + Markup("").join(parts) + Markup("</svg>")


def _ranges(lines: Sequence[Line]) -> tuple[tuple[float, float], tuple[float, float]]:
    found = []
    for values, room in (([line.x for line in lines], 0.0), ([line.y for line in lines], 0.06)):
        every = np.concatenate([np.asarray(one, np.float64).ravel() for one in values])
        every = every[np.isfinite(every)]
        low, high = (float(every.min()), float(every.max())) if every.size else (0.0, 1.0)
        if high <= low:
            low, high = low - 0.5, high + 0.5
        found.append((low - room * (high - low), high + room * (high - low)))
    return found[0], found[1]


def _all_lines(frame: _Frame, lines: Sequence[Line]) -> list[Markup]:
    return [_stroke(line.role, points) for line in lines for points in _pieces(frame, line)]


def _pieces(frame: _Frame, line: Line) -> list[list[tuple[float, float]]]:
    """Cut a line where values are missing, and thin out what is finer than the drawing."""
    x, y = _thinned(np.asarray(line.x, np.float64), np.asarray(line.y, np.float64))
    pieces: list[list[tuple[float, float]]] = [[]]
    for one, other in zip(x.tolist(), y.tolist(), strict=True):
        if math.isfinite(one) and math.isfinite(other):
            pieces[-1].append((frame.across(one), frame.down(other)))
        elif pieces[-1]:
            pieces.append([])
    return [piece for piece in pieces if piece]


def _thinned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(x) <= 2 * MOST_POINTS:
        return x, y
    kept: list[int] = []
    for part in np.array_split(np.arange(len(x)), MOST_POINTS):
        values = np.nan_to_num(y[part])
        kept += sorted({int(part[values.argmin()]), int(part[values.argmax()])})
    return x[kept], y[kept]


def _stroke(role: str, points: Sequence[tuple[float, float]]) -> Markup:
    listed = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return Markup('<polyline class="line {}" points="{}"/>').format(role, listed)


def _dots(frame: _Frame, line: Line) -> list[Markup]:
    places = zip(np.asarray(line.x).tolist(), np.asarray(line.y).tolist(), strict=True)
    return [_dot(frame, x, y, line.role) for x, y in places if math.isfinite(y)]


def _dot(frame: _Frame, x: float, y: float, role: str) -> Markup:
    place = f"{frame.across(x):.1f}", f"{frame.down(y):.1f}"
    return Markup('<circle class="dot {}" cx="{}" cy="{}" r="3"/>').format(role, *place)


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
        f"{x:.1f}", f"{y:.1f}", anchor, plain(text)
    )


def _shade(frame: _Frame, panel: LinePanel) -> list[Markup]:
    """Colour the ground of each step, evenly around 0."""
    if panel.shade is None:
        return []
    values = np.nan_to_num(np.asarray(panel.shade, np.float64))
    parts = np.array_split(np.arange(len(values)), min(len(values), 80))
    strongest = [float(values[part][np.abs(values[part]).argmax()]) for part in parts]
    reach = max(1e-12, *map(abs, strongest))
    width = (frame.right - frame.left) / len(parts)
    found = []
    for number, value in enumerate(strongest):
        level = round(abs(value) / reach * 9)
        if level:
            box = (f"{frame.left + number * width:.1f}", f"{frame.top:.1f}", f"{width + 0.2:.1f}")
            kind = f"heat {'for' if value > 0 else 'against'} h{level}"
            found.append(
                Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
                    kind, *box, f"{frame.bottom - frame.top:.1f}"
                )
            )
    return found


def _axes(frame: _Frame, x_label: str, y_label: str, whole: bool = False) -> list[Markup]:
    parts = []
    for value in ticks(*frame.y, 5):
        level = frame.down(value)
        parts.append(_stroke("grid", [(frame.left, level), (frame.right, level)]))
        parts.append(_text(frame.left - 5, level + 3.5, number_text(value), "end"))
    for value in ticks(*frame.x, 6, whole):
        parts.append(_text(frame.across(value), frame.bottom + 13, number_text(value), "middle"))
    parts.append(_stroke("axis", [(frame.left, frame.bottom), (frame.right, frame.bottom)]))
    parts.append(_text((frame.left + frame.right) / 2, frame.bottom + 28, x_label, "middle"))
    if y_label:
        parts.append(_text(2, 11, y_label, "start"))
    return parts


def _legend(frame: _Frame, lines: Sequence[Line]) -> list[Markup]:
    named = [line for line in lines if line.name]
    if len(named) < 2:
        return []
    parts, right = [], frame.right
    for line in reversed(named):
        right -= 6.2 * len(line.name)
        parts.append(_text(right, 11, line.name, "start"))
        parts.append(_stroke(line.role, [(right - 22, 7.5), (right - 5, 7.5)]))
        right -= 32
    return parts


def ticks(low: float, high: float, wanted: int, whole: bool = False) -> list[float]:
    """Choose round numbers between two ends, about so many, or whole ones.

    >>> ticks(0.0, 1.0, 5)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (high - low) / wanted
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
    if whole:
        step = max(1.0, round(step))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) + 0.0 for number in range(first, last + 1)]
