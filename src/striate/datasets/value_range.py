"""The lowest and highest value that pixels can have, guessed from those that they do have."""

from __future__ import annotations


def settle_range(lowest: float, highest: float) -> tuple[float, float]:
    """Say between which values data lie, given the lowest and highest that were seen.

    The usual ranges win over the seen values: 0 to 1, -1 to 1, 0 to 255.

    >>> settle_range(0.0, 0.97), settle_range(3.0, 254.0), settle_range(0.0, 16.0)
    ((0.0, 1.0), (0.0, 255.0), (0.0, 16.0))
    """
    for low, high in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        # Floats that end far below 255 are no bytes, such as digits of 0 to 16: their own end is the top.
        if low <= lowest and highest <= high and (high < 255 or highest > 127):
            return (low, high)
    if lowest >= 0 and 1 < highest <= 127:
        return (0.0, highest)
    return (lowest, highest) if lowest < highest else (lowest, lowest + 1)
