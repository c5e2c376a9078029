"""What the curves of a training say: under-fit, good, over-fit since epoch n, unstable, too short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from striate.diagnose.course import Course, noise_of, plural, read_course, smoothed

KINDS = ("under-fit", "good", "over-fit", "unstable", "too short", "no validation")

# Fewer epochs than this say nothing.
_FEWEST = 5
# A mean over n examples differs by chance: a loss by about itself over the root of n, as single losses
# spread about as far as they are large; so many times that is beyond chance.
_BEYOND_CHANCE = 2.0
# Validation loss has turned when it has risen from its lowest by this share of how far it had
# fallen, and by this share of itself, and by this many times its noise.
_ROSE, _ROSE_OF_ITSELF, _ROSE_OVER_NOISE = 0.1, 0.05, 2.5
# It still falls when the last quarter brought this share of the whole fall.
_STILL_FALLING = 0.06
# Noise is unrest when it is this share of the whole fall and of the loss itself; late in a training,
# when it is so large a share of what is left, and of what it began with.
_UNREST, _UNREST_OF_ITSELF = 0.2, 0.06
_LATE_UNREST, _LATE_UNREST_OF_START = 0.3, 0.04
# Two accuracies so far apart, and losses so many times apart, are a gap.
_GAP, _TIMES = 0.1, 1.8
# Training accuracy, or the share of the loss that is left, at which little has been learned.
_LITTLE_ACCURACY, _LITTLE_FALL = 0.75, 0.3

_ADVICE = {
    "under-fit": (
        "Take a larger network: more filters, or another convolution and pooling.",
        "Try a learning rate three times as large, and one three times as small: --learning-rate in the "
        "command line, learning_rate= of the optimizer in Python.",
        "Take less dropout, weight decay and augmentation: they hold back what has not learned yet.",
        "Check that labels belong to their inputs and that values are scaled to about 0 to 1.",
    ),
    "good": (
        "Measure once on test data that nothing was chosen by: `striate evaluate`, or "
        "evaluate(x_test, y_test) in Python.",
        "Look at the most confident mistakes: what is left may be wrong labels.",
    ),
    "over-fit": (
        "Use the network of the best epoch, not that of the last: `striate train` keeps it; in Python, "
        "EarlyStopping(monitor='val_loss', restore_best_weights=True).",
        "Make more of the data by augmentation: --augment standard, or fit(..., augment='standard') in "
        "Python.",
        "Add Dropout(0.5) before the dense layers, or weight decay to the optimizer.",
        "Collect more examples, or take a smaller network.",
    ),
    "unstable": (
        "Take a learning rate ten times smaller (--learning-rate, or learning_rate= of the optimizer in "
        "Python), or let it rise over the first epochs.",
        "Cut large gradients: clipnorm=1.0 in the optimizer. A larger batch calms them as well.",
        "Look for values that are not finite, or far too large, in inputs and labels.",
    ),
    "too short": (
        "Train longer, about twice as many epochs: --epochs, or fit(..., epochs=...) in Python, with "
        "EarlyStopping to end it in time.",
    ),
    "no validation": (
        "Keep a part aside: --validation-share 0.2, or fit(..., validation_split=0.2) or "
        "validation_data=(x, y) in Python.",
    ),
}


@final
@dataclass(frozen=True)
class Verdict:
    """What curves say: the kind, the epoch that it hangs on, the evidence and what to try, in sentences.

    `epoch`, counted from 1, is that with the lowest validation loss, smoothed; where the training
    is unstable, that in which it shows; None where there is none to name.
    """

    kind: str
    epoch: int | None
    evidence: list[str]
    advice: list[str]

    @property
    def words(self) -> str:
        """The verdict in a few words.

        >>> Verdict("over-fit", 10, [], []).words
        'over-fit since epoch 10'
        """
        if self.epoch is None:
            return self.kind
        if self.kind in ("over-fit", "unstable"):
            return f"{self.kind} since epoch {self.epoch}"
        return f"{self.kind}; validation loss is lowest after epoch {self.epoch}"


def read_curves(
    history: Any,
    validation_epochs: Sequence[int] | None = None,
    validation_examples: int | None = None,
) -> Verdict:
    """Judge a training by its curves of loss and accuracy.

    `history` is what `fit` returned, or its `.history`; where validation was not scored after
    every epoch, `validation_epochs` says after which, counted from 1. Curves are smoothed by
    medians and compared with their own noise, so that one lucky epoch decides nothing. With
    `validation_examples`, how many examples validation is scored on, nothing is concluded from
    what so few may show by chance. Less than 5 epochs are not judged at all.

    Raises:
        DataError: a number of examples below 1, no losses, something that is no number, or lists of
            lengths that do not fit.

    >>> loss = [1.0, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07]
    >>> read_curves({"loss": loss, "val_loss": [1.0, 0.7, 0.6, 0.65, 0.75, 0.9, 1.0, 1.1]}).words
    'over-fit since epoch 3'
    """
    course = read_course(history, validation_epochs, validation_examples)
    verdict = _broken(course)
    if verdict is None and (len(course.epochs) < _FEWEST or len(course.scored) < _FEWEST - 1):
        scored = "" if len(course.epochs) < _FEWEST else f", {len(course.scored)} of them validated,"
        are = "is" if len(course.epochs) == 1 else "are"
        done = f"{plural(len(course.epochs), 'epoch')}{scored} {are}"
        verdict = _verdict("too short", None, f"{done} too few to judge by.")
    verdict = verdict or _diverged(course) or _restless(course)
    if verdict is None and course.val_loss is None:
        text = f"Training loss went from {course.loss[0]:.3g} to {course.loss[-1]:.3g}; whether the network "
        return _verdict("no validation", None, text + "learns or only remembers, it does not say.")
    return verdict or _overfit(course) or _unfinished(course) or _underfit(course) or _good(course)


def _verdict(kind: str, epoch: Any, *evidence: str) -> Verdict:
    return Verdict(kind, None if epoch is None else int(epoch), list(evidence), list(_ADVICE[kind]))


def _broken(course: Course) -> Verdict | None:
    """Losses that are no finite numbers."""
    for name, epochs, values in (
        ("training", course.epochs, course.loss),
        ("validation", course.scored, course.val_loss),
    ):
        if values is not None and not np.isfinite(values).all():
            epoch = epochs[np.argmin(np.isfinite(values))]
            return _verdict("unstable", epoch, f"The {name} loss is no finite number in epoch {epoch}.")
    return None


def _diverged(course: Course) -> Verdict | None:
    """A training loss that ends above where it began, or leaps back up more than once."""
    loss, smooth = course.loss, smoothed(course.loss)
    start = max(loss[0], 0.0)
    if smooth[-1] > start * 1.05 + 3 * noise_of(loss):
        epoch = course.epochs[int(np.argmin(smooth))]
        text = f"Training loss ends at {smooth[-1]:.3g}, above the {loss[0]:.3g} that it began with."
        return _verdict("unstable", epoch, text)
    lowest = np.minimum.accumulate(loss)[:-1]
    fell = loss[0] - lowest
    leaps = (fell > 0.2 * abs(loss[0])) & (loss[1:] - lowest > 0.5 * fell)
    if leaps.sum() < 2:
        return None
    epoch = course.epochs[1:][leaps][0]
    text = f"Training loss leaps back up by more than half of its fall in {plural(int(leaps.sum()), 'epoch')}"
    return _verdict("unstable", epoch, f"{text}, first in {epoch}.")


def _restless(course: Course) -> Verdict | None:
    """A loss that jumps about more than it falls."""
    for name, epochs, values, times in (
        ("Training", course.epochs, course.loss, 1.0),
        ("Validation", course.scored, course.val_loss, 1.5),
    ):
        if values is None:
            continue
        noise, smooth, late = noise_of(values), smoothed(values), values[len(values) // 2 :]
        usual = float(np.median(abs(values)))
        restless = noise > times * max(_UNREST * np.ptp(smooth), _UNREST_OF_ITSELF * usual)
        noise_late, left = noise_of(late), times * _LATE_UNREST * np.median(abs(late))
        restless_late = noise_late > max(left, times * _LATE_UNREST_OF_START * abs(values[0]))
        by_chance = course.chance_of_loss(usual) if name == "Validation" else 0.0
        if (restless or restless_late) and max(noise, noise_late) > by_chance:
            noise = max(noise, noise_late)
            epoch = epochs[int(np.argmax(np.abs(values - smooth) > noise))]
            text = f"{name} loss jumps by about {noise:.2g} from epoch to epoch"
            return _verdict("unstable", epoch, f"{text}, beside {np.ptp(smooth):.2g} that it moves in all.")
    return None


def _overfit(course: Course) -> Verdict | None:
    """A validation loss that turned, or stands still far above a training loss that goes on falling."""
    losses, smooth, best = _validation(course)
    training = course.loss_when_scored()
    falls_on = smoothed(training)[-1] < 0.98 * smoothed(training)[best]
    fell, rise = max(smooth[0] - smooth.min(), 0.0), smooth[-1] - smooth.min()
    by_chance = max(_ROSE_OVER_NOISE * noise_of(losses), _by_chance(course))
    if falls_on and rise > max(_ROSE * fell, _ROSE_OF_ITSELF * abs(smooth.min()), by_chance):
        epoch = course.scored[best]
        text = (
            f"Validation loss is lowest after epoch {epoch}, {losses[best]:.3g}, and ends at {losses[-1]:.3g}"
        )
        went = f", while training loss falls on from {training[best]:.3g} to {training[-1]:.3g}."
        return _verdict("over-fit", epoch, text + went, *_gap(course))
    apart = smooth[-1] - _by_chance(course) > _TIMES * smoothed(training)[-1] > 0
    gap = _accuracy_gap(course)
    by_few = _BEYOND_CHANCE * course.chance_of_accuracy()
    if apart and (gap is None or gap > _GAP + by_few) and not _still_falls(losses):
        # Since when all but a little of the fall was done.
        epoch = course.scored[int(np.argmax(smooth <= smooth.min() + 0.1 * fell))]
        text = (
            f"Validation loss hardly falls after epoch {epoch} and ends at {losses[-1]:.3g}, while training "
        )
        return _verdict("over-fit", epoch, f"{text}loss goes on to {training[-1]:.3g}.", *_gap(course))
    return None


def _unfinished(course: Course) -> Verdict | None:
    """A validation loss that is still on its way down."""
    losses, _, best = _validation(course)
    if not _still_falls(losses):
        return None
    quarter = _quarter(losses)
    last, before = losses[-quarter:].mean(), losses[-2 * quarter : -quarter].mean()
    when = f"over the last {quarter} epochs scored" if quarter > 1 else "in the last epoch scored"
    text = f"Validation loss still falls: it is {last:.3g} {when}, {before:.3g} before."
    return _verdict("too short", course.scored[best], text, *_gap(course))


def _underfit(course: Course) -> Verdict | None:
    """Curves that have come to rest where little has been learned, and no gap between them."""
    smooth = smoothed(course.loss)
    epoch = course.scored[_validation(course)[2]]
    fall = (course.loss[0] - smooth.min()) / max(abs(course.loss[0]), 1e-12)
    if course.accuracy is None:
        if fall >= _LITTLE_FALL:
            return None
        return _verdict(
            "under-fit", epoch, f"Training loss has fallen by {fall:.0%} only and falls no further."
        )
    accuracy = smoothed(course.accuracy)[-1]
    if accuracy >= _LITTLE_ACCURACY or (_accuracy_gap(course) or 0.0) > _GAP:
        return None
    text = f"Training accuracy stands still at {accuracy:.1%}, on the very examples that were learned from."
    return _verdict("under-fit", epoch, text, *_gap(course))


def _good(course: Course) -> Verdict:
    losses, _, best = _validation(course)
    training, rise = course.loss[-1], losses[-1] - losses[best]
    text = f"Validation loss comes to rest at {losses[-1]:.3g}, beside a training loss of {training:.3g}"
    turned = ": it has not turned up."
    if course.validation_examples is not None and rise > _ROSE_OF_ITSELF * abs(losses[best]):
        few = plural(course.validation_examples, "validation example")
        turned = (
            f". It was {losses[best]:.3g} after epoch {course.scored[best]}; with {few} that may be chance."
        )
    return _verdict("good", course.scored[best], text + turned, *_gap(course))


def _by_chance(course: Course) -> float:
    """How far the validation loss may rise from its lowest by chance, having so few examples."""
    return _BEYOND_CHANCE * course.chance_of_loss(float(_validation(course)[1].min()))


def _validation(course: Course) -> tuple[np.ndarray, np.ndarray, int]:
    """The validation loss, the same smoothed, and the place where it is lowest."""
    losses = course.val_loss if course.val_loss is not None else course.loss
    smooth = smoothed(losses)
    # Medians move a sharp turn by an epoch or two, so the lowest value around theirs is taken.
    first = max(0, int(np.argmin(smooth)) - 2)
    return losses, smooth, first + int(np.argmin(losses[first : first + 5]))


def _quarter(values: np.ndarray) -> int:
    return max(1, len(values) // 4)


def _still_falls(losses: np.ndarray) -> bool:
    """Whether the last quarter lies below the one before it, by more than noise can make."""
    quarter = _quarter(losses)
    last, before = losses[-quarter:].mean(), losses[-2 * quarter : -quarter].mean()
    by_chance = 2 * noise_of(losses) * np.sqrt(2 / quarter)
    enough = max(_STILL_FALLING * np.ptp(smoothed(losses)), 0.02 * abs(last), by_chance)
    return bool(before - last > enough)


def _accuracy_gap(course: Course) -> float | None:
    if course.accuracy is None or course.val_accuracy is None:
        return None
    return float(smoothed(course.accuracy)[-1] - smoothed(course.val_accuracy)[-1])


def _gap(course: Course) -> list[str]:
    gap = _accuracy_gap(course)
    if gap is None or course.accuracy is None or course.val_accuracy is None:
        return []
    ends = smoothed(course.accuracy)[-1], smoothed(course.val_accuracy)[-1]
    return [f"Accuracy ends at {ends[0]:.1%} in training and {ends[1]:.1%} in validation."]
