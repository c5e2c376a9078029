"""Layers that put two images of a batch together in training, and their labels in the same proportion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from striate import augment
from striate.core.errors import LabelError
from striate.core.shapes import format_shape
from striate.layers.axes import from_channels_last
from striate.layers.random_change import RandomChange


class BatchMixing(RandomChange):
    """The common part of the layers that mix examples.

    They take a dict `{"images": ..., "labels": ...}`, labels as rows with one number a class, and
    give one back; images alone are mixed without labels.

    Raises:
        LabelError: labels that are no rows.
    """

    def _call_parts(self, parts: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        if "labels" not in parts or not self.training or not len(parts["images"]):
            return super()._call_parts(parts)
        images, labels = parts["images"], parts["labels"]
        if labels.ndim != 2 or len(labels) != len(images) or images.ndim != 4:
            raise LabelError(
                f"{self._label()} mixes labels, so each is a row with one number a class, a row for each "
                f"image: to_categorical(labels); got {format_shape(tuple(labels.shape))}."
            )
        keys = self._keys(len(images))
        mixed, rows = self._mixed(self._numbers(images), labels.to(self.dtype), keys)
        return {"images": from_channels_last(mixed, self.data_format), "labels": rows}

    def _changed(self, images: torch.Tensor) -> torch.Tensor:
        nothing = torch.zeros(len(images), 1, dtype=self.dtype, device=images.device)
        return self._mixed(images, nothing, self._keys(len(images)))[0]

    def _mixed(
        self, images: torch.Tensor, rows: torch.Tensor, keys: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self._refuse_gradient(images)
        mixed, labels = self.augment.mix(images, rows, keys)
        return mixed, labels


class MixUp(BatchMixing):
    """Adds two images, and their labels, with weights from the beta distribution of `alpha`.

    (Zhang et al., "mixup: Beyond empirical risk minimization", 2017.)
    """

    def __init__(
        self, alpha: float = 0.2, data_format: str | None = None, seed: int | None = None, **options: Any
    ):
        super().__init__(augment.MixUp(alpha), seed, data_format, **options)


class CutMix(BatchMixing):
    """Puts a rectangle of another image into each, and mixes labels by area.

    (Yun et al., "CutMix", 2019.)
    """

    def __init__(
        self,
        factor: float | Sequence[float] = 1.0,
        seed: int | None = None,
        data_format: str | None = None,
        **options: Any,
    ):
        super().__init__(augment.CutMix(factor), seed, data_format, **options)
