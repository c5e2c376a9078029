"""Normalisation of channels-last tensors."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F


def batch_normalize(
    inputs: torch.Tensor,
    gamma: torch.Tensor | None,
    beta: torch.Tensor | None,
    mean: torch.Tensor,
    variance: torch.Tensor,
    *,
    by_batch: bool,
    epsilon: float,
) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
    """Normalise each channel, by the batch's statistics or by given ones.

    Shape:
        inputs and outputs (batch, ..., channels); gamma, beta, mean, variance (channels,).
        With `by_batch` the batch's mean and biased variance come back too, else None twice.
    """
    if inputs.ndim == 2:
        image = inputs
    elif inputs.ndim == 4:
        image = inputs.permute(0, 3, 1, 2)
    else:
        steps = math.prod(inputs.shape[1:-1])
        image = inputs.reshape(inputs.shape[0], 1, steps, inputs.shape[-1]).permute(0, 3, 1, 2)
    batch_mean: torch.Tensor | None = None
    batch_variance: torch.Tensor | None = None
    if by_batch:
        outputs, batch_mean, inverse_deviation = torch.native_batch_norm(
            image, gamma, beta, None, None, True, 0.0, epsilon
        )
        # The kernel hands out 1 / sqrt(variance + epsilon); the variance follows without a second pass.
        batch_variance = (inverse_deviation.detach().double() ** -2 - epsilon).clamp_(min=0)
        batch_mean = batch_mean.detach()
    else:
        outputs = F.batch_norm(image, mean, variance, gamma, beta, False, 0.0, epsilon)
    if outputs.ndim == 4:
        outputs = outputs.permute(0, 2, 3, 1).reshape(inputs.shape)
    return outputs, batch_mean, batch_variance
