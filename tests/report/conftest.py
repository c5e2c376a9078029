"""Pages that several tests read, made once."""

from __future__ import annotations

import pytest

from striate.report import make_report
from tests.report.toy import material


@pytest.fixture(scope="session")
def page() -> str:
    """The report of a run on images, as text."""
    return make_report(material()).decode("utf-8")


@pytest.fixture(scope="session")
def signal_page() -> str:
    """The report of a run on signals, as text."""
    return make_report(material("signal")).decode("utf-8")
