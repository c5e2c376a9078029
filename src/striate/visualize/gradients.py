"""Attribution by gradients: what a small change of each input value does to a class's score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError
from striate.visualize.fill import filled
from striate.visualize.finding import Finding, axes_behind_batch, explain_blanks
from striate.visualize.probes import override
from striate.visualize.question import Question, whole_number

# Part of the score's change that integrated gradients may miss before the note says so.
_ERROR_TO_MENTION = 0.05

_FLAT = (
    "units are switched off or saturated, so no small change of the input is felt. "
    "Occlusion shows what larger changes do."
)

Asked = tuple[Question, torch.Tensor, torch.Tensor]


def input_gradient(question: Question, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Differentiate each example's score by its input, a batch at a time.

    Shape:
        x: (examples, *axes, channels), out the same; target: (examples,)

    Raises:
        ArgumentError: nothing that can be differentiated leads from the input to the score.
    """
    parts = zip(x.split(question.batch_size), target.split(question.batch_size), strict=True)
    return torch.cat([_gradient_of_batch(question, part, wanted) for part, wanted in parts])


def _gradient_of_batch(question: Question, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    x = x.detach().requires_grad_()
    total = question.chosen(x, target).sum()
    gradient = torch.autograd.grad(total, x, allow_unused=True)[0] if total.requires_grad else None
    if gradient is None:
        raise ArgumentError(
            "the score does not follow from the input by steps that have a gradient: whole numbers, as an "
            "Embedding takes, or a network that cuts the graph. method='occlusion' needs no gradient."
        )
    return gradient


def largest(channels: torch.Tensor) -> torch.Tensor:
    """The largest size of any channel at each place."""
    return channels.abs().amax(-1)


def _finding(
    asked: Asked, gradient: torch.Tensor, channels: torch.Tensor, values: torch.Tensor, **more: Any
) -> Finding:
    """Make a finding of a gradient, blank where a change as large as the input's range is not felt."""
    question, _, scale = asked
    axes = axes_behind_batch(gradient)
    span = question.x.amax(axes) - question.x.amin(axes)
    effect = gradient.abs().amax(axes) * torch.where(span > 0, span, 1)
    return Finding(values, explain_blanks(effect, scale, "the gradient", _FLAT), channels, **more)


def saliency(asked: Asked) -> Finding:
    """The gradient itself; a place's value is the largest size of its channels.

    (Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", 2014, section 3.1.)
    """
    question, target, _ = asked
    gradient = input_gradient(question, question.x, target)
    return _finding(asked, gradient, gradient, largest(gradient))


def gradient_x_input(asked: Asked) -> Finding:
    """The gradient times the input; a place's value is the sum of its channels.

    (Shrikumar, Greenside, Shcherbina and Kundaje, "Not just a black box", 2016.)
    """
    question, target, _ = asked
    gradient = input_gradient(question, question.x, target)
    channels = gradient * question.x
    return _finding(asked, gradient, channels, channels.sum(-1))


def smooth_grad(
    asked: Asked, samples: int = 32, noise: float = 0.15, generator: torch.Generator | None = None
) -> Finding:
    """The mean gradient over noisy copies; `noise` is a share of each example's range of values.

    (Smilkov, Thorat, Kim, Viégas and Wattenberg, "SmoothGrad", 2017, equation 1.)

    Raises:
        ArgumentError: no samples, or a negative noise.
    """
    question, target, _ = asked
    whole_number("samples", samples)
    if not noise >= 0:
        raise ArgumentError(f"noise is a share of the example's range, 0 or more; got {noise!r}.")
    axes = axes_behind_batch(question.x)
    span = question.x.amax(axes, keepdim=True) - question.x.amin(axes, keepdim=True)

    def noisy(x: torch.Tensor, number: int) -> torch.Tensor:
        # Drawn on the CPU: the same noise on every device.
        drawn = torch.randn(x.shape, generator=generator, dtype=x.dtype)
        return x + noise * span * drawn.to(x.device)

    gradient = _mean_gradient(question, target, [1 / samples] * samples, noisy)
    note = f"mean of {samples} gradients, with noise of {noise:.0%} of the input's range"
    return _finding(asked, gradient, gradient, largest(gradient), notes=(note,))


def integrated_gradients(asked: Asked, baseline: Any = "zero", steps: int = 64) -> Finding:
    """The gradient along the straight way from a baseline, times the way; a place sums its channels.

    All values together make the score's change from baseline to input; `error` is what is
    missing, as a share of that change. The integral is taken at Gauss and Legendre's points.
    (Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", 2017, equation 1.)

    Raises:
        ArgumentError: no steps, or a baseline that is not known or does not fit.
    """
    question, target, scale = asked
    whole_number("steps", steps)
    start = filled(question.x, baseline, "baseline")
    way = question.x - start
    points, weights = np.polynomial.legendre.leggauss(steps)
    gradient = _mean_gradient(
        question, target, (weights / 2).tolist(), lambda x, number: start + (points[number] + 1) / 2 * way
    )
    channels = gradient * way
    axes = axes_behind_batch(channels)
    before, after = (question.chosen_in_batches(x, target) for x in (start, question.x))
    # In double precision: the sum of a million values is compared with one number.
    missing = (channels.double().sum(axes) - (after - before).double()).abs()
    # Where the score hardly changes, the values themselves say what is small.
    change = torch.maximum((after - before).abs(), 0.01 * channels.abs().sum(axes))
    error = torch.where(missing > 0, missing / change.double(), 0.0).float()
    note = f"from a baseline of {_in_words(baseline)}; {steps} steps miss {error.max():.1%} of the change"
    if error.max() > _ERROR_TO_MENTION:
        note += ": more steps will come nearer"
    blank = explain_blanks(
        channels.abs().sum(axes), scale, "the integral of the gradient",
        "on the whole way from the baseline no change of the input is felt.",
    )  # fmt: skip
    return Finding(channels.sum(-1), blank, channels, (note,), error=error)


def guided_backpropagation(asked: Asked) -> Finding:
    """The gradient, of which each ReLU passes back the positive part alone, where it was open.

    A place's value is the largest size of its channels. It draws sharp edges, and may draw
    them whatever the network learned: `check_attribution` says whether it does here.
    (Springenberg, Dosovitskiy, Brox and Riedmiller, "Striving for simplicity", 2015, section 3.4.)
    """
    question, target, _ = asked
    seen = 0

    def positive_alone(inputs: torch.Tensor, gradient: torch.Tensor, ordinary: torch.Tensor) -> torch.Tensor:
        nonlocal seen
        seen += 1
        return ordinary.clamp(min=0)

    with override(positive_alone):
        gradient = input_gradient(question, question.x, target)
    notes = () if seen else ("no ReLU stands between input and score, so this is the plain gradient",)
    return _finding(asked, gradient, gradient, largest(gradient), notes=notes)


def _mean_gradient(
    question: Question,
    target: torch.Tensor,
    weights: list[float],
    changed: Callable[[torch.Tensor, int], torch.Tensor],
) -> torch.Tensor:
    """Add up the weighted gradients at many changed copies, several copies a batch."""
    count = len(question.x)
    together = max(1, question.batch_size // count)
    total = torch.zeros_like(question.x)
    for first in range(0, len(weights), together):
        numbers = range(first, min(first + together, len(weights)))
        copies = torch.cat([changed(question.x, number) for number in numbers])
        gradients = input_gradient(question, copies, target.repeat(len(numbers)))
        for number, gradient in zip(numbers, gradients.split(count), strict=True):
            total += weights[number] * gradient
    return total


def _in_words(baseline: Any) -> str:
    words = {"zero": "zeros", "mean": "each channel's mean", "blur": "the blurred input"}
    if isinstance(baseline, str):
        return words[baseline]
    return f"{baseline:g}" if isinstance(baseline, (int, float)) else "the array given"
