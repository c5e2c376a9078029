from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path

import pytest

from striate.report import Material, make_report
from striate.report import page as page_module
from tests.report.reading import Reader
from tests.report.toy import CLASS_NAMES, FILE_NAME, dense_network, material

GOLDEN = Path(__file__).parents[1] / "golden" / "report.txt"


def outline(page: str) -> str:
    """Write the headings, and below each what kinds of things stand there, a line each."""
    lines = []
    for element in Reader(page).elements:
        kind = element.tag
        if kind in ("h1", "h2", "h3", "summary"):
            lines.append(f"{kind} {' '.join(element.text.split())}")
        elif kind in ("pre", "dl") or element.attributes.get("class") in ("film", "confusion", "plain w1"):
            lines.append(f"   {element.attributes.get('class', kind)}")
    return "\n".join(lines) + "\n"


def test_the_page_is_built_as_it_was(page):
    # Set STRIATE_WRITE_GOLDEN to write the outline anew, then read what changed.
    found = outline(page)
    if os.environ.get("STRIATE_WRITE_GOLDEN"):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_the_same_run_gives_the_same_page(page):
    assert make_report(material()).decode("utf-8") == page


def test_hostile_names_are_text_and_nothing_else(page):
    reader = Reader(page)
    assert len(reader.all("script")) == 2
    assert not [image for image in reader.all("img") if image.attributes.get("src") == "x"]
    assert not reader.all("run")
    assert "<another>" in "".join(item.text for item in reader.all("li"))
    heads = [element.text.strip() for element in reader.all("th")]
    assert {CLASS_NAMES[0], CLASS_NAMES[1], "caf\\udce9 🐈\\u202e"} <= set(heads)
    assert FILE_NAME in [note.text for note in reader.all("p")]


def test_what_the_script_reads_cannot_end_its_element(page):
    content = re.search(r'<script type="application/json" id="content">(.*?)</script>', page, re.DOTALL)[1]
    assert re.search("[<>&]", content) is None
    names = [item["name"] for cell in Reader(page).content()["cells"].values() for item in cell["items"]]
    assert FILE_NAME in names


def test_the_policy_allows_the_pages_own_style_and_script_and_pictures_it_holds(page):
    reader = Reader(page)
    (policy,) = [
        meta.attributes["content"]
        for meta in reader.all("meta")
        if meta.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == "data:"
    for name, tag in (("style-src", "style"), ("script-src", "script")):
        text = reader.all(tag)[-1].text
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"


@pytest.mark.parametrize("kind", ["page", "signal_page"])
def test_nothing_is_taken_from_elsewhere_and_nothing_is_written_inline(kind, request):
    for element in Reader(request.getfixturevalue(kind)).elements:
        for name, value in element.attributes.items():
            assert name != "style"
            assert not name.startswith("on")
            if name in ("src", "href", "data", "srcset", "action", "poster"):
                assert value.startswith(("data:", "#"))


@pytest.mark.parametrize("kind", ["page", "signal_page"])
def test_every_picture_says_what_it_shows(kind, request):
    reader = Reader(request.getfixturevalue(kind))
    assert all(image.attributes.get("alt") for image in reader.all("img"))
    for drawing in reader.all("svg"):
        assert drawing.attributes.get("aria-label") or drawing.attributes.get("aria-hidden") == "true"


def test_a_picture_stands_in_the_page_once(page):
    reader = Reader(page)
    content = reader.content()
    sources = [image.attributes["src"] for image in reader.all("img") if "src" in image.attributes]
    sources += content["pictures"].values()
    assert len(sources) == len(set(sources))
    known = {image.attributes["data-picture"] for image in reader.all("img") if "src" in image.attributes}
    for cell in content["cells"].values():
        for item in cell["items"]:
            for key in (item["picture"], *(heat["picture"] for heat in item["heats"])):
                assert key[1:] in known | set(content["pictures"])


def test_every_id_is_there_once_and_every_link_leads_somewhere(page):
    reader = Reader(page)
    ids = [element.attributes["id"] for element in reader.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert {link.attributes["href"][1:] for link in reader.all("a")} <= set(ids)


def test_signals_are_drawn_as_lines(signal_page):
    reader = Reader(signal_page)
    assert "Left out" not in signal_page
    assert not [
        image for image in reader.all("img") if image.attributes.get("alt", "").startswith("an example")
    ]
    assert reader.content()["drawings"]


def left_out(page: str) -> dict[str, str]:
    """Read which sections were left out, and why."""
    parts = re.split(r'<section id="', page)[1:]
    reasons = {part.partition('"')[0]: re.search(r"<p>Left out\. (.*?)</p>", part) for part in parts}
    return {name: reason[1] for name, reason in reasons.items() if reason}


def test_what_a_network_does_not_have_is_left_out_with_a_sentence():
    found = left_out(make_report(material(model=dense_network())).decode("utf-8"))
    assert set(found) == {"filters", "maps", "window"}
    assert found["maps"] == "This network has no convolution, so there are no filters to look at."


def test_a_run_of_which_nothing_is_left_still_has_a_page():
    bare = Material("bare", {}, "", "striate train data", (), missing={"network": "the <file> is gone."})
    found = left_out(make_report(bare).decode("utf-8"))
    assert found["network"] == "The &lt;file&gt; is gone."
    assert set(found) >= {"results", "classes", "mistakes", "filters", "inputs"}


def test_a_failure_inside_the_network_is_said_in_a_line(monkeypatch):
    def fail(material, album):
        raise RuntimeError("sizes of tensors must match\nand more")

    monkeypatch.setattr(page_module, "SECTIONS", (("maps", "Maps", fail),))
    assert left_out(make_report(material()).decode("utf-8")) == {"maps": "Sizes of tensors must match"}


def test_an_error_without_words_is_named_by_its_kind(monkeypatch):
    def fail(material, album):
        raise RuntimeError

    monkeypatch.setattr(page_module, "SECTIONS", (("maps", "Maps", fail),))
    assert left_out(make_report(material()).decode("utf-8")) == {"maps": "RuntimeError"}
