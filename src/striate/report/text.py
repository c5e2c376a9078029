"""Text from strangers, such as file names: made so that it can be written and cannot mislead."""

from __future__ import annotations

import unicodedata

# Control characters, signs that turn the direction of writing, halves of surrogate pairs.
_UNSEEN = ("Cc", "Cs", "Cf")
_ALLOWED = "\n\t\u200d"


def plain(text: object) -> str:
    """Write text with everything that cannot be seen or encoded spelled out.

    >>> plain("caf\\udce9\\u202e.jpg")
    'caf\\\\udce9\\\\u202e.jpg'
    """
    return "".join(
        letter if letter in _ALLOWED or unicodedata.category(letter) not in _UNSEEN else _spelled(letter)
        for letter in str(text)
    )


def _spelled(letter: str) -> str:
    number = ord(letter)
    return (
        f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
    )
