"""The chart of a run: how many times as fast as the best Keras backend each side is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

from benchmarks.speed.bars import PEERS
from benchmarks.speed.findings import Findings
from benchmarks.speed.sides import KERNELS_OFF, OURS

# Okabe and Ito's colours, which colour-blind people can tell apart.
COLOURS = ("#0072B2", "#56B4E9", "#E69F00", "#999999")


def lines(found: Findings) -> dict[str, tuple[float, float, float]]:
    """Give the height of each bar with its spread; the peers stand at one."""
    groups = ("keras",) if found.task == "train" else PEERS
    ours = {"Striate": OURS, "Striate, kernels off": KERNELS_OFF}
    drawn = {}
    for title, name in ours.items():
        best = found.best(groups, ours=name)
        if best:
            drawn[title] = (best.ratio.value, best.ratio.low, best.ratio.high)
    if found.task == "train" and found.best(("keras",)):
        best = found.best(("keras",), ours="torch-expert")
        if best:
            drawn["PyTorch, expert"] = (best.ratio.value, best.ratio.low, best.ratio.high)
    return drawn


def _panel(axes: Any, found: list[Findings], title: str, unit: str) -> None:
    titles = list(dict.fromkeys(name for one in found for name in lines(one)))
    width = 0.8 / max(len(titles), 1)
    for place, name in enumerate(titles):
        bars = [(number, lines(one)[name]) for number, one in enumerate(found) if name in lines(one)]
        heights = [bar[0] for _, bar in bars]
        # The ratio of the medians may lie outside the ratios of the rounds.
        spread = [
            [max(bar[0] - bar[1], 0) for _, bar in bars],
            [max(bar[2] - bar[0], 0) for _, bar in bars],
        ]
        places = [number + (place - (len(titles) - 1) / 2) * width for number, _ in bars]
        axes.bar(places, heights, width, yerr=spread, label=name, color=COLOURS[place], ecolor="#444444")
    axes.axhline(1, color="#444444", linewidth=0.8)
    axes.set_xticks(range(len(found)), [f"{one.net}, {one.batch}" for one in found])
    axes.set_ylabel(unit)
    axes.set_title(title, loc="left")
    axes.legend(frameon=False, ncols=len(titles), loc="lower right", bbox_to_anchor=(1, 1))


def draw(run: Mapping[str, Any], file: Path) -> None:
    """Draw training and prediction of a run into an SVG file."""
    found = [Findings.of(measured) for measured in run["measurements"]]
    panels = [
        (some, title, unit)
        for task, title, unit in (
            ("train", "Training", "times the best Keras backend"),
            ("predict", "Prediction", "times the best of all peers"),
        )
        if (some := [one for one in found if one.task == task and lines(one)])
    ]
    if not panels:
        return
    # Without a salt the file would differ from run to run by its identifiers alone.
    with plt.rc_context({"svg.hashsalt": "striate", "font.size": 9}):
        figure, axes = plt.subplots(len(panels), 1, figsize=(8, 3.2 * len(panels)), squeeze=False)
        for (some, title, unit), row in zip(panels, axes, strict=True):
            _panel(row[0], some, title, unit)
        figure.tight_layout()
        figure.savefig(file, metadata={"Date": None})
        plt.close(figure)
