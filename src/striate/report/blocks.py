"""What a section of a report is made of: words, facts, tables, pictures, as data for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from markupsafe import Markup


@final
@dataclass(frozen=True)
class Words:
    """A paragraph; `strong` ones stand out."""

    text: str
    strong: bool = False
    kind = "words"


@final
@dataclass(frozen=True)
class Listed:
    """Sentences below each other; `folded` ones open on demand, under their title."""

    title: str
    items: tuple[str, ...]
    folded: bool = False
    kind = "listed"


@final
@dataclass(frozen=True)
class Facts:
    """Names and what they are."""

    rows: tuple[tuple[str, str], ...]
    kind = "facts"


@final
@dataclass(frozen=True)
class Bar:
    """A share from 0 to 1 as a cell of a table: the number, and a bar of that length."""

    share: float | None


@final
@dataclass(frozen=True)
class Table:
    """A table with a caption; the first column names the row, the others are numbers, words or bars.

    A `folded` one opens on demand. `words` says how many columns from the left are words.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | Bar, ...], ...]
    folded: bool = False
    words: int = 1
    kind = "table"


@final
@dataclass(frozen=True)
class Raster:
    """A picture in the album, by its number, with its size in pixels and what it shows in words.

    `box` (left, top, width, height) is outlined.
    """

    number: int
    width: int
    height: int
    alt: str
    box: tuple[int, int, int, int] | None = None
    kind = "raster"


@final
@dataclass(frozen=True)
class Vector:
    """A drawing of lines as markup, made here and escaped already."""

    markup: Markup
    kind = "vector"


@final
@dataclass(frozen=True)
class Cells:
    """Numbers in a small grid, each with the class of its colour, such as a kernel."""

    rows: tuple[tuple[tuple[str, str], ...], ...]
    alt: str
    kind = "cells"


AnyPicture = Raster | Vector | Cells


@final
@dataclass(frozen=True)
class Figure:
    """A picture with a title above and a note below; `mark` is 'right', 'wrong' or ''."""

    picture: AnyPicture
    title: str = ""
    note: str = ""
    mark: str = ""


@final
@dataclass(frozen=True)
class Figures:
    """Figures side by side, as many as fit, or in rows of `columns`.

    `size` is 'tiny', 'small', 'large' or 'wide'. The titles of a `gallery` take one line each.
    A `folded` drawing opens on demand, under its title.
    """

    title: str
    caption: str
    figures: tuple[Figure, ...]
    size: str = "small"
    columns: int | None = None
    gallery: bool = False
    folded: bool = False
    kind = "figures"


@final
@dataclass(frozen=True)
class Frame:
    """One picture of an animation: figures with signs between them, and what happens in words."""

    figures: tuple[Figure, ...]
    operators: tuple[str, ...]
    title: str
    caption: str


@final
@dataclass(frozen=True)
class Film:
    """Frames that are played one after another, `seconds` each."""

    title: str
    caption: str
    frames: tuple[Frame, ...]
    seconds: float
    kind = "film"


@final
@dataclass(frozen=True)
class Code:
    """Text to copy, as it is."""

    title: str
    text: str
    kind = "code"


@final
@dataclass(frozen=True)
class MatrixCell:
    """A cell of the confusion matrix: how many, how dark (0 to 9), and its key where it can be opened."""

    count: int
    shade: int
    key: str
    right: bool
    label: str


@final
@dataclass(frozen=True)
class ConfusionTable:
    """The confusion matrix: a click on a cell shows its examples, which stand in `content`."""

    caption: str
    hint: str
    names: tuple[str, ...]
    rows: tuple[tuple[MatrixCell, ...], ...]
    content: dict[str, Any]
    kind = "confusion"


AnyBlock = Words | Listed | Facts | Table | Figures | Film | Code | ConfusionTable

Blocks = tuple[AnyBlock, ...]


@final
@dataclass(frozen=True)
class Section:
    """A part of the report under a heading; `name` is its place in the page's address."""

    name: str
    title: str
    blocks: Blocks
