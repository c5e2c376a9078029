"""Pictures of the network as figures of the page: each panel on its own, so that they wrap on a phone."""

from __future__ import annotations

import numpy as np

from striate.report.album import LONGEST, Album
from striate.report.blocks import AnyPicture, Cells, Figure, Figures, Film, Frame, Vector
from striate.report.lines import draw_panel, draw_small
from striate.visualize.base import AnyPanel, BarPanel, Frames, LinePanel, Sheet, TablePanel
from striate.visualize.drawing.numbers import number_text
from striate.visualize.drawing.panels import scale_ends


def show_sheet(
    album: Album, sheet: Sheet, size: str = "small", by_rows: bool = False, gallery: bool = False
) -> Figures:
    """Turn a sheet into figures; `by_rows` keeps its columns, for rows that belong together."""
    figures = tuple(show_panel(album, panel, size == "large") for panel in sheet.panels)
    return Figures(sheet.title, sheet.caption, figures, size, sheet.columns if by_rows else None, gallery)


def show_frames(album: Album, frames: Frames) -> Film:
    """Turn an animation into a film of the page."""
    shown = []
    for frame in frames.frames:
        sheet = frame if isinstance(frame, Sheet) else Sheet(frame.title, frame.caption, ())
        figures = tuple(show_panel(album, panel, False) for panel in sheet.panels)
        shown.append(Frame(figures, sheet.operators, sheet.title, sheet.caption))
    return Film(frames.title, frames.caption, tuple(shown), frames.seconds)


def show_panel(album: Album, panel: AnyPanel, large: bool = False, alt: str = "") -> Figure:
    """Turn a panel into a figure; `alt` says what it shows, by default its title and note."""
    alt = (
        alt or ", ".join(part.replace("\n", ", ") for part in (panel.title, panel.note) if part) or "picture"
    )
    mark = "" if isinstance(panel, TablePanel | BarPanel) else panel.mark
    return Figure(_picture(album, panel, large, alt), panel.title, panel.note, mark)


def _picture(album: Album, panel: AnyPanel, large: bool, alt: str) -> AnyPicture:
    if isinstance(panel, LinePanel):
        return Vector((draw_panel if large else draw_small)(panel, alt))
    if isinstance(panel, TablePanel):
        return _cells(panel, alt)
    if isinstance(panel, BarPanel):
        rows = tuple(
            (name, *(number_text(float(values[place])) for _, values in panel.values))
            for place, name in enumerate(panel.names)
        )
        return Cells(tuple(tuple((text, "") for text in row) for row in rows), alt)
    return album.add_panel(panel, alt, LONGEST * 3 if large else LONGEST)


def _cells(panel: TablePanel, alt: str) -> Cells:
    low, high = scale_ends(panel)
    reach = max(abs(low), abs(high)) or 1.0
    rows = []
    for row in np.asarray(panel.values, np.float64):
        cells = []
        for value in row:
            level = round(min(abs(value) / reach, 1) * 9) if np.isfinite(value) else 0
            colour = (
                "" if panel.scale == "none" or not level else f"{'for' if value > 0 else 'against'} h{level}"
            )
            cells.append((number_text(float(value)) if np.isfinite(value) else "", colour))
        rows.append(tuple(cells))
    return Cells(tuple(rows), alt)
