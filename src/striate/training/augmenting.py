"""Fresh random copies of the training examples, made as each batch is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from striate.augment import Augment, example_keys, preset
from striate.core.errors import ArgumentError, LabelError
from striate.core.shapes import format_shape
from striate.core.tree import leaves
from striate.datasets.value_range import settle_range
from striate.training.checks import value_range

_KINDS = {3: "image", 2: "signal"}


@dataclass(frozen=True)
class BatchChange:
    """What is done to the batches of one training: an augmentation and the seed of its draws.

    The parameters of an example depend on the seed, the epoch and the example's number alone, so
    a batch of another size or order gets the same pictures.
    """

    augment: Augment
    seed: int

    @property
    def mixes(self) -> bool:
        """Whether an example's result depends on the others of its batch."""
        return self.augment.mixes

    def __call__(self, inputs: Any, targets: Any, numbers: np.ndarray, epoch: int) -> tuple[Any, Any]:
        """Change a batch's inputs, and its labels where examples are mixed.

        Raises:
            LabelError: examples are mixed, but the labels are whole numbers.
        """
        keys = example_keys(self.seed, epoch, numbers)
        changed = self.augment(inputs, keys)
        if not self.augment.mixes:
            return changed, targets
        if not isinstance(targets, torch.Tensor) or targets.ndim != 2 or targets.shape[1] < 2:
            raise LabelError(
                "MixUp and CutMix mix the labels of two examples, so each label must be a row with one "
                "number a class: use to_categorical(y) with categorical_crossentropy."
            )
        mixed, rows = self.augment.mix(changed, targets.float(), keys)
        return mixed, rows


def make_change(request: Any, x: Any = None) -> BatchChange | None:
    """Turn what `fit(augment=...)` was given into what changes its batches; None where nothing does.

    A name is that of a preset, which is chosen to suit the data: 'light', 'standard' or 'strong'.
    Without `x` the batches come from elsewhere, and nothing is known of them yet.

    Raises:
        ArgumentError: neither an Augment nor a preset's name, or data that no preset is for.
        UnknownNameError: no preset of this name.
    """
    if isinstance(request, str):
        shape = _shape_of(request, x)
        request = preset(request, _KINDS[len(shape)], shape)
        request = _in_range_of(request, x)
    if request is None:
        return None
    if not isinstance(request, Augment):
        raise ArgumentError(
            f"augment takes an Augment(...) or 'none', 'light', 'standard' or 'strong'; got {request!r:.80}."
        )
    _check_values(request, x)
    return BatchChange(request, int(torch.randint(2**62, ()).item()))


def _shape_of(request: str, x: Any) -> tuple[int, ...]:
    if x is None:
        raise ArgumentError(
            f"augment={request!r} is chosen by the shape of arrays, but the data yield batches. Name the "
            f"shape: augment=striate.augment.preset({request!r}, 'image', (32, 32, 3))."
        )
    found = [tuple(leaf.shape[1:]) for leaf in leaves(x)]
    if len(found) != 1 or len(found[0]) not in _KINDS:
        raise ArgumentError(
            f"augment={request!r} suits one input of images (height, width, channels) or signals (steps, "
            f"channels); an example here is {' and '.join(map(format_shape, found))}."
        )
    return found[0]


def _in_range_of(augment: Augment | None, x: Any) -> Augment | None:
    """The same changes for the values that the data have: 0 to 1, say, or bytes that end at 16."""
    low, high = value_range(x) or (0.0, 255.0)
    if augment is None or not low < high:
        return augment
    return Augment(*augment.changes, value_range=settle_range(low, high))


def _check_values(augment: Augment, x: Any) -> None:
    found = None if x is None or _holds_bytes(x) else value_range(x)
    judged = any("value_range" in change.arguments for change in augment.changes)
    if found is not None and judged and found[1] <= 1 < augment.value_range[1] / 16:
        raise ArgumentError(
            f"augment changes values from {augment.value_range[0]:g} to {augment.value_range[1]:g}, but the "
            f"data end at {found[1]:g}. Name their range: Augment(..., value_range=(0, 1))."
        )


def _holds_bytes(x: Any) -> bool:
    return all(str(leaf.dtype).endswith("uint8") for leaf in leaves(x))
