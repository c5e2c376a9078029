"""The axes of a layer's input: their names, and the turn between channels last and first at its border."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.shapes import Shape, check_choice

SPATIAL_AXES = {1: ("steps",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def check_data_format(value: str | None) -> str:
    """Hand back the data format; None means channels last, which is the same as no copy."""
    return check_choice(value or "channels_last", ("channels_last", "channels_first"), "data_format")


def axes_of(rank: int, data_format: str) -> tuple[str, ...]:
    """Name the axes of an input with `rank` axes between batch and channels."""
    if data_format == "channels_last":
        return ("batch", *SPATIAL_AXES[rank], "channels")
    return ("batch", "channels", *SPATIAL_AXES[rank])


def to_channels_last(inputs: torch.Tensor, data_format: str) -> torch.Tensor:
    """Turn an input at the layer's border; inside a layer all tensors are channels-last."""
    return inputs.movedim(1, -1) if data_format == "channels_first" else inputs


def from_channels_last(outputs: torch.Tensor, data_format: str) -> torch.Tensor:
    """Turn an output back at the layer's border."""
    return outputs.movedim(-1, 1) if data_format == "channels_first" else outputs


def split_shape(shape: Shape, data_format: str) -> tuple[int | None, tuple[int | None, ...], int | None]:
    """Take a shape apart: batch, the axes between, channels."""
    if data_format == "channels_last":
        return shape[0], tuple(shape[1:-1]), shape[-1]
    return shape[0], tuple(shape[2:]), shape[1]


def join_shape(batch: int | None, axes: Any, channels: int | None, data_format: str) -> Shape:
    """Put a shape together again."""
    if data_format == "channels_last":
        return (batch, *axes, channels)
    return (batch, channels, *axes)
