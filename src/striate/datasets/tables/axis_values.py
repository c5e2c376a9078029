"""What the columns of a table stand for: from headers such as 400, 'nm 400' or t0 to an axis."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

import numpy as np

from striate.datasets.source import Axis

_AROUND = " _:()[]/="


def axis_from_headers(headers: Sequence[str]) -> Axis | None:
    """Read the values of an axis out of headers; None where they are no numbers in rising or falling order.

    What all headers have in common before or behind the number becomes the axis's label.

    >>> axis_from_headers(["400 nm", "410 nm", "430 nm"])
    Axis(label='nm', values=array([400., 410., 430.]))
    """
    if len(headers) < 2:
        return None
    for before, behind in _borders(headers):
        values = _numbers([header[len(before) : len(header) - len(behind)] for header in headers])
        if values is not None:
            label = " ".join(word for word in (before.strip(_AROUND), behind.strip(_AROUND)) if word)
            return Axis(label, values)
    return None


def _borders(headers: Sequence[str]) -> list[tuple[str, str]]:
    """Say what to cut off before and behind: what all have in common, short of the numbers' own digits."""
    before = _shared(headers)
    # Numbers such as 401 and 402 have their first digits in common, -1 and -2 their sign.
    unsigned = before.rstrip("0123456789.,")
    rest = [header[len(unsigned) :] for header in headers]
    behind = _shared([text[::-1] for text in rest])[::-1].lstrip("0123456789.,")
    signed = unsigned.rstrip("+-")
    return [("", ""), (signed, behind), (unsigned, behind)]


def _shared(texts: Sequence[str]) -> str:
    """What all texts begin with: the first and the last in order differ earliest."""
    first, last = min(texts), max(texts)
    same = (a == b for a, b in zip(first, last, strict=False))
    return first[: sum(takewhile(bool, same))]


def _numbers(texts: Sequence[str]) -> np.ndarray | None:
    try:
        values = np.array([float(text.replace(",", ".")) for text in texts])
    except ValueError:
        return None
    steps = np.diff(values)
    one_way = bool((steps > 0).all() or (steps < 0).all())
    return values if one_way and bool(np.isfinite(values).all()) else None
