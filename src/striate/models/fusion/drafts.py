"""Reading a row of layers as fused blocks: what each layer adds, and where a row must end.

A *draft* is a block whose sizes are not known yet: a convolution, a normalisation, a dense layer or
a global pooling, with the ReLU, the max pooling and the dropout that follow it. ReLU and max pooling
commute, so they may come in either order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from striate import activations
from striate.layers.activation import Activation, ReLU
from striate.layers.base import Layer
from striate.layers.convolution import Conv1D, Conv2D
from striate.layers.dense import Dense
from striate.layers.global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalPooling,
)
from striate.layers.normalization import BatchNormalization
from striate.layers.pooling import MaxPooling1D, MaxPooling2D
from striate.layers.regularization import Dropout
from striate.layers.shape import Flatten

# The place of a maximum in its window is kept in one byte, and 255 means "none".
MOST_PLACES = 254
_HIGHEST_RATE = 1 - 1e-6


@dataclass
class Draft:
    """One block: its leading layer, and what was fused into it."""

    main: Layer
    norm: BatchNormalization | None = None
    relu: bool = False
    pool: MaxPooling1D | MaxPooling2D | None = None
    dropout: Dropout | None = None
    # Whether a Flatten stands somewhere before it: then each place of the map is a feature of its own.
    flat: bool = False
    # All layers that the block stands for, those without work of their own too.
    layers: list[Layer] = field(default_factory=list)

    @property
    def is_bare(self) -> bool:
        """Whether nothing follows the leading layer."""
        return not self.relu and self.pool is None and self.dropout is None


@dataclass
class Row:
    """A row of layers as it is read; `take` says whether the next one belongs to it."""

    layers: list[Layer] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    # None: not known, since the row's input may be flat or a map.
    flat: bool | None = None
    # The activation of the last layer, where kernels have none for it; nothing can follow.
    tail: Callable[[torch.Tensor], torch.Tensor] | None = None
    _told: int = 0

    def take(self, layer: Layer) -> bool:
        """Add a layer, where it can be fused with those before."""
        reader = _READERS.get(type(layer))
        plain = layer.dtype == torch.float32 and layer.activity_regularizer is None
        if self.tail is not None or reader is None or not plain or not reader(self, layer):
            return False
        self.layers.append(layer)
        if self.drafts:
            self.drafts[-1].layers += self.layers[self._told :]
            self._told = len(self.layers)
        return True

    @property
    def is_worth_it(self) -> bool:
        """Whether there is something to compute; a lone Flatten is none of our business."""
        return bool(self.drafts)

    def _open(self) -> Draft | None:
        """The last block, while something can still be fused into it."""
        draft = self.drafts[-1] if self.drafts else None
        return draft if draft is not None and draft.dropout is None else None


def _start(row: Row, layer: Layer, activation: Callable[[torch.Tensor], torch.Tensor]) -> None:
    draft = Draft(layer, relu=activation is activations.relu)
    row.drafts.append(draft)
    if activation not in (activations.relu, activations.linear):
        row.tail = activation


def _convolution(row: Row, layer: Conv1D | Conv2D) -> bool:
    if row.flat or layer.groups != 1 or layer.data_format != "channels_last":
        return False
    row.flat = False
    _start(row, layer, layer.activation)
    return True


def _dense(row: Row, layer: Dense) -> bool:
    # On a map the layer works on the last axis, which is another product than this one.
    if row.flat is False:
        return False
    row.flat = True
    _start(row, layer, layer.activation)
    return True


def _normalization(row: Row, layer: BatchNormalization) -> bool:
    if layer.axis != -1:
        return False
    row.drafts.append(Draft(layer, flat=bool(row.flat)))
    return True


def _activation(row: Row, layer: Activation | ReLU) -> bool:
    if isinstance(layer, Activation) and layer.activation is activations.linear:
        return bool(row.layers)
    if isinstance(layer, ReLU):
        plain = layer.max_value is None and layer.negative_slope == 0 and layer.threshold == 0
    else:
        plain = layer.activation is activations.relu
    draft = row._open()
    if not plain or draft is None or draft.relu or isinstance(draft.main, GlobalPooling):
        return False
    draft.relu = True
    return True


def _max_pooling(row: Row, layer: MaxPooling1D | MaxPooling2D) -> bool:
    places = 1
    for size in layer.pool_size:
        places *= size
    side_by_side = layer.strides == layer.pool_size and layer.data_format == "channels_last"
    draft = row._open()
    if not side_by_side or places > MOST_PLACES or draft is None or draft.pool is not None or row.flat:
        return False
    draft.pool = layer
    return True


def _dropout(row: Row, layer: Dropout) -> bool:
    # A rate that is 1 to the kernels, which know it in fp32, leaves nothing to scale up.
    if layer.noise_shape is not None or layer.rate > _HIGHEST_RATE:
        return False
    if layer.rate == 0:
        return bool(row.layers)
    draft = row._open()
    if draft is None:
        return False
    draft.dropout = layer
    return True


def _flatten(row: Row, layer: Flatten) -> bool:
    if layer.data_format != "channels_last":
        return False
    row.flat = True
    return True


def _global_pooling(row: Row, layer: GlobalPooling) -> bool:
    if row.flat or layer.keepdims or layer.data_format != "channels_last":
        return False
    row.flat = True
    row.drafts.append(Draft(layer))
    return True


# By exact type: a person's subclass may compute something else.
_READERS: dict[type, Callable[..., bool]] = {
    Conv1D: _convolution,
    Conv2D: _convolution,
    Dense: _dense,
    BatchNormalization: _normalization,
    Activation: _activation,
    ReLU: _activation,
    MaxPooling1D: _max_pooling,
    MaxPooling2D: _max_pooling,
    Dropout: _dropout,
    Flatten: _flatten,
    GlobalAveragePooling1D: _global_pooling,
    GlobalAveragePooling2D: _global_pooling,
    GlobalMaxPooling1D: _global_pooling,
    GlobalMaxPooling2D: _global_pooling,
}


def folded(drafts: list[Draft]) -> list[Draft]:
    """Join each normalisation with the bare convolution or dense layer before it.

    In inference it then is part of their weights; in training a first convolution takes its batch
    moments from its input's covariance.
    """
    joined: list[Draft] = []
    for draft in drafts:
        before = joined[-1] if joined else None
        bare = before is not None and before.is_bare and before.norm is None
        if (
            before is not None
            and bare
            and isinstance(draft.main, BatchNormalization)
            and isinstance(before.main, Dense if draft.flat else Conv1D | Conv2D | Dense)
        ):
            layers = before.layers + draft.layers
            joined[-1] = replace(draft, main=before.main, norm=draft.main, layers=layers)
        else:
            joined.append(draft)
    return joined


def why_alone(layer: Layer) -> str:
    """Say in words why a layer runs by itself."""
    if type(layer) not in _READERS:
        return f"no kernel for {type(layer).__name__}"
    if layer.dtype != torch.float32:
        return f"its weights are {str(layer.dtype).removeprefix('torch.')}"
    if layer.activity_regularizer is not None:
        return "its activity_regularizer needs its output"
    if getattr(layer, "groups", 1) != 1:
        return "no kernel for groups"
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        return "kernels are channels_last"
    return "no form for its settings, or for its place among its neighbours"


def settings_of(layer: Layer) -> tuple[Any, ...]:
    """What decides how a layer is read, and may be changed after that."""
    # Asked at every pass: torch's way to an attribute that is not there takes ten times as long.
    own = vars(layer)
    activation = own.get("activation") or own["_modules"].get("activation")
    drops, watched = own.get("rate", 0) != 0, own.get("activity_regularizer") is not None
    return type(layer), activation, drops, watched, "call" in own, "forward" in own
