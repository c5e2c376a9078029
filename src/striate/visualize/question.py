"""A network with the examples it is asked about, asked for one class's score in fp32 and inference mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, final

import numpy as np
import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, LabelError, ShapeError, StateError, did_you_mean
from striate.core.shapes import check_choice, format_shape
from striate.visualize.ending import EndingWatch
from striate.visualize.probes import ModelInput, Watch, exact_products, find_layers, input_of, watch

SCORES = ("logit", "output")

# Unless told otherwise a batch holds this many examples, or this many values where they are large:
# with gradients, a network keeps some hundred times as many.
MOST_TOGETHER, MOST_VALUES = 64, 2_000_000


@final
class Question:
    """Examples for a network, and what is asked of it: the score of a class, in the graph of autograd.

    `score='logit'` asks for what goes into the softmax or sigmoid at the network's end, where
    there is one: a probability near 1 hardly moves, whatever changes, and it moves as well when
    only another class does. 'output' asks for what the network hands out. A single unit is a
    network for two classes: its score is that of class 1, and with a minus that of class 0
    (one minus it, where it is a probability and asked for).

    Shape:
        images: (examples, *axes, channels) or one example; kept in `x`
        scores: (examples, classes), classes at least 2

    Raises:
        ArgumentError: something that is no torch module; a score or batch size that is none.
        ShapeError: examples that are neither images nor signals, or none.
    """

    def __init__(self, model: Any, images: Any, *, score: str = "logit", batch_size: int | None = None):
        # What torch.compile wraps is the same network, and its calls can be seen.
        self.model: Any = getattr(model, "_orig_mod", model)
        taken = input_of(self.model)
        self.wants_logit = check_choice(score, SCORES, "score") == "logit"
        self.images = _examples(as_tensor(images).detach(), taken)
        kind = torch.float64 if taken.dtype == torch.float64 else torch.float32
        self.x = self.images.to(taken.device, kind)
        fits = max(1, min(MOST_TOGETHER, MOST_VALUES // self.x[0].numel()))
        self.batch_size = fits if batch_size is None else whole_number("batch_size", batch_size)
        names = getattr(self.model, "class_names", None)
        self.class_names: tuple[str, ...] = tuple(map(str, names or ()))
        # What stands at the end, and whether one unit does; known after the first run.
        self.ending: str | None = None
        self.single_unit = False
        self.seen: Watch | None = None

    @contextmanager
    def running(self, layers: Sequence[Any] = ()) -> Iterator[Watch]:
        """Be ready to ask, with gradients; the network is as it was when the with-block is left."""
        before = self.seen
        # The way back as well: a layer's own backward step would follow the caller's autocast.
        exact = exact_products(), torch.autocast(self.x.device.type, enabled=False)
        with watch(self.model, list(layers)) as seen, torch.enable_grad(), exact[0], exact[1]:
            self.seen = seen
            try:
                yield seen
            finally:
                self.seen = before

    def shapes_in_order(self) -> dict[str, tuple[int, ...]]:
        """Name the layers in the order in which they run, with their outputs' shapes for one example."""
        with self.running(find_layers(self.model)) as seen, torch.no_grad():
            self.scores(self.x[:1])
            return {name: tuple(one.shape) for name, one in seen.maps.items()}

    def scores(self, x: torch.Tensor) -> torch.Tensor:
        """Ask for the scores of all classes, inside `running`.

        Raises:
            ShapeError: the network does not answer with one row of classes an example.
            StateError: outside `running`.
        """
        if self.seen is None:
            raise StateError("a question is asked inside `with question.running():`.")
        with EndingWatch() as ending:
            answer = self.seen.run(x)
        if not isinstance(answer, torch.Tensor) or answer.ndim not in (1, 2):
            got = format_shape(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
            raise ShapeError(
                "an answer is explained for networks that give one row of classes for each example, "
                f"(examples, classes); this one gives {got}."
            )
        found = ending.before(answer)
        self.ending = None if found is None else found[0]
        scores = answer if found is None or not self.wants_logit else found[1]
        scores = scores.reshape(len(x), -1)
        self.single_unit = scores.shape[1] == 1
        if not self.single_unit:
            return scores
        against = 1 - scores if self.ending == "sigmoid" and not self.wants_logit else -scores
        return torch.cat([against, scores], dim=1)

    def chosen(self, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Ask for one class's score each: (examples,)."""
        return self.scores(x).gather(1, target[:, None])[:, 0]

    def chosen_in_batches(self, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The same without gradient, a batch at a time."""
        with torch.no_grad():
            parts = zip(x.split(self.batch_size), target.split(self.batch_size), strict=True)
            return torch.cat([self.chosen(part, wanted) for part, wanted in parts])

    def all_scores(self) -> torch.Tensor:
        """Ask for all scores of the examples, without gradient, a batch at a time."""
        with torch.no_grad():
            return torch.cat([self.scores(part) for part in self.x.split(self.batch_size)])


def whole_number(name: str, value: Any) -> int:
    """Hand back a whole number from 1 up.

    Raises:
        ArgumentError: anything else.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < 1:
        raise ArgumentError(f"{name} is a whole number from 1 up; got {value!r}.")
    return int(value)


def _examples(images: torch.Tensor, taken: ModelInput) -> torch.Tensor:
    """Bring one example, or grey ones without an axis for the channel, to (examples, *axes, channels)."""
    wanted = taken.shape
    if len(wanted) in (2, 3) and images.ndim == len(wanted):
        grey = wanted[-1] == 1 and images.shape[-1] != 1
        images = images[..., None] if grey else images[None]
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise ShapeError(
            "why a network gives an answer is shown for images (examples, height, width, channels) and for "
            f"signals (examples, steps, channels); got {format_shape(images.shape)}."
        )
    # Of a torch module the channels are a guess, so only what is certainly turned is refused here.
    if len(wanted) == images.ndim - 1 and images.shape[-1] != wanted[-1] == images.shape[1]:
        raise ShapeError(
            f"the network takes {wanted[-1]} channels, and they stand last here; "
            f"got {format_shape(images.shape)}. Turn the axes: numpy.moveaxis(images, 1, -1)."
        )
    return images


def settle_targets(question: Question, target: Any, scores: torch.Tensor) -> torch.Tensor:
    """Turn what a person asked for into a class number an example; None means the predicted class.

    Raises:
        LabelError: a class that there is not, or another number of classes than of examples.
    """
    count, classes = scores.shape
    if target is None:
        return scores.argmax(1)
    if isinstance(target, torch.Tensor):
        target = target.tolist()
    several = isinstance(target, (Sequence, np.ndarray)) and not isinstance(target, str)
    # As objects: an array of names and numbers would turn the numbers into text.
    wanted = list(np.asarray(target, object).reshape(-1)) if several else [target]
    numbers = [_class_number(question.class_names, one, classes) for one in wanted]
    if len(numbers) not in (1, count):
        raise LabelError(f"target is one class, or one for each of {count} examples; got {len(numbers)}.")
    return torch.tensor(numbers * (count if len(numbers) == 1 else 1), device=scores.device)


def _class_number(names: tuple[str, ...], wanted: Any, classes: int) -> int:
    listed = f"The network has {classes} classes" + (f": {', '.join(names)}." if names else ".")
    if isinstance(wanted, str):
        if wanted not in names:
            raise LabelError(
                f"the network has no class called {str(wanted)!r}.{did_you_mean(wanted, names)} {listed}"
            )
        return names.index(wanted)
    if isinstance(wanted, (bool, np.bool_)) or not hasattr(wanted, "__index__"):
        raise LabelError(f"target is a class number or a class name; got {wanted!r}. {listed}")
    if not 0 <= int(wanted) < classes:
        raise LabelError(f"target is a class number from 0 to {classes - 1}; got {int(wanted)}. {listed}")
    return int(wanted)
