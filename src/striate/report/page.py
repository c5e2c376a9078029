"""Puts the sections of a report together into one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from striate.core.errors import StriateError
from striate.core.version import __version__
from striate.report.album import Album
from striate.report.blocks import Blocks, ConfusionTable, Section, Words
from striate.report.data_section import describe_data
from striate.report.inside_section import (
    describe_class_inputs,
    describe_filters,
    describe_maps,
    describe_window,
)
from striate.report.material import Material
from striate.report.results_section import (
    describe_classes,
    describe_doubts,
    describe_mistakes,
    describe_results,
    describe_trust,
)
from striate.report.text import plain
from striate.report.training_section import (
    describe_machine,
    describe_network,
    describe_repetition,
    describe_training,
)

_HERE = Path(__file__).parent / "page"

Maker = Callable[[Material, Album], Blocks]

# The sections in their order, each with its place in the page's address, its heading, and what makes it.
SECTIONS: tuple[tuple[str, str, Maker], ...] = (
    ("data", "The data", describe_data),
    ("network", "The network", describe_network),
    ("training", "The training", describe_training),
    ("results", "The results", describe_results),
    ("classes", "Class by class", describe_classes),
    ("trust", "Can its probabilities be trusted?", describe_trust),
    ("mistakes", "The most confident mistakes", describe_mistakes),
    ("doubts", "The least certain answers", describe_doubts),
    ("filters", "What its first filters look for", describe_filters),
    ("maps", "What it makes of one example", describe_maps),
    ("window", "How a filter looks at it", describe_window),
    ("inputs", "What each class looks like to it", describe_class_inputs),
    ("machine", "The machine", describe_machine),
    ("again", "Do it again", describe_repetition),
)


def make_report(material: Material) -> bytes:
    """Make the page of a run, as UTF-8.

    What cannot be shown of a network, such as the filters of one without convolutions, is left
    out with a sentence that says why.
    """
    album = Album()
    sections = [_made(material, album, *one) for one in SECTIONS]
    content: dict[str, Any] = {}
    for section in sections:
        for block in section.blocks:
            if isinstance(block, ConfusionTable):
                content = dict(block.content)
    style, script = (Markup((_HERE / name).read_text("utf-8")) for name in ("page.css", "page.js"))
    page = (
        _environment()
        .get_template("page.html")
        .render(
            material=material,
            sections=sections,
            highlights=_highlights(material),
            album=album,
            content=lambda: _embedded(album, content),
            style=style,
            script=script,
            policy=content_policy(style, script),
            version=__version__,
        )
    )
    return page.encode("utf-8", "backslashreplace")


def content_policy(style: str, script: str) -> str:
    """Write what the page may do: its own style and script, pictures that it holds, and nothing else."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: plain(value) if type(value) is str else value,
    )


def _made(material: Material, album: Album, name: str, title: str, make: Maker) -> Section:
    try:
        return Section(name, title, make(material, album))
    except (StriateError, RuntimeError) as error:
        # A network of a person's own may fail in torch itself; the rest of the report stands all the same.
        text = str(error).strip().partition("\n")[0] or type(error).__name__
        return Section(name, title, (Words(f"Left out. {text[0].upper()}{text[1:]}"),))


def _highlights(material: Material) -> list[tuple[str, str]]:
    found = []
    if material.given_answers is not None:
        answers = material.given_answers
        found.append(("accuracy", f"{answers.right.mean():.1%}"))
        found.append(("test examples", f"{len(answers.labels):,}"))
    if material.known("epochs", "done") is not None:
        found.append(("epochs", str(material.known("epochs", "done"))))
    if material.known("model", "parameters") is not None:
        found.append(("parameters", f"{material.known('model', 'parameters'):,}"))
    return found


def _embedded(album: Album, content: dict[str, Any]) -> Markup:
    """Write what the script reads as JSON that cannot end its element; called when all else is written."""
    table = {name: part for name, part in content.items() if name != "numbers"}
    table["pictures"] = album.left(content.get("numbers", set()))
    text = json.dumps(table, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
