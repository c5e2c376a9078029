"""From drafts to the parts of a program: all sizes worked out for one input shape."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from striate.core.shapes import output_length, padding_amount
from striate.layers.base import Layer, takes_training
from striate.layers.convolution import Conv1D, Conv2D
from striate.layers.dense import Dense
from striate.layers.global_pooling import GlobalPooling
from striate.layers.normalization import BatchNormalization
from striate.layers.regularization import Dropout
from striate.models.fusion.drafts import Draft
from striate.ops.native import structures
from striate.ops.native.part import Part


@dataclass(frozen=True)
class MapSize:
    """One example's map: rows, columns, channels. A sequence has one row, flat features one place."""

    height: int
    width: int
    channels: int

    @classmethod
    def of(cls, shape: Sequence[int]) -> MapSize:
        """Read the shape of a batch: (batch, features), (batch, steps, channels) or an image's."""
        rows = (1,) * (4 - len(shape)) + tuple(shape[1:])
        return cls(*rows)


def parts_of(drafts: Sequence[Draft], size: MapSize, training: bool) -> list[Part]:
    """Work out all parts of a row for its input's size.

    In training a draft that holds both a convolution and a normalisation becomes a `FIRST` block;
    others are to come unfolded.
    """
    parts = []
    for draft in drafts:
        part, size = _part(draft, size, training)
        parts.append(part)
    return parts


def _part(draft: Draft, size: MapSize, training: bool) -> tuple[Part, MapSize]:
    main = draft.main
    if isinstance(main, Dense) or draft.flat:
        size = MapSize(1, 1, size.height * size.width * size.channels)
    sizes = {"height": size.height, "width": size.width, "channels": size.channels}
    sizes |= {
        f"{name}_{side}": 1 for name in ("window", "stride", "dilation") for side in ("height", "width")
    }
    kind, filters, rows, columns = structures.NORMALIZATION, size.channels, size.height, size.width
    if isinstance(main, Conv1D | Conv2D):
        kind = structures.FIRST if training and draft.norm is not None else structures.CONVOLUTION
        filters = main.filters
        rows, columns = _window(main, size, sizes)
    elif isinstance(main, Dense):
        kind, filters = structures.DENSE, main.units
    elif isinstance(main, GlobalPooling):
        kind, rows, columns = structures.GLOBAL, 1, 1
        sizes["maximum"] = int(main.takes_largest)
    sizes |= {"filters": filters, "map_height": rows, "map_width": columns, "relu": int(draft.relu)}
    rows, columns = _pooled(draft, rows, columns, sizes)
    sizes |= {"output_height": rows, "output_width": columns}
    return _weighted(draft, kind, sizes), MapSize(rows, columns, filters)


def _two(values: Sequence[int], first: int = 1) -> tuple[int, int]:
    """Give a sequence's one axis a first one beside it."""
    return (first, values[0]) if len(values) == 1 else (values[0], values[1])


def _window(main: Conv1D | Conv2D, size: MapSize, sizes: dict[str, int]) -> tuple[int, int]:
    window, strides, gaps = _two(main.kernel_size), _two(main.strides), _two(main.dilation_rate)
    lengths = (size.height, size.width)
    # A sequence's one row is never padded.
    paddings = ("valid", main.padding) if main.rank == 1 else (main.padding, main.padding)
    axes = list(zip(lengths, window, strides, paddings, gaps, strict=True))
    before = [padding_amount(*axis)[0] for axis in axes]
    after = [output_length(*axis) or 0 for axis in axes]
    sizes |= {"window_height": window[0], "window_width": window[1]}
    sizes |= {"stride_height": strides[0], "stride_width": strides[1]}
    sizes |= {"dilation_height": gaps[0], "dilation_width": gaps[1], "top": before[0], "left": before[1]}
    return after[0], after[1]


def _pooled(draft: Draft, rows: int, columns: int, sizes: dict[str, int]) -> tuple[int, int]:
    window = (1, 1) if draft.pool is None else _two(draft.pool.pool_size)
    sizes |= {"pool_height": window[0], "pool_width": window[1], "pool_top": 0, "pool_left": 0}
    if draft.pool is None:
        return rows, columns
    paddings = ("valid", draft.pool.padding) if draft.pool.rank == 1 else (draft.pool.padding,) * 2
    axes = list(zip((rows, columns), window, window, paddings, strict=True))
    sizes["pool_top"], sizes["pool_left"] = (padding_amount(*axis)[0] for axis in axes)
    after = [output_length(*axis) or 0 for axis in axes]
    return after[0], after[1]


def _weighted(draft: Draft, kind: int, sizes: dict[str, int]) -> Part:
    norm = draft.main if isinstance(draft.main, BatchNormalization) else draft.norm
    names = ("kernel", "bias") if draft.main is not norm else ()
    tensors = {name: getattr(draft.main, name, None) for name in names}
    if norm is not None:
        tensors |= {name: getattr(norm, name) for name in ("gamma", "beta", "moving_mean", "moving_variance")}
    dropout = draft.dropout
    if dropout is not None and not (dropout.training and dropout.rate > 0):
        dropout = None
    return Part(
        kind,
        sizes,
        tensors,
        dropout=dropout.rate if dropout else 0.0,
        epsilon=norm.epsilon if norm is not None else 0.0,
        momentum=norm.momentum if norm is not None else 0.0,
        draw_key=functools.partial(_draw_key, dropout) if dropout else None,
    )


def _draw_key(layer: Dropout) -> int:
    """Draw the key of a dropout for one pass.

    Where a batch goes through in parts, the generator is put back before each, so all draw the same.
    """
    generator = layer._own_generator(torch.device("cpu"))
    return int(torch.randint(2**62, (), generator=generator).item())


def weights_fit(layers: Sequence[Layer]) -> bool:
    """Whether all weights are fp32 on the CPU and lie as the kernels read them."""
    for layer in layers:
        for name, weight in (*layer._parameters.items(), *layer._buffers.items()):
            if weight is None or weight.dtype != torch.float32 or weight.device.type != "cpu":
                return False
            is_kernel = name == "kernel" and isinstance(layer, Conv1D | Conv2D)
            if not (weight.movedim(1, -1) if is_kernel else weight).is_contiguous():
                return False
    return True


def need_no_care(layers: Sequence[Layer], inputs: torch.Tensor) -> bool:
    """Whether nothing is to be cast, and nothing but `call` belongs to a call of these layers."""
    return inputs.dtype == torch.float32 and all(
        layer.dtype == torch.float32
        and layer.activity_regularizer is None
        and not takes_training(type(layer))
        for layer in layers
    )
