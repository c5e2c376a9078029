"""The common part of the layers that change images at random in training; `striate.augment` does the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from striate.augment import Augment
from striate.augment.base import Change
from striate.core.errors import ArgumentError, ShapeError, StateError
from striate.core.position import own_rows
from striate.core.shapes import Shape, format_shape
from striate.layers.axes import check_data_format, from_channels_last, to_channels_last
from striate.layers.seeded import SeededLayer

_PARTS = ("images", "labels")


class RandomChange(SeededLayer):
    """A layer that changes each image in training by parameters of its own, and hands images on otherwise.

    It takes images, or a dict of images and labels as Keras's layers do. Bytes stay bytes, other
    numbers become the layer's dtype. With a `seed` the parameters come from a generator of the
    layer's own, else from torch's. No gradient goes back through it, so it stands before all layers
    that learn. Many such changes in a row are cheaper, and keep images sharper, as one `Augment` in
    `fit(augment=...)`, which draws an image anew only once.

    Shape:
        in and out (batch, height, width, channels), or one image without the batch; channels before
        height with `data_format='channels_first'`.

    Raises:
        ShapeError: something that is no image.
        ArgumentError: a dict with other parts than images and labels.
        StateError: it stands after layers that learn.
    """

    casts_input = False

    def __init__(
        self, change: Change, seed: int | None = None, data_format: str | None = None, **options: Any
    ):
        super().__init__(seed, **options)
        self.data_format = check_data_format(data_format)
        self.change = change
        self.augment = Augment(change)

    def call(self, inputs: Any) -> Any:
        """Change the images in training; bring them to the layer's dtype otherwise."""
        if isinstance(inputs, Mapping):
            self._check_parts(inputs)
            return {**inputs, **self._call_parts(inputs)}
        return self._as_batch(inputs)

    def _call_parts(self, parts: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"images": self._as_batch(parts["images"])}

    def _check_parts(self, parts: Mapping[str, Any]) -> None:
        strange = [name for name in parts if name not in _PARTS]
        if strange or "images" not in parts:
            raise ArgumentError(
                f"{self._label()} takes images, or a dict of 'images' and 'labels'; got {', '.join(parts)}."
            )

    def _as_batch(self, images: torch.Tensor) -> torch.Tensor:
        self._check_axes(tuple(images.shape))
        batch = self._numbers(images if images.ndim == 4 else images[None])
        batch = self._changed(batch) if self.training and len(batch) else self._unchanged(batch)
        batch = from_channels_last(batch, self.data_format)
        return batch if images.ndim == 4 else batch[0]

    def _numbers(self, images: torch.Tensor) -> torch.Tensor:
        """Channels-last images as bytes or as numbers of the layer's dtype."""
        numbers = images if images.dtype == torch.uint8 else self._cast(images)
        return to_channels_last(numbers, self.data_format)

    def _changed(self, images: torch.Tensor) -> torch.Tensor:
        """Change a batch of channels-last images."""
        self._refuse_gradient(images)
        # NumPy, which the CPU's way goes through, has no 16-bit numbers of this kind.
        wide = images.float() if images.dtype in (torch.bfloat16, torch.float16) else images
        changed: torch.Tensor = self.augment(wide, self._keys(len(images)))
        return changed.to(images.dtype)

    def _unchanged(self, images: torch.Tensor) -> torch.Tensor:
        """What becomes of channels-last images in inference."""
        return images

    def _refuse_gradient(self, images: torch.Tensor) -> None:
        if images.requires_grad and torch.is_grad_enabled():
            raise StateError(
                f"{self._label()} hands no gradient back, so in training it stands before all layers that "
                "learn: put it first in the model."
            )

    def _keys(self, count: int) -> np.ndarray:
        generator = self._own_generator(torch.device("cpu"))
        bits = own_rows(count, lambda rows: torch.randint(-(2**63), 2**63 - 1, (rows,), generator=generator))
        return bits.numpy().view(np.uint64)

    def _check_axes(self, shape: Shape) -> None:
        if len(shape) not in (3, 4):
            raise ShapeError(
                f"{self._label()} takes images of 4 axes (batch, height, width, channels), or 3 for a single "
                f"one; got {format_shape(shape)}."
            )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape stays."""
        if isinstance(input_shape, Mapping):
            images = self.compute_output_shape(input_shape["images"])
            return {**input_shape, "images": images}
        self._check_axes(tuple(input_shape))
        return tuple(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again."""
        own = self.change.get_config()
        return {**super().get_config(), **own, "data_format": self.data_format}
