"""The input that a network takes for a class: found from nothing, or by changing a real one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import torch
from torch.nn import functional as F

from striate.core.errors import ShapeError
from striate.core.shapes import format_shape
from striate.visualize.ascent import Ascent, Scale, chances, climb, settle_input
from striate.visualize.base import Sheet
from striate.visualize.example import with_bands
from striate.visualize.fourier import Waves
from striate.visualize.input_panels import input_panel
from striate.visualize.probes import input_of
from striate.visualize.question import Question, settle_targets, whole_number
from striate.visualize.transformations import Robustness, usual_robustness

# The search is content when a class's logit lies so far above all others together: 99.9%.
_CONTENT = 7.0
# Stronger than for filters, as the search has an end here; a real input is held on to harder still.
_RESTRAINT: dict[str, Any] = {"learning_rate": 0.03, "smoothness": 5.0, "moderation": 1.0}
# An input counts as found from this probability on; shifted, it must still be the likelier answer.
_FOUND, _HELD = 0.95, 0.5
# Shifts under which what was found is tried again, in pixels or steps.
SHIFT = 2


@final
@dataclass(frozen=True, eq=False)
class ClassInputs:
    """Inputs that were found for classes, with how sure the network is of each.

    Shape:
        images: (classes, *axes, channels), in the model's own range of values
        probabilities: (classes,); `shifted`: (classes,), the lowest under shifts of up to 2
        pixels along each axis; `before`: (classes,), of what the search began with
        start: (*axes, channels), the input that was changed; None where there was none
    """

    images: np.ndarray
    probabilities: np.ndarray
    shifted: np.ndarray
    before: np.ndarray
    classes: tuple[int, ...]
    names: tuple[str, ...]
    start: np.ndarray | None
    value_range: tuple[Any, Any]

    @property
    def sheet(self) -> Sheet:
        """The picture: the inputs side by side, the real one first, those that were not found marked."""
        panels = []
        for place, (image, name) in enumerate(zip(self.images, self.names, strict=True)):
            note = f"{self.probabilities[place]:.1%}, shifted {self.shifted[place]:.1%}"
            failing = self._failing(place)
            words: dict[str, Any] = {"title": name, "note": f"{note}\n{failing}" if failing else note}
            panels.append(input_panel(image, *self.value_range, mark="wrong" if failing else "", **words))
        if self.start is not None:
            panels.insert(0, input_panel(self.start, *self.value_range, title="the real one"))
        return Sheet(
            title="What the network takes for each class",
            caption=with_bands(self._caption(), self.images.shape[1:]),
            panels=tuple(panels),
            columns=min(5, len(panels)) if self.start is None else min(6, len(panels)),
        )

    def _failing(self, place: int) -> str:
        if self.probabilities[place] < _FOUND:
            return "not found"
        return "lost when shifted" if self.shifted[place] < _HELD else ""

    def _caption(self) -> str:
        text = "Each input was sought from noise" if self.start is None else "The first input was changed"
        text += ", to be taken for the class above it. Below stands how probable the network holds that "
        text += f"class, and the least of it when the input is shifted by up to {SHIFT} pixels or steps. "
        failing = [self._failing(place) for place in range(len(self.names))]
        lost, missed = failing.count("lost when shifted"), failing.count("not found")
        held = len(failing) - lost - missed
        text += f"{held} of {len(failing)} were found and bear the shifts"
        text += f"; {missed} not found (below {_FOUND:.0%})" if missed else ""
        text += f"; {lost} lost when shifted (below {_HELD:.0%})" if lost else ""
        return f"{text}."


def class_output(model: Any, classes: Any = None, start: Any = None, **options: Any) -> Sheet:
    """Show the input that a network takes for each class; see `find_class_inputs` for the arguments.

    >>> from striate.applications import net_c
    >>> len(class_output(net_c(), [0, 3], steps=2).panels)
    2
    """
    return find_class_inputs(model, classes, start, **options).sheet


def find_class_inputs(
    model: Any,
    classes: Any = None,
    start: Any = None,
    *,
    size: Any = None,
    value_range: Any = None,
    batch_size: int = 32,
    **search: Any,
) -> ClassInputs:
    """Find for each class, all unless told, an input that the network surely takes for it.

    The search goes up from noise or, with `start`, from a real input, which changes as little as
    it must. It climbs the class's logit above all others, and is content at 99.9%, so that what
    is left goes into a plain picture. `search` holds the arguments of `Ascent`: steps, seed,
    smoothness, moderation, robustness.

    (Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", 2014, section 2; they
    climb the logit alone.)

    Shape:
        start: one input (*axes, channels); out: see `ClassInputs`

    Raises:
        LabelError: a class that there is not.
        ShapeError: a network that does not answer with classes, a start of another shape, or
            inputs of unknown size.

    >>> from striate.applications import net_c
    >>> find_class_inputs(net_c(), [0, 3], steps=2).images.shape
    (2, 32, 32, 3)
    """
    plan = Ascent(**(_RESTRAINT | ({} if start is None else {"moderation": 5.0}) | search))
    shape, scale = settle_input(input_of(model), size, value_range)
    if plan.robustness is None:
        plan = replace(plan, robustness=_robustness(shape[:-1]))
    began = None if start is None else _read_start(start, shape)
    question = Question(
        model, np.zeros((1, *shape), np.float32), batch_size=whole_number("batch_size", batch_size)
    )
    with question.running():
        scores = question.all_scores()
        wanted = _wanted(question, classes, scores)
        hunt = _Hunt(question, plan, scale, shape, began)
        parts = [
            hunt.run(wanted[at : at + question.batch_size])
            for at in range(0, len(wanted), question.batch_size)
        ]
    images, sure, shifted, before = (np.concatenate(part) for part in zip(*parts, strict=True))
    names = question.class_names or tuple(f"class {number}" for number in range(scores.shape[1]))
    return ClassInputs(
        images=images,
        probabilities=sure,
        shifted=shifted,
        before=before,
        classes=tuple(wanted),
        names=tuple(names[number] for number in wanted),
        start=began,
        value_range=(scale.low, scale.high),
    )


def _robustness(sizes: tuple[int, ...]) -> Robustness:
    """What inputs of this size can bear, but the shifts that will be tried at the least."""
    usual = usual_robustness(sizes)
    return replace(usual, jitter=max(usual.jitter, SHIFT)) if usual.jitter else usual


def _read_start(start: Any, shape: tuple[int, ...]) -> np.ndarray:
    given = np.asarray(start, dtype=np.float32)
    if given.shape == shape[:-1] and shape[-1] == 1:
        given = given[..., None]
    if given.shape != shape:
        raise ShapeError(
            f"start is one input of the network, {format_shape(shape)}; got {format_shape(given.shape)}."
        )
    return given


def _wanted(question: Question, classes: Any, scores: torch.Tensor) -> list[int]:
    if classes is None:
        return list(range(scores.shape[1]))
    each = [classes] if isinstance(classes, str) or hasattr(classes, "__index__") else list(classes)
    return [int(settle_targets(question, one, scores)[0]) for one in each]


@final
@dataclass
class _Hunt:
    """The searches for some classes at once."""

    question: Question
    plan: Ascent
    scale: Scale
    shape: tuple[int, ...]
    start: np.ndarray | None

    def run(self, classes: Sequence[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Find the inputs of these classes: images, probabilities, the lowest when shifted, those before."""
        device = self.question.x.device
        chance = chances(self.plan.seed, [(number,) for number in classes])
        waves = Waves(self.shape, chance, device)
        if self.start is not None:
            shares = torch.tensor(self.scale.to_shares(self.start), device=device)
            waves.begin_from(shares.expand(len(classes), *shares.shape))
        target = torch.tensor(classes, device=device)

        def score(values: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
            return -F.softplus(_CONTENT - self._margin(values, target))

        with torch.no_grad():
            before = self._margin(self.scale.to_values(waves.values()), target).sigmoid()
        images = climb(score, waves, self.plan, chance, self.scale)
        with torch.no_grad():
            sure = self._margin(images, target).sigmoid()
            shifted = torch.stack([self._margin(moved, target).sigmoid() for moved in _shifts(images)]).amin(
                0
            )
        return images.cpu().numpy(), sure.cpu().numpy(), shifted.cpu().numpy(), before.cpu().numpy()

    def _margin(self, values: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Say how far the class's logit lies above all others together: the log odds of the class."""
        scores = self.question.scores(values).float()
        if self.question.single_unit:
            # The logit of one unit is the log odds of its class already; the other's is its negative.
            return scores.gather(1, target[:, None])[:, 0]
        own = F.one_hot(target, scores.shape[1]).bool()
        return scores[own] - scores.masked_fill(own, -math.inf).logsumexp(1)


def _shifts(images: torch.Tensor) -> list[torch.Tensor]:
    """Shift by up to 2 places along each axis, in all ways."""
    reach = range(-SHIFT, SHIFT + 1)
    ways = [(across, down) for across in reach for down in (reach if images.ndim == 4 else (0,))]
    moving = Robustness(jitter=SHIFT)
    return [moving.apply(images, np.tile([0.0, 1.0, *way], (len(images), 1))) for way in ways]
