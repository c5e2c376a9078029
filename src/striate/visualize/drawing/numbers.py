"""How numbers are written into cells."""

from __future__ import annotations

import math


def number_text(value: float) -> str:
    """Write a number as short as it can be told apart: 3, -0.25, 1.2e-05."""
    if not math.isfinite(value):
        return "" if math.isnan(value) else str(value)
    if float(value).is_integer() and abs(value) < 100_000:
        return f"{int(value)}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.4g}"
