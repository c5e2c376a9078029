"""What Striate says reaches the person whatever names it holds."""

from __future__ import annotations

import io

import pytest

from striate.core.console import say
from striate.core.names import printable

NAME = "caf\udce9 \u0301é 😀.png"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_saying_never_fails_on_a_name(encoding, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    monkeypatch.setattr("sys.stdout", out)
    say(NAME)
    assert out.buffer.getvalue().decode(encoding) == printable(NAME, encoding) + "\n"
