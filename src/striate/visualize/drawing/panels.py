"""Draws one panel of a sheet into its axes: pixels, heat, lines, numbers in cells, bars."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from striate.visualize.base import AnyPanel, BarPanel, HeatPanel, ImagePanel, LinePanel, TablePanel
from striate.visualize.drawing.numbers import number_text
from striate.visualize.drawing.page import BLUE, FAINT, INK, LETTER, MARKS, ROLES, VERMILION, text_on

# Pictures with more pixels than this a side are smoothed when they are shrunk.
SMOOTHED_FROM = 160
MISSING = "#D9D9D9"
# Below this share of the strongest value, heat over a picture has no colour at all.
FAINTEST = 0.05
BOX = "#E69F00"
# Tables of more cells show their colours alone, as do cells in which numbers would be this small.
WRITTEN_CELLS, SMALLEST_POINTS = 49, 4.0


def draw_panel(axes: Any, panel: AnyPanel) -> None:
    """Draw a panel of any kind."""
    if isinstance(panel, ImagePanel):
        _show(axes, pixels_to_rgb(panel.pixels))
        _finish_pixels(axes, panel.mark, panel.box)
    elif isinstance(panel, HeatPanel):
        _draw_heat(axes, panel)
    elif isinstance(panel, LinePanel):
        _draw_lines(axes, panel)
    elif isinstance(panel, TablePanel):
        _draw_table(axes, panel)
    else:
        _draw_bars(axes, panel)


def pixels_to_rgb(pixels: np.ndarray) -> np.ndarray:
    """Turn bytes or numbers from 0 to 1, grey or in colours, into (height, width, 3) from 0 to 1."""
    values = np.asarray(pixels)
    values = values / 255.0 if values.dtype.kind in "iu" else values.astype(float)
    values = np.clip(np.nan_to_num(values), 0.0, 1.0)
    if values.ndim == 2:
        values = values[..., None]
    return np.repeat(values, 3, axis=-1) if values.shape[-1] == 1 else values[..., :3]


def colour_map(scale: str) -> Any:
    """The colours of a scale: vermilion, white, blue around 0; dark to yellow from 0; black to white."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    if scale == "signed":
        ends = ["#7A2E00", VERMILION, "#F6C9A8", "#FFFFFF", "#A9D3EC", BLUE, "#003A5C"]
        found: Any = LinearSegmentedColormap.from_list("signed", ends)
    elif scale == "none":
        found = LinearSegmentedColormap.from_list("none", ["#FFFFFF", "#FFFFFF"])
    else:
        found = colormaps["viridis" if scale == "positive" else "gray"]
    return found.with_extremes(bad=MISSING)


def scale_ends(panel: HeatPanel | TablePanel) -> tuple[float, float]:
    """The values at both ends of a panel's colours; 'signed' is even around 0, 'positive' begins there."""
    finite = panel.values[np.isfinite(panel.values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if panel.scale == "signed":
        reach = max(abs(low), abs(high)) or 1.0
        low, high = -reach, reach
    elif panel.scale == "positive":
        low = min(low, 0.0)
    low = low if panel.low is None else panel.low
    high = high if panel.high is None else panel.high
    return low, high if high > low else low + 1.0


def _show(axes: Any, values: np.ndarray, **options: Any) -> Any:
    smooth = max(values.shape[:2]) > SMOOTHED_FROM
    return axes.imshow(values, aspect="auto", interpolation="antialiased" if smooth else "nearest", **options)


def _finish_pixels(axes: Any, mark: str, box: tuple[int, int, int, int] | None) -> None:
    from matplotlib.patches import Rectangle

    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color=MARKS[mark] if mark else "#C8C8C8", linewidth=2.2 if mark else 0.6)
    if box is not None:
        top, left, height, width = box
        corner = (left - 0.5, top - 0.5)
        axes.add_patch(
            Rectangle(corner, width, height, fill=False, edgecolor=BOX, linewidth=2, clip_on=False)
        )


def _draw_heat(axes: Any, panel: HeatPanel) -> None:
    low, high = scale_ends(panel)
    options: dict[str, Any] = {"cmap": colour_map(panel.scale), "vmin": low, "vmax": high}
    if panel.over is None:
        shown = _show(axes, np.ma.masked_invalid(panel.values), **options)
    else:
        # The image in light grey below, so that colours belong to the heat alone and stay clear.
        grey = 0.2 + 0.8 * pixels_to_rgb(panel.over).mean(axis=-1)
        height, width = grey.shape
        _show(axes, np.repeat(grey[..., None], 3, axis=-1))
        values = _enlarged(np.nan_to_num(panel.values), grey.shape)
        strength = np.clip(np.abs(values) / max(abs(low), abs(high)), 0.0, 1.0)
        # What is next to nothing leaves the picture as it is.
        strength = np.clip((strength - FAINTEST) / (1.0 - FAINTEST), 0.0, 1.0)
        shown = axes.imshow(
            values,
            aspect="auto",
            interpolation="nearest",
            alpha=0.85 * strength,
            extent=(-0.5, width - 0.5, height - 0.5, -0.5),
            **(options | ({"cmap": over_colours()} if panel.scale == "positive" else {})),
        )
    _finish_pixels(axes, panel.mark, panel.box)
    if panel.path is not None:
        axes.plot(panel.path[:, 1], panel.path[:, 0], "-o", color=BOX, markersize=3.5, linewidth=1.5)
        axes.plot(*panel.path[-1:, ::-1].T, "*", color=BOX, markersize=11, markeredgecolor=INK)
    if panel.bar:
        _draw_scale(axes, shown)


def _enlarged(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Blend between the cells of a map that is coarser than the picture below it."""
    if values.shape[0] >= shape[0] and values.shape[1] >= shape[1]:
        return values
    size = max(shape[1], SMOOTHED_FROM), max(shape[0], SMOOTHED_FROM)
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))


def over_colours() -> Any:
    """From yellow to red: on a grey picture dark colours would look like shadows."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("over", ["#FFE45C", "#FDAE3B", "#F0642A", "#C4122F"])


def _draw_scale(axes: Any, shown: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    beside = axes.inset_axes((1.04, 0.0, 0.06, 1.0))
    scale = axes.figure.colorbar(shown, cax=beside, ticks=MaxNLocator(4))
    scale.solids.set_alpha(1.0)
    scale.outline.set_visible(False)
    beside.tick_params(labelsize=7, length=2, color=FAINT, labelcolor=INK)


def _draw_lines(axes: Any, panel: LinePanel) -> None:
    for line in panel.lines:
        colour, dashes, marker = ROLES[line.role]
        marker = marker if len(line.x) <= 60 else ""
        axes.plot(line.x, line.y, dashes, color=colour, lw=1.6, marker=marker, ms=3.2, label=line.name)
    axes.margins(x=0.0 if panel.shade is not None else 0.02, y=0.08)
    if panel.y_limits is not None:
        low, high = panel.y_limits
        room = 0.08 * (high - low)
        axes.set_ylim(low - room, high + room)
    if panel.shade is not None:
        _shade(axes, panel)
    for x, y, label in panel.points:
        axes.plot([x], [y], "o", color=VERMILION, ms=5, zorder=5)
        offset = {"xytext": (5, 5), "textcoords": "offset points", "fontsize": 8, "parse_math": False}
        axes.annotate(label, (x, y), color=INK, **offset)
    if sum(bool(line.name) for line in panel.lines) > 1:
        _add_legend(axes)
    _finish_plot(axes, panel)


def _add_legend(axes: Any) -> None:
    """Name the lines or bars above them, in room made for that."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.22 * (high - low))
    options = {"loc": "upper right", "ncols": 2, "columnspacing": 1.0, "handlelength": 1.8, "labelcolor": INK}
    axes.legend(frameon=False, fontsize=7.5, borderaxespad=0.1, **options)


def _shade(axes: Any, panel: LinePanel) -> None:
    """Colour the ground of each point by its value, evenly around 0."""
    x = np.asarray(panel.lines[0].x, dtype=float)
    values = np.nan_to_num(np.asarray(panel.shade, dtype=float))
    reach = float(np.abs(values).max()) or 1.0
    step = (x[-1] - x[0]) / max(len(x) - 1, 1) if len(x) > 1 else 1.0
    low, high = axes.get_ylim()
    axes.imshow(
        values[None, :],
        aspect="auto",
        cmap=colour_map("signed"),
        vmin=-reach,
        vmax=reach,
        alpha=0.6,
        extent=(x[0] - step / 2, x[-1] + step / 2, low, high),
        interpolation="nearest",
        zorder=0,
    )
    axes.set(xlim=(x[0] - step / 2, x[-1] + step / 2), ylim=(low, high))


def _finish_plot(axes: Any, panel: LinePanel | BarPanel) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.tick_params(labelsize=7.5, length=2.5, color=FAINT, labelcolor=INK)
    axes.set_xlabel(panel.x_label, fontsize=8.5, color=INK, parse_math=False, labelpad=2)
    axes.set_ylabel(panel.y_label, fontsize=8.5, color=INK, parse_math=False, labelpad=2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#B5B5B5")
    axes.set_axisbelow(True)
    if isinstance(panel, LinePanel) and panel.shade is None:
        axes.grid(color="#ECECEC", linewidth=0.7)


def has_numbers(panel: TablePanel) -> bool:
    """Whether a table has numbers, and is small enough for them; a single row or column always is."""
    if panel.letters == 1 and not np.isfinite(panel.values).any():
        return False
    return panel.values.size <= WRITTEN_CELLS or min(panel.values.shape) == 1


def _draw_table(axes: Any, panel: TablePanel) -> None:
    low, high = scale_ends(panel)
    colours = colour_map(panel.scale)
    axes.imshow(np.ma.masked_invalid(panel.values), cmap=colours, vmin=low, vmax=high, aspect="auto")
    rows, columns = panel.values.shape
    width, height = axes.get_window_extent().size / axes.figure.dpi
    texts = {place: number_text(value) for place, value in np.ndenumerate(panel.values)}
    letters = max([panel.letters, *map(len, texts.values())])
    points = min(8.5, width / columns * 0.86 / (max(letters, 1) * LETTER), height / rows * 72 * 0.62)
    is_written = has_numbers(panel) and points >= SMALLEST_POINTS
    for (row, column), text in texts.items() if is_written else ():
        share = (panel.values[row, column] - low) / (high - low)
        colour = text_on(np.array(colours(float(np.clip(np.nan_to_num(share), 0, 1)))))
        axes.text(column, row, text, ha="center", va="center", fontsize=points, color=colour)
    axes.set(xticks=[], yticks=[])
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#D0D0D0", linewidth=0.6)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set(color="#A5A5A5", linewidth=0.8)


def _draw_bars(axes: Any, panel: BarPanel) -> None:
    count, places = max(len(panel.values), 1), np.arange(len(panel.names))
    for number, (name, values) in enumerate(panel.values):
        colour = list(ROLES.values())[number % 2][0] if number < 2 else FAINT
        shift = (number - (count - 1) / 2) * 0.8 / count
        axes.bar(places + shift, values, 0.8 / count, color=colour, label=name)
    if panel.diagonal:
        axes.plot([-0.5, len(places) - 0.5], [0, 1], color=FAINT, linestyle=":", linewidth=1.2)
    _finish_plot(axes, panel)
    long = max(map(len, panel.names), default=0) > 4
    labels = axes.set_xticks(places, panel.names, fontsize=7.5, rotation=40 if long else 0)
    for tick in labels:
        tick.label1.set(parse_math=False, ha="right" if long else "center", rotation_mode="anchor")
    if count > 1:
        _add_legend(axes)
    if panel.y_label.startswith("share"):
        # The legend's room above is no part of the axis.
        axes.set_ylim(0.0, max(1.0, axes.get_ylim()[1]) if count > 1 else 1.0)
        axes.set_yticks(np.linspace(0.0, 1.0, 6))
        axes.spines["left"].set_bounds(0.0, 1.0)
    axes.grid(axis="y", color="#ECECEC", linewidth=0.7)
