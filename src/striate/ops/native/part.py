"""One block of a row as it is planned, and the setting that decides how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from striate.ops.native.structures import Block

# In this order the weights of a part go into autograd, and their gradients come back.
LEARNT = ("kernel", "bias", "gamma", "beta")
MOVING = ("moving_mean", "moving_variance")


@dataclass(frozen=True)
class Part:
    """One block of a row: its kind, its sizes by the names of `Block`'s fields, and its weights.

    `draw_key` gives a new key for dropout at each pass.
    """

    kind: int
    sizes: Mapping[str, int]
    tensors: Mapping[str, torch.Tensor | None]
    dropout: float = 0.0
    epsilon: float = 0.0
    momentum: float = 0.0
    draw_key: Callable[[], int] | None = None


@dataclass(frozen=True)
class Setting:
    """What decides how a row is planned, beside its parts."""

    batch: int
    bf16: bool
    training: bool
    input_dtype: torch.dtype
    output_dtype: torch.dtype
    input_gradient: bool


def block_of(part: Part, setting: Setting) -> Block:
    """Write a part down as the kernels read it."""
    block = Block(kind=part.kind, bf16=setting.bf16, training=setting.training, input_gradient=1)
    for name, value in part.sizes.items():
        setattr(block, name, value)
    block.dropout = part.dropout if setting.training else 0.0
    block.epsilon, block.momentum = part.epsilon, part.momentum
    for name in (*LEARNT, *MOVING):
        tensor = part.tensors.get(name)
        # What the plan asks is only whether there is one; where it lies is said before each pass.
        setattr(block, name, None if tensor is None else tensor.data_ptr())
    return block
