"""Numbers of things in words: '1 file', '2 files'."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Put a number and a noun together, the noun in its plural where there are several.

    >>> counted(1, "file"), counted(1200, "file"), counted(2, "class")
    ('1 file', '1,200 files', '2 classes')
    """
    ending = "" if number == 1 else "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{ending}"
