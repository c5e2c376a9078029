"""A real browser without a network, and the pages that it reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from striate.report import make_report
from tests.browser.visitor import Visitor
from tests.report.toy import material

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium as the system has it."""
    if not CHROMIUM.is_file():
        pytest.skip(f"there is no {CHROMIUM}: a Debian or Ubuntu gets it by `apt-get install chromium`")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright of the test extra is missing")
    with playwright.sync_playwright() as engine:
        running = engine.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> dict[str, Path]:
    """Reports of runs on images and on signals, as files."""
    folder = tmp_path_factory.mktemp("reports")
    for kind in ("image", "signal"):
        (folder / f"{kind}.html").write_bytes(make_report(material(kind)))
    return {kind: folder / f"{kind}.html" for kind in ("image", "signal")}


@pytest.fixture
def visit(browser, pages) -> Iterator[Any]:
    """Open a report with the network cut off; afterwards nothing may have gone wrong or out."""
    visitors: list[Visitor] = []

    def opened(kind: str = "image", **options: Any) -> Visitor:
        visitors.append(Visitor(browser, pages[kind], options))
        return visitors[-1]

    yield opened
    for visitor in visitors:
        visitor.close()
        assert visitor.complaints == []
        assert visitor.outside == []
