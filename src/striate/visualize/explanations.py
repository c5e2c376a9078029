"""Attribution as pictures: over the input, in colours, what spoke for the answer; with its own check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError
from striate.visualize.attribution import METHODS, Attribution, explain
from striate.visualize.attribution_checks import AttributionCheck, check_attribution
from striate.visualize.base import AnyPanel, HeatPanel, ImagePanel, Line, LinePanel, Sheet
from striate.visualize.example import range_of, shown_bands, with_bands

# Single pixels far above the rest would leave everything else pale.
_BRIGHTEST = 99.5
# Below this share of the strongest colour nothing can be seen.
_FAINT = 0.02
# A signal with more channels than this is drawn by their mean.
_MOST_LINES = 3
_ROLES = ("first", "second", "third")


def show_why(
    model: Any,
    images: Any,
    target: Any = None,
    method: str = "grad_cam",
    *,
    check: bool = True,
    generator: torch.Generator | None = None,
    **options: Any,
) -> Sheet:
    """Picture why a network gives its answers, or would give another class: see `explain`.

    The caption says what `check_attribution` found, unless `check` is false.

    Raises:
        UnknownNameError, ArgumentError, LabelError, ShapeError: as `explain`.
    """
    found = explain(model, images, target, method, **options)
    return show_attribution(found, check_attribution(model, found, generator=generator) if check else None)


def show_attribution(attribution: Attribution, check: AttributionCheck | None = None) -> Sheet:
    """Picture an attribution: each input, and beside it where the score of the class comes from.

    Shape:
        two panels an image, one a signal
    """
    panels: list[AnyPanel] = []
    for row in range(len(attribution.values)):
        # A signal is seen through the colours as it is; an image is seen better beside them.
        panels += [_input_panel(attribution, row)] if attribution.values.ndim == 3 else []
        panels.append(_heat_panel(attribution, row))
    return Sheet(
        title=f"Why this answer: {METHODS[attribution.method].words}",
        caption=_caption(attribution, check),
        panels=tuple(panels),
        columns=2 if len(panels) <= 2 or attribution.values.ndim == 2 else 4,
    )


def compare_methods(
    model: Any,
    image: Any,
    target: Any = None,
    methods: Sequence[str] = tuple(METHODS),
    *,
    generator: torch.Generator | None = None,
    **options: Any,
) -> Sheet:
    """Picture one answer by several methods, each with its check below.

    Raises:
        ArgumentError: more than one example; else as `explain`.
    """
    panels: list[AnyPanel] = []
    taken = {word for name in methods if name in METHODS for word in METHODS[name].options}
    theirs = {name: taken - set(METHODS[name].options) for name in methods if name in METHODS}
    for name in methods:
        # An option such as layer= goes to the methods that take it.
        own = {word: value for word, value in options.items() if word not in theirs.get(name, ())}
        found = explain(model, image, target, name, **own)
        _one_example(found)
        check = check_attribution(model, found, methods=(), generator=generator)
        panels += [] if panels else [_input_panel(found, 0)]
        panels.append(_heat_panel(found, 0, title=METHODS[name].words, note=_short_check(found, check)))
    caption = (
        f"All for {found.name_of(int(found.target[0]))}. Below each, its check: the rank correlation with "
        "what the same network draws with random weights (near 1, it shows the input and not what was "
        "learned), and how far the score falls when the marked tenth is covered, or the same shape elsewhere."
    )
    caption = with_bands(f"{caption} {_colours(found, any_sign=True)}", found.images.shape[1:])
    return Sheet("Why this answer, by method", caption, tuple(panels), 3)


def compare_classes(
    model: Any, image: Any, targets: Sequence[Any] | None = None, method: str = "grad_cam", **options: Any
) -> Sheet:
    """Picture what speaks for each of several classes, in one scale of colours.

    Without `targets`, for the classes with the three highest scores.

    Raises:
        ArgumentError: more than one example; else as `explain`.
    """
    first = explain(model, image, None, method, **options)
    _one_example(first)
    wanted = (
        list(targets) if targets is not None else np.argsort(-first.all_scores[0], kind="stable")[:3].tolist()
    )
    found = [explain(model, image, one, method, **options) for one in wanted]
    high = max((_brightest(one.values) for one in found if not one.blank[0]), default=1.0)
    faint = [_faint(one, high) for one in found]
    panels = [_heat_panel(one, 0, note=words, high=high) for one, words in zip(found, faint, strict=True)]
    caption = f"{_colours(first)} {_sentences(first.notes)}"
    empty = [one.name_of(int(one.target[0])) for one, words in zip(found, faint, strict=True) if words]
    if first.values.ndim == 3:
        caption = f"All in one scale of colours. {caption}"
    if empty:
        caption = f"For {', '.join(empty)} there is nothing to be seen, for the reason below. {caption}"
    title = f"What speaks for each class: {METHODS[method].words}"
    caption = with_bands(caption, first.images.shape[1:])
    return Sheet(title, caption, (_input_panel(first, 0), *panels), min(4, len(panels) + 1))


def _faint(found: Attribution, high: float) -> str:
    """Say why a class's panel stays empty beside those of others; nothing where it does not."""
    if found.blank[0]:
        return found.blank[0]
    largest = float(np.abs(found.values[0]).max() if found.signed else found.values[0].max())
    if largest <= 0:
        return "Nothing is above 0."
    return f"Nothing is above {_FAINT:.0%} of the strongest colour." if largest < _FAINT * high else ""


def _one_example(found: Attribution) -> None:
    if len(found.values) != 1:
        raise ArgumentError(f"this picture shows one example; got {len(found.values)}.")


def _input_panel(found: Attribution, row: int) -> AnyPanel:
    name = found.name_of(int(found.predicted[row]))
    if found.values.ndim == 3:
        return ImagePanel(shown_pixels(found.images)[row], title=f"answer: {name}")
    return LinePanel(_lines(found.images[row]), title=f"answer: {name}", x_label="step")


def _heat_panel(
    found: Attribution, row: int, title: str = "", note: str = "", high: float | None = None
) -> AnyPanel:
    blank = found.blank[row]
    # Rounding, stretched over all colours, would look like a finding.
    values = np.zeros_like(found.values[row]) if blank else found.values[row]
    high = high or (1.0 if blank else _brightest(values))
    title = title or f"for {found.name_of(int(found.target[row]))}, {_score_in_words(found, row)}"
    note = f"Nothing to be seen: {blank}" if blank else note
    if found.values.ndim == 3:
        scale = "signed" if found.signed else "positive"
        low = -high if found.signed else 0.0
        over = _pale(shown_pixels(found.images)[row])
        return HeatPanel(values, title, note, scale, low, high, over)
    shade = np.clip(values / high, -1, 1)
    return LinePanel(_lines(found.images[row]), title, note, x_label="step", shade=shade)


def _pale(pixels: np.ndarray) -> np.ndarray:
    """Make an image light, so that colours over its dark parts do not turn to mud."""
    bright = pixels / 255.0 if pixels.dtype == np.uint8 else pixels
    pale: np.ndarray = 0.35 + 0.65 * bright
    return pale


def _score_in_words(found: Attribution, row: int) -> str:
    if found.probabilities is not None:
        share = f"{found.probabilities[row]:.1%}"
        # What is nearly certain is not said to be certain.
        return ">99.9%" if share == "100.0%" else "<0.1%" if share == "0.0%" else share
    return f"score {found.scores[row]:.3g}"


def _brightest(values: np.ndarray) -> float:
    sizes = np.abs(values)
    return float(np.percentile(sizes, _BRIGHTEST)) or float(sizes.max()) or 1.0


def _short_check(found: Attribution, check: AttributionCheck) -> str:
    if found.blank[0]:
        return ""
    here = float(check.scores[0] - check.deleted[0])
    elsewhere = float(check.scores[0] - check.deleted_elsewhere[0].mean())
    alike = float(check.randomised["all layers"][0])
    text = f"random weights {alike:.2f}\ncovered {0 - here:+.2g}, elsewhere {0 - elsewhere:+.2g}"
    return text.replace("-", "−")


def _caption(found: Attribution, check: AttributionCheck | None) -> str:
    parts = [_colours(found), _sentences(found.notes)]
    if check is not None:
        parts.append("Check: " + " ".join(check.words))
    none = sum(bool(reason) for reason in found.blank)
    if none and len(found.blank) > 1:
        parts.insert(0, f"For {none} of {len(found.blank)} inputs there is nothing to be seen.")
    return with_bands(" ".join(parts), found.images.shape[1:])


def _colours(found: Attribution, any_sign: bool = False) -> str:
    if any_sign:
        return (
            "Strong colours matter most; in blue and vermilion, blue speaks for the class, vermilion against."
        )
    if found.signed:
        return "Blue speaks for the class, vermilion against it."
    if found.values.ndim == 2:
        return "The stronger the blue, the more a step matters."
    return "From yellow to red the colour says how much a place matters."


def _sentences(notes: Sequence[str]) -> str:
    return " ".join(f"{note[0].upper()}{note[1:]}." for note in notes)


def _lines(signal: np.ndarray) -> tuple[Line, ...]:
    steps = np.arange(len(signal))
    if signal.shape[-1] == 1:
        return (Line("", "signal", steps, signal[:, 0]),)
    if signal.shape[-1] > _MOST_LINES:
        return (Line(f"mean of {signal.shape[-1]} channels", "signal", steps, signal.mean(-1)),)
    return tuple(
        Line(f"channel {number}", role, steps, signal[:, number])
        for number, role in zip(range(signal.shape[-1]), _ROLES, strict=False)
    )


def shown_pixels(images: np.ndarray) -> np.ndarray:
    """Bring images to what can be drawn: bytes, or 0 to 1, grey or in three colours.

    Values are taken to lie in one of the usual ranges, or between the lowest and the highest of
    all images, so that bytes which end far below 255 are no black picture. Bands as in `shown_bands`.

    Shape:
        (images, height, width, channels), out with 1 or 3 channels
    """
    low, high = range_of(images)
    if images.dtype == np.uint8 and high == 255 and images.shape[-1] in (1, 3):
        return images
    return shown_bands((images.astype(np.float32) - low) / (high - low))
