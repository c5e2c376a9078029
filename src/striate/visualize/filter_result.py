"""How a kernel and what it makes of an image are drawn: as a picture, or as colours above or around 0."""

from __future__ import annotations

import numpy as np

from striate.visualize.base import AnyPanel, HeatPanel, ImagePanel, Line, LinePanel, TablePanel
from striate.visualize.kernels import Kernel

# Values beyond those of this share of all places have the full colour.
FULL_COLOUR = 0.99
# A kernel whose result lies beyond the original's scale in more than this share makes no picture.
_CUT_OFF = 0.5
# Grey of what is not there, as in the drawings of numbers; and how much of it lies over mirrored values.
_PADDING, _VEIL = 0xD9 / 255, 0.5


def kind_of(kernel: Kernel, result: np.ndarray, original: np.ndarray) -> str:
    """Choose how a result is drawn: 'image' on the original's scale, 'grey', 'positive' or 'signed'.

    An image is what a kernel gives that keeps brightness, such as a blur or a sharpening. Other
    results with values below 0 are signed, so that 0 can be seen.
    """
    if kernel.statistic == "contrast":
        return "positive"
    total, weight = float(kernel.values.sum()), float(np.abs(kernel.values).sum())
    if kernel.statistic == "zones" or abs(total) < 1e-6 * max(weight, 1e-300):
        return "signed"
    low, high = _scale(original)
    beyond = float(((result < low) | (result > high)).mean())
    if abs(total - 1) < 0.02 and (beyond <= _CUT_OFF or result.min() >= 0):
        return "image"
    return "signed" if result.min() < 0 else "grey"


def title_of(kernel: Kernel) -> str:
    """The kernel's name, with room to break the line between its options."""
    return ", ".join(part.strip() for part in kernel.name.replace(":", ": ").split(",")).replace(":  ", ": ")


def kernel_panel(kernel: Kernel, flip: bool) -> TablePanel:
    """The kernel's numbers; of a local statistic the empty window, with what is taken of it in words."""
    values = np.atleast_2d(np.flip(kernel.values) if flip else kernel.values)
    name = title_of(kernel)
    name = f"{name}, flipped" if flip else name
    if not kernel.statistic:
        return TablePanel(values, name)
    whole = "image" if kernel.values.ndim == 2 else "signal"
    words = {"contrast": "standard deviation", "zones": f"mean minus the {whole}'s mean"}
    size = "×".join(map(str, kernel.values.shape))
    return TablePanel(
        np.full(values.shape, np.nan),
        title_of(kernel),
        f"window {size}: {words[kernel.statistic]}",
        scale="none",
    )


def result_panel(
    original: np.ndarray,
    result: np.ndarray,
    title: str,
    kind: str,
    start: tuple[float, float],
    times: int = 1,
) -> AnyPanel:
    """Draw a result; `times` values of the original were added up in each of its own.

    Shape:
        original and result: (*axes, channels); start: the first value's place on the first axis of
        the original, and the distance from one to the next
    """
    if result.ndim == 2:
        x = start[0] + start[1] * np.arange(len(result))
        note = f"{size_text(result)}; {_range_text(result)}"
        return LinePanel((Line("", "first", x, result[:, 0]),), title, note, x_label="step")
    is_picture = kind == "image" and result.shape[-1] in (1, 3)
    shown = result if is_picture else result.mean(axis=-1)
    note = f"{size_text(result)}; {_range_text(shown)}"
    if is_picture:
        low, high = (end * times for end in _scale(original))
        room = 1e-6 * (high - low)
        if shown.min() < low - room or shown.max() > high + room:
            note += f", cut off at {low:g} and {high:g}"
        elif times > 1:
            note += f", drawn from {low:g} to {high:g}"
        return ImagePanel(as_pixels(result / times, original), title, note)
    if kind == "image":
        return HeatPanel(shown, title, note, scale="grey")
    # A few strong edges would leave all others nearly white.
    reach = float(np.quantile(np.abs(shown), FULL_COLOUR)) or float(np.abs(shown).max()) or 1.0
    note += f"; full colour from {'±' if kind == 'signed' else ''}{float(f'{reach:.3g}'):g}"
    return HeatPanel(shown, title, note, scale=kind, low=-reach if kind == "signed" else 0.0, high=reach)


def colour_words(kinds: list[str], rank: int) -> list[str]:
    """Say in sentences what the colours of results of these kinds mean."""
    if rank == 1:
        return []
    text = ["Around 0, blue is above and orange below."] if "signed" in kinds else []
    if set(kinds) - {"image"}:
        text.append(
            "Full colour begins where it is written below a result: "
            f"{FULL_COLOUR:.0%} of its values are not larger (the {100 * FULL_COLOUR:.0f}th percentile)."
        )
    return text


def padded_pixels(
    padded: np.ndarray, original: np.ndarray, amounts: tuple[tuple[int, int], ...], is_zero: bool
) -> np.ndarray:
    """The padded image as pixels, with a grey border of zeros, or a greyed one of the image's own values."""
    pixels = as_pixels(padded, original)
    around = np.ones(pixels.shape[:2], dtype=np.bool_)
    (top, bottom), (left, right) = amounts
    height, width = pixels.shape[:2]
    rows, columns = slice(top, height - bottom), slice(left, width - right)
    around[rows, columns] = False
    veil = 1.0 if is_zero else _VEIL
    pixels[around] = (1 - veil) * pixels[around] + veil * _PADDING
    return pixels


def as_pixels(values: np.ndarray, original: np.ndarray) -> np.ndarray:
    """Bring values to 0..1 on the scale of the original; what lies beyond is cut off."""
    low, high = _scale(original)
    pixels = np.clip((values - low) / ((high - low) or 1.0), 0.0, 1.0)
    return pixels if pixels.shape[-1] in (1, 3) else pixels.mean(axis=-1)


def _scale(original: np.ndarray) -> tuple[float, float]:
    low, high = min(float(original.min()), 0.0), float(original.max())
    if 127 < high <= 255:
        return low, 255.0
    return low, max(high, 1.0) if high > 0.5 and low >= 0 else high


def size_text(values: np.ndarray) -> str:
    """The size of an image or signal without its channels, as 12×10."""
    return "×".join(map(str, values.shape[:-1]))


def _range_text(values: np.ndarray) -> str:
    low, high = (float(np.round(end, 3)) for end in (values.min(), values.max()))
    return f"{low:g} to {high:g}"
