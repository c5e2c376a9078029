"""Random changes put together: drawn from keys, carried out on whole batches, and replayable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, cast

import numpy as np
import torch
from PIL import Image

from striate.augment import batches, preview, registry
from striate.augment.base import (
    FILL_MODES,
    INTERPOLATIONS,
    Change,
    Geometric,
    Mixing,
    Parameters,
    Photometric,
)
from striate.augment.keys import Chance, example_keys
from striate.augment.older_words import FINISHING, Finish, changes_from_words
from striate.augment.photometric import as_value_range
from striate.augment.warp import Filling
from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import check_choice, format_shape

_BYTES = (0.0, 255.0)


@dataclass(frozen=True)
class Draw:
    """What was drawn for a batch: apply it again, to the same examples or to others of their shape.

    `parameters` holds, for each change of the `Augment`, its arrays with the examples in front.
    """

    shape: tuple[int, ...]
    keys: np.ndarray
    parameters: tuple[Parameters, ...]

    def __len__(self) -> int:
        return len(self.keys)

    def part(self, start: int, stop: int) -> Draw:
        """The draw of the examples from `start` up to `stop`."""
        cut = tuple({name: array[start:stop] for name, array in each.items()} for each in self.parameters)
        return replace(self, keys=self.keys[start:stop], parameters=cut)


class Augment:
    """Makes fresh random copies of training examples.

    Takes changes, and the words of the older image generator (`rotation_range=15`,
    `horizontal_flip=True`: see `older_words.py`). Everything geometric in them becomes one matrix
    and one resampling an image, everything photometric one pass; then rectangles are erased.
    Bytes stay bytes, floats stay floats and lie in `value_range` (0 to 255 unless the changes say
    otherwise; bytes lie there too if it is given here); other whole numbers are worked on as floats
    and rounded.

    `fill_mode`, `fill_value` and `interpolation` hold for all changes that name none of their own.

    Shape:
        (examples, height, width, channels) images or (examples, steps, channels) signals;
        the same comes out, but for RandomCrop.

    Raises:
        ArgumentError: something that is no change, a word that is not known, ranges that differ.

    >>> from striate.augment import RandomFlip, example_keys
    >>> images = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    >>> augment = Augment(RandomFlip("horizontal"), rotation_range=10)
    >>> augment(images, example_keys(seed=0, epoch=0, indices=[0])).shape
    (1, 2, 2, 3)
    """

    def __init__(
        self,
        *changes: Change,
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        interpolation: str = "bilinear",
        value_range: tuple[float, float] | None = None,
        **older_words: Any,
    ):
        for change in changes:
            if not isinstance(change, Change):
                raise ArgumentError(
                    f"Augment takes changes such as RandomFlip('horizontal'); got {change!r}."
                )
        words = dict(older_words)
        self.fill_mode = check_choice(fill_mode, FILL_MODES, "Augment: fill_mode")
        self.fill_value = words.get("cval", fill_value)
        self.interpolation = check_choice(interpolation, INTERPOLATIONS, "Augment: interpolation")
        self.changes: tuple[Change, ...] = (*changes, *changes_from_words(words))
        self.finish = Finish(**{name: words[name] for name in FINISHING if name in words})
        self.value_range = _one_range(self.changes, value_range)
        # Bytes fill their range unless the person says that theirs do not, as digits of 0 to 16.
        self.byte_range = _BYTES if value_range is None else self.value_range

    @property
    def mixes(self) -> bool:
        """Whether examples of a batch are put together, which changes their answers: see `mix`."""
        return any(isinstance(change, Mixing) for change in self.changes)

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of an example of this shape after all changes.

        Raises:
            ShapeError: examples that one of the changes cannot work on.
        """
        for change in self.changes:
            if isinstance(change, Geometric):
                change.check_shape(shape)
                shape = change.output_shape(shape)
        for change in self.changes:
            change.check_shape(shape)
        return shape

    def draw(self, keys: np.ndarray, shape: tuple[int, ...]) -> Draw:
        """Draw what happens to examples with these keys and this shape (of one example).

        Raises:
            ShapeError: examples that one of the changes cannot work on.
        """
        keys, current = np.atleast_1d(np.asarray(keys, np.uint64)), tuple(shape)
        after = self.output_shape(current)
        parameters: list[Parameters] = []
        for stream, change in enumerate(self.changes):
            if isinstance(change, Mixing):
                parameters.append({})
            elif isinstance(change, Geometric):
                parameters.append(change.draw(Chance(keys, stream), current))
                current = change.output_shape(current)
            else:
                parameters.append(change.draw(Chance(keys, stream), after))
        return Draw(tuple(shape), keys, tuple(parameters))

    def apply(self, x: Any, draw: Draw) -> Any:
        """Carry out what was drawn on a batch, an array or a tensor; `x` is left as it is.

        Raises:
            ShapeError: another shape or number of examples than was drawn for.
            DataError: values that are no numbers.
        """
        if tuple(x.shape) != (len(draw), *draw.shape):
            raise ShapeError(
                f"this draw is for {len(draw)} examples of shape {format_shape(draw.shape)}; "
                f"got a batch of shape {format_shape(tuple(x.shape))}."
            )
        plan = batches.plan(
            list(zip(self.changes, draw.parameters, strict=True)),
            draw.shape,
            Filling(self.fill_mode, self.fill_value, self.interpolation),
            self.byte_range if str(x.dtype).endswith("uint8") else self.value_range,
            self.finish,
        )
        return batches.carry_out(x, plan)

    def __call__(self, x: Any, keys: np.ndarray) -> Any:
        """Draw for these keys and carry it out."""
        return self.apply(x, self.draw(keys, tuple(x.shape[1:])))

    def mix(self, x: Any, y_rows: Any, keys: np.ndarray) -> tuple[Any, Any]:
        """Put examples of a batch together, and their answers in the same proportion.

        Partners are chosen by the keys alone: the same examples meet in whatever order they come.

        Shape:
            x: (examples, ...); y_rows: (examples, ...) float, such as one-hot rows.

        Raises:
            ArgumentError: answers that are whole numbers, which cannot be halved.
        """
        if not self.mixes:
            return x, y_rows
        is_tensor = isinstance(y_rows, torch.Tensor)
        if not (y_rows.is_floating_point() if is_tensor else np.asarray(y_rows).dtype.kind == "f"):
            raise ArgumentError(
                "MixUp and CutMix need answers that can be mixed: float rows such as "
                f"striate.utils.to_categorical makes; got {y_rows.dtype}."
            )
        for stream, change in enumerate(self.changes):
            if isinstance(change, Mixing):
                x, y_rows = batches.mix(change, x, y_rows, Chance(keys, stream))
        return x, y_rows

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this object again, as JSON holds them.

        Raises:
            ArgumentError: there is a preprocessing_function, which no file can hold.
        """
        return {
            "changes": [registry.serialize(change) for change in self.changes],
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "interpolation": self.interpolation,
            "value_range": list(self.value_range),
            "byte_range": list(self.byte_range),
            **self.finish.get_config(),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make the object that `get_config` described; `custom_objects` names a person's own changes.

        Raises:
            UnknownNameError: a change that is not known.
        """
        arguments = dict(config)
        changes = [registry.deserialize(each, custom_objects) for each in arguments.pop("changes")]
        arguments["value_range"] = tuple(arguments["value_range"])
        byte_range = tuple(arguments.pop("byte_range", _BYTES))
        made = cls(*changes, **arguments)
        made.byte_range = (float(byte_range[0]), float(byte_range[1]))
        return made

    def describe(self) -> str:
        """Say in one line what happens, for people."""
        named = [change.describe() for change in self.changes]
        named += [f"{name}={value}" for name, value in vars(self.finish).items() if value]
        return "; ".join(named) or "nothing"

    def preview(self, example: Any, copies: int = 8, seed: int = 0) -> Image.Image:
        """Draw a sheet: the example as it is, then augmented copies of it.

        Raises:
            ArgumentError: fewer than one copy.
            ShapeError: something that is neither an image nor a signal.
        """
        original = np.asarray(example)
        preview.check(original, copies)
        changed = self(np.repeat(original[None], copies, axis=0), example_keys(seed, 0, np.arange(copies)))
        bytes_or_range = self.byte_range if original.dtype == np.uint8 else self.value_range
        known = bytes_or_range if original.ndim == 3 and self.finish.does_nothing else None
        return preview.draw_sheet(original, changed, known)

    def __repr__(self) -> str:
        return f"Augment({self.describe()})"


def _one_range(changes: tuple[Change, ...], given: Any) -> tuple[float, float]:
    if given is not None:
        return as_value_range("Augment", given)
    ranges = {
        cast(Photometric, change).value_range for change in changes if "value_range" in change.arguments
    }
    if len(ranges) > 1:
        raise ArgumentError(
            f"the changes name different value ranges, {sorted(ranges)}; all of them work on the same "
            "images, so give one, or Augment(..., value_range=...)."
        )
    return next(iter(ranges), _BYTES)
