"""What a run was trained on: the data, how they were parted, what was left out, and some of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from striate.report.album import Album
from striate.report.blocks import AnyBlock, Blocks, Facts, Figures, Listed, Table, Words
from striate.report.material import Examples, Material
from striate.report.panels import show_panel
from striate.visualize.results import example_panel

PARTS = {"train": "training", "validation": "validation", "test": "test"}
# So many examples are shown, and so many classes and bad files are listed before the rest is folded away.
SHOWN, LISTED = 20, 12


def describe_data(material: Material, album: Album) -> Blocks:
    """Say what the data are, how many examples of each class are for what, and show some."""
    blocks: list[AnyBlock] = [Facts(tuple(_facts(material)))]
    leaks = tuple(map(str, material.known("data", "leaks") or ()))
    if leaks:
        blocks.append(Listed("Copies and leaks", leaks))
    bad = [f"{one['name']}: {one['reason']}" for one in material.known("data", "bad_files") or ()]
    if bad:
        files = "1 file was" if len(bad) == 1 else f"{len(bad):,} files were"
        title = f"{files} left out as unusable"
        blocks.append(Listed(title, tuple(bad), folded=len(bad) > LISTED))
    if material.given_examples is None:
        blocks.append(Words(material.missing.get("examples", "The data are not at hand.")))
    else:
        blocks += [_count_classes(material, material.examples), _show_some(material, album)]
    return tuple(blocks)


def _facts(material: Material) -> Iterator[tuple[str, str]]:
    data = material.known("data") or {}
    yield "data", str(data.get("origin") or data.get("name") or "unknown")
    if data.get("shape"):
        yield "one example", f"{data.get('kind', 'example')} of {' × '.join(map(str, data['shape']))}"
    parts = data.get("parts") or {}
    own = data.get("sources") or {}
    for part, words in PARTS.items():
        if part in parts:
            source = "the data's own part" if own.get(part) == part else "held back from the training part"
            said = "" if part == "train" or not parts[part] else f", {source}"
            yield words, f"{parts[part]:,} examples{said}"
    left_out = sum((data.get("left_out") or {}).values())
    if left_out:
        yield "left out", f"{left_out:,} examples with a copy in a part that is scored"
    if not material.known("data", "leaks") and parts:
        yield "copies", "no example was found to be a copy of another"
    if data.get("sha256"):
        yield "SHA-256", str(data["sha256"])


def _count_classes(material: Material, examples: Examples) -> Table:
    head = ("class", *PARTS.values())
    rows = tuple(
        (name, *(f"{int(examples.counts[part][number]):,}" for part in PARTS))
        for number, name in enumerate(material.class_names)
    )
    return Table("How many examples there are of each class", head, rows)


def _show_some(material: Material, album: Album) -> Figures:
    """Show the first examples of each class to train on, in turn."""
    data = material.examples.train
    labels = np.asarray(data.y)
    names = material.class_names
    each = max(1, SHOWN // len(names))
    places = [place for number in range(len(names)) for place in np.flatnonzero(labels == number)[:each]]
    figures = []
    for place in places[:SHOWN]:
        file = "" if data.names is None else data.names[place]
        name = names[int(labels[place])]
        panel = example_panel(data.x[place], name, file, steps=material.examples.steps)
        figures.append(show_panel(album, panel, alt=f"an example of {name}"))
    return Figures("Some of the examples to train on", "", tuple(figures), gallery=True)
