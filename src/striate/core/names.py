"""Names of files as they can be printed: also those that hold bytes that are no text."""

from __future__ import annotations

import codecs
import unicodedata
from typing import TextIO

# Registered with Python's codecs when first asked for, so that importing changes nothing.
_HANDLER = "striate.names"
_ESCAPED = range(0xDC80, 0xDD00)


def printable(text: str, encoding: str = "utf-8") -> str:
    """Write what an encoding has no sign for as a code in Python's way: \\xff, \\u0301, \\U0001f600.

    Bytes of a file's name that are no UTF-8, which Python holds as half characters, become the byte's code.

    >>> printable("caf\\udce9.png")
    'caf\\\\xe9.png'
    """
    return "".join(
        sign
        if _has(sign, encoding)
        else f"\\x{ord(sign) - 0xDC00:02x}"
        if ord(sign) in _ESCAPED
        else sign.encode("ascii", "backslashreplace").decode("ascii")
        for sign in text
    )


def harmless(text: str, keep: str = "") -> str:
    """Write signs that steer a terminal as codes, all but those in `keep`: names come from strangers.

    >>> harmless("a\\x1b[2Jb\\n.png")
    'a\\\\x1b[2Jb\\\\x0a.png'
    """
    return "".join(
        f"\\x{ord(sign):02x}" if unicodedata.category(sign) == "Cc" and sign not in keep else sign
        for sign in text
    )


def _has(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def accept_all_names(stream: TextIO) -> None:
    """Let a stream write every name of a file instead of failing on it.

    Bytes that are no text go out as they are, so that another program finds the file by what it reads;
    what the stream's encoding has no sign for goes out as a code. A stream of ASCII, which is what a
    system without a language gives, takes UTF-8 as Python's own does there.
    """
    codecs.register_error(_HANDLER, _replace)
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        known = codecs.lookup(stream.encoding).name
        reconfigure(encoding="utf-8" if known == "ascii" else known, errors=_HANDLER)


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    sign = error.object[error.start]
    if ord(sign) in _ESCAPED:
        return bytes([ord(sign) - 0xDC00]), error.start + 1
    return sign.encode("ascii", "backslashreplace").decode("ascii"), error.start + 1
