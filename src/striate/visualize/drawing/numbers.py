"""How numbers are written into cells."""

from __future__ import annotations

import math
from collections.abc import Callable

# More digits nobody reads; a total has at most so many.
_MOST_DIGITS, _TOTAL_DIGITS = 9, 6


def number_text(value: float) -> str:
    """Write a number as short as it can be told apart: 3, -0.25, 1.2e-05."""
    if not math.isfinite(value):
        return "" if math.isnan(value) else str(value)
    if float(value).is_integer() and abs(value) < 100_000:
        return f"{int(value)}"
    if 9999.5 <= abs(value) < 100_000:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.4g}"


def digit_text(value: float, digits: int) -> str:
    """Write a number with so many digits, without zeros at the end: 0.11111 of 1/9 with five."""
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{int(value)}"
    return f"{value:.{digits}g}"


def texts_that_agree(
    values: list[float], total: float, join: Callable[[list[float]], float], least: int = 3
) -> tuple[list[str], str]:
    """Write numbers and what they give with the fewest digits, from `least`, that come out as written.

    >>> texts_that_agree([2 / 3, 2 / 3, 2 / 3], 2.0, sum)
    (['0.667', '0.667', '0.667'], '2')
    """
    texts, result = [], ""
    for digits in range(least, _MOST_DIGITS + 1):
        texts = [digit_text(value, digits) for value in values]
        given = join([float(text) for text in texts])
        # At least one place behind the point, where large numbers have few.
        of_total = min(max(digits, len(f"{abs(total):.0f}") + 1), _TOTAL_DIGITS)
        # What cancels out is 0 to three places, and not 1e-17.
        is_zero = abs(total) < 1e-9 and round(given, 3) == 0
        result = "0" if is_zero else digit_text(total, of_total)
        if is_zero or float(digit_text(given, of_total)) == float(result):
            break
    return texts, result
