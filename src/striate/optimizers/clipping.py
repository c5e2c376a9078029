"""Gradient clipping: shorter gradients, the parameters' own left as they are."""

from __future__ import annotations

import torch
from torch import Tensor


def clip(
    gradients: list[Tensor], clipnorm: float | None, clipvalue: float | None, global_clipnorm: float | None
) -> list[Tensor]:
    """Clip in the one way that has a limit, or not at all."""
    if clipnorm is not None:
        return clip_each_norm(gradients, clipnorm)
    if global_clipnorm is not None:
        return clip_global_norm(gradients, global_clipnorm)
    if clipvalue is not None:
        return clip_values(gradients, clipvalue)
    return gradients


def clip_each_norm(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """Shorten each gradient whose L2 norm is above the limit to that norm."""
    norms = list(torch._foreach_norm(gradients))
    torch._foreach_clamp_min_(norms, limit)
    torch._foreach_reciprocal_(norms)
    torch._foreach_mul_(norms, limit)
    return list(torch._foreach_mul(gradients, norms))


def clip_global_norm(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """Scale all gradients by one factor so that the L2 norm of all together is at most the limit.

    (Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks",
    2013, algorithm 1.) A norm that is not finite makes every gradient NaN, so that it is seen.
    """
    home = gradients[0].device
    norms = [norm.to(home) for norm in torch._foreach_norm(gradients)]
    norm = torch.linalg.vector_norm(torch.stack(norms))
    factor = limit / norm.clamp_min(limit) + (norm - norm)
    if all(gradient.device == home for gradient in gradients):
        return list(torch._foreach_mul(gradients, factor))
    return [gradient * factor.to(gradient.device) for gradient in gradients]


def clip_values(gradients: list[Tensor], limit: float) -> list[Tensor]:
    """Clip every element to the range from -limit to limit."""
    clipped = list(torch._foreach_clamp_max(gradients, limit))
    torch._foreach_clamp_min_(clipped, -limit)
    return clipped
