from __future__ import annotations

import pytest

from striate.report.text import plain


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain, 猫 and 🐈", "plain, 猫 and 🐈"),
        ("caf\udce9", "caf\\udce9"),
        ("\x00\x1b[31m", "\\x00\\x1b[31m"),
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("tag \U000e0001", "tag \\U000e0001"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        (12, "12"),
    ],
)
def test_what_cannot_be_seen_or_written_is_spelled_out(text, written):
    assert plain(text) == written
    plain(text).encode("utf-8")
