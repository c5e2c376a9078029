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


def whole_percent(share: float) -> str:
    """Write a share in whole percent; what is nearly certain is not said to be certain.

    >>> whole_percent(0.934), whole_percent(0.998), whole_percent(0.001), whole_percent(1.0)
    ('93%', '>99%', '<1%', '100%')
    """
    text = f"{share:.0%}"
    if text == "100%" and share < 1:
        return ">99%"
    return "<1%" if text == "0%" and share > 0 else text


def _spelled(letter: str) -> str:
    number = ord(letter)
    return (
        f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
    )
