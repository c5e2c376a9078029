"""The confusion matrix that opens: for each cell its examples, and where the answers come from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from striate.core.errors import StriateError
from striate.report.album import Album
from striate.report.blocks import ConfusionTable, MatrixCell, Raster
from striate.report.effort import GRADIENT, affordable
from striate.report.lines import draw_small
from striate.report.material import Material
from striate.report.panels import show_panel
from striate.report.text import plain, whole_percent
from striate.visualize.answers import Answers
from striate.visualize.attribution import explain
from striate.visualize.base import HeatPanel, LinePanel
from striate.visualize.confusion_matrix import count_confusions
from striate.visualize.explanations import show_attribution
from striate.visualize.results import example_panel

# Pictures of a cell; heatmaps of a cell of mistakes and of right answers, and of all cells together.
PICTURES, HEATS_WRONG, HEATS_RIGHT, HEATS = 24, 6, 3, 360
# Names of a cell's further examples.
NAMES = 200
# Operations that the heatmaps may take, and how many there are at the least.
HEAT_BUDGET, FEWEST_HEATS = 6e11, 6
# Bytes that pictures and heatmaps of all cells may take in the page.
PICTURE_BYTES, HEAT_BYTES = 2_200_000, 1_200_000
# With more classes than this, those with the most mistakes are shown.
MOST_CLASSES = 40
_EXPLAINED_AT_ONCE = 60


def show_confusions(material: Material, album: Album) -> ConfusionTable:
    """Count which class was taken for which, and put the examples of each cell behind it."""
    answers = material.answers
    matrix = count_confusions(answers.labels, answers.predicted, answers.class_names)
    shown = _shown_classes(matrix.counts)
    cells = _places(answers, shown)
    content = _Content(material, album)
    heat_note = content.collect(cells)
    rows = []
    for true in shown:
        row = []
        for said in shown:
            count = int(matrix.counts[true, said])
            label = _label(answers, true, said, count)
            shade = _shade(float(matrix.shares[true, said]), true == said)
            row.append(MatrixCell(count, shade, f"{true}-{said}" if count else "", true == said, label))
        rows.append(tuple(row))
    # On a dark page the strongest colours are the lightest.
    caption = matrix.caption.replace("the darker,", "the stronger the colour,")
    if len(shown) < len(answers.class_names):
        caption += (
            f" Shown are the {len(shown)} of {len(answers.class_names)} classes with the most mistakes."
        )
    hint = f"Click on a cell, or press Enter on it, to see its examples. {heat_note}"
    names = tuple(answers.class_names[number] for number in shown)
    return ConfusionTable(caption, hint, names, tuple(rows), content.as_table(cells))


def _shade(share: float, right: bool) -> int:
    """Say how dark a cell is, 0 to 9; mistakes are small shares, whose square roots can be told apart."""
    return math.ceil(9 * (share if right else math.sqrt(share)) - 1e-9)


def _shown_classes(counts: np.ndarray) -> list[int]:
    if len(counts) <= MOST_CLASSES:
        return list(range(len(counts)))
    wrong = counts - np.diag(np.diag(counts))
    mistakes = wrong.sum(axis=0) + wrong.sum(axis=1)
    return sorted(np.argsort(-mistakes, kind="stable")[:MOST_CLASSES].tolist())


def _places(answers: Answers, shown: list[int]) -> dict[tuple[int, int], np.ndarray]:
    """The examples of each cell, the most confident first; cells of mistakes first, the fullest first."""
    found = {(true, said): answers.cell(true, said) for true in shown for said in shown}
    ordered = {
        cell: places[np.argsort(-answers.confidence[places], kind="stable")]
        for cell, places in found.items()
        if len(places)
    }
    return dict(sorted(ordered.items(), key=lambda one: (one[0][0] == one[0][1], -len(one[1]))))


def _label(answers: Answers, true: int, said: int, count: int) -> str:
    noun = "example" if count == 1 else "examples"
    name = answers.class_names[true]
    if true == said:
        return f"{count:,} {noun} of {name} recognised"
    return f"{count:,} {noun} of {name} taken for {answers.class_names[said]}"


class _Content:
    """What stands behind the cells: pictures by number, drawings by number, heatmaps by example."""

    def __init__(self, material: Material, album: Album):
        self.material, self.album = material, album
        self.answers, self.examples = material.answers, material.examples
        self.pictures: dict[int, str] = {}
        self.heats: dict[int, list[dict[str, str]]] = {}
        self.drawings: list[str] = []
        self.numbers: set[int] = set()

    def collect(self, cells: dict[tuple[int, int], np.ndarray]) -> str:
        """Make the pictures, then the heatmaps; say in a sentence which heatmaps there are."""
        spent = 0
        for _, place in _in_turn(cells, PICTURES):
            panel = example_panel(self.examples.test.x[place], "")
            name = self.answers.class_names[self.answers.labels[place]]
            self.pictures[place] = self._keep(panel, name)
            spent += self._size(self.pictures[place])
            if spent > PICTURE_BYTES:
                break
        chosen = [
            place
            for rank, place in _in_turn(cells, HEATS_WRONG)
            if place in self.pictures and (not self.answers.right[place] or rank < HEATS_RIGHT)
        ]
        try:
            most = affordable(self.material.model, HEAT_BUDGET, HEATS, FEWEST_HEATS, 2 * GRADIENT)
            self._explain(np.array(chosen[:most], dtype=np.int64))
        except StriateError as error:
            return f"There are no heatmaps: {error}"
        return (
            "Beside the most confident ones, Grad-CAM shows which parts speak for the true class and which "
            "for the predicted one. It is computed in float32; all shares are those of the network's own "
            "answer, in whole percent."
        )

    def _explain(self, places: np.ndarray) -> None:
        model, spent = self.material.model, 0
        for first in range(0, len(places), _EXPLAINED_AT_ONCE):
            some = places[first : first + _EXPLAINED_AT_ONCE]
            x = np.asarray(self.examples.test.x[some])
            for targets in (self.answers.labels[some], self.answers.predicted[some]):
                sheet = show_attribution(explain(model, x, targets))
                panels = [panel for panel in sheet.panels if isinstance(panel, HeatPanel | LinePanel)]
                for place, target, panel in zip(some.tolist(), targets.tolist(), panels, strict=True):
                    known = self.heats.setdefault(place, [])
                    if known and self.answers.right[place]:
                        continue
                    share = whole_percent(float(self.answers.probabilities[place, target]))
                    title = plain(f"for {self.answers.class_names[target]}, {share}")
                    picture = self._keep(panel, title)
                    known.append({"title": title, "note": plain(panel.note), "picture": picture})
                    spent += self._size(picture)
            if spent > HEAT_BYTES:
                break

    def _keep(self, panel: Any, alt: str) -> str:
        """Keep a panel's picture and hand out its key: i with its number, or d for a drawing."""
        if isinstance(panel, LinePanel):
            self.drawings.append(str(draw_small(panel, alt)))
            return f"d{len(self.drawings) - 1}"
        picture = show_panel(self.album, panel, alt=alt).picture
        number = picture.number if isinstance(picture, Raster) else 0
        self.numbers.add(number)
        return f"i{number}"

    def _size(self, key: str) -> int:
        number = int(key[1:])
        return self.album.size_of(number) if key[0] == "i" else len(self.drawings[number])

    def as_table(self, cells: dict[tuple[int, int], np.ndarray]) -> dict[str, Any]:
        """Put everything into what the page's script reads; the album's pictures are added at its end."""
        found: dict[str, Any] = {}
        for (true, said), places in cells.items():
            items = [self._item(int(place)) for place in places if int(place) in self.pictures]
            rest = [plain(self.answers.names[place]) for place in places if int(place) not in self.pictures]
            title = plain(_label(self.answers, true, said, len(places)))
            more = max(len(rest) - NAMES, 0)
            found[f"{true}-{said}"] = {"title": title, "items": items, "rest": rest[:NAMES], "more": more}
        return {"cells": found, "drawings": self.drawings, "numbers": self.numbers}

    def _item(self, place: int) -> dict[str, Any]:
        return {
            "name": plain(self.answers.names[place]),
            "confidence": whole_percent(float(self.answers.confidence[place])),
            "true": plain(self.answers.class_names[self.answers.labels[place]]),
            "picture": self.pictures[place],
            "heats": self.heats.get(place, []),
        }


def _in_turn(cells: dict[tuple[int, int], np.ndarray], most: int) -> Iterator[tuple[int, int]]:
    """Give the first example of each cell, then the second of each, with its rank."""
    for rank in range(most):
        for places in cells.values():
            if rank < len(places):
                yield rank, int(places[rank])
