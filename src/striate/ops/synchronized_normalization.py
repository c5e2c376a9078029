"""Batch normalisation by the statistics of a batch that several processes hold together.

PyTorch's SyncBatchNorm takes GPUs only; here every device does. Each process computes count, mean and
variance of its own rows; these are gathered, and all processes put them together in the same order, so
that all get the same bits. (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
computing sample variances", 1979, equation 2.1, for any number of parts.) The gradient needs two sums
over the whole batch, which are added up in the same way.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import distributed
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from striate.ops.normalization import as_given, as_image, moments


def synchronized_normalize(
    inputs: torch.Tensor,
    gamma: torch.Tensor | None,
    beta: torch.Tensor | None,
    *,
    epsilon: float,
    counts: bool = True,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Normalise each channel by mean and variance of the batch that all processes hold parts of.

    Every process of torch's process group must call it. Where `counts` is False, this process's rows
    are normalised like the others' but take no part in the statistics.

    Shape:
        inputs and outputs (batch, ..., channels); gamma, beta (channels,). The batch's mean and
        biased variance come back too, (channels,) each.
    """
    # Narrow numbers are too coarse to be added up over a batch.
    wide = inputs if inputs.dtype in (torch.float32, torch.float64) else inputs.float()
    rows, mean, variance = _joined_moments(wide.detach(), counts)
    outputs = _ByAll.apply(as_image(wide), gamma, beta, mean, variance, rows, epsilon, counts)
    return as_given(outputs, inputs).to(inputs.dtype), mean, variance


def _joined_moments(values: torch.Tensor, counts: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Count the rows of all processes, and compute each channel's mean and biased variance over them."""
    channels = values.shape[-1]
    own = values.new_zeros(2 * channels + 1)
    if counts and values.numel():
        mean, variance = moments(values)
        own = torch.cat([mean, variance, mean.new_full((1,), values.numel() // channels)])
    # Only the count of a very large map would be rounded in fp32; MPS has no float64.
    own = own if own.device.type == "mps" else own.double()
    parts = [torch.empty_like(own) for _ in range(distributed.get_world_size())]
    distributed.all_gather(parts, own)
    found = torch.stack(parts)
    means, variances, rows = found[:, :channels], found[:, channels:-1], found[:, -1:]
    total = rows.sum().clamp(min=1)
    mean = (means * rows).sum(0) / total
    variance = ((variances + (means - mean).square()) * rows).sum(0) / total
    return total.to(values.dtype), mean.to(values.dtype), variance.to(values.dtype)


class _ByAll(torch.autograd.Function):
    """Normalise by statistics of all processes' rows; the gradient knows that they come from these."""

    @staticmethod
    def forward(
        context: Any,
        image: torch.Tensor,
        gamma: torch.Tensor | None,
        beta: torch.Tensor | None,
        mean: torch.Tensor,
        variance: torch.Tensor,
        rows: torch.Tensor,
        epsilon: float,
        counts: bool,
    ) -> torch.Tensor:
        context.counts = counts
        context.save_for_backward(image, gamma, mean, (variance + epsilon).rsqrt(), rows)
        return F.batch_norm(image, mean, variance, gamma, beta, False, 0.0, epsilon)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        image, gamma, mean, inverse, rows = context.saved_tensors
        shape = (1, -1) + (1,) * (image.ndim - 2)
        over = [axis for axis in range(image.ndim) if axis != 1]
        centred = image - mean.reshape(shape)
        # The weights' own gradients are added up with all others, by whoever trains.
        plain, leaning = gradient.sum(over), (gradient * centred).sum(over)
        sums = torch.stack([plain, leaning]) if context.counts else image.new_zeros(2, image.shape[1])
        distributed.all_reduce(sums)
        share, slope = sums[0] / rows, sums[1] / rows * inverse.square()
        factor = inverse if gamma is None else inverse * gamma
        if not context.counts:
            # The statistics do not depend on these rows.
            share, slope = torch.zeros_like(share), torch.zeros_like(slope)
        back = (gradient - share.reshape(shape) - centred * slope.reshape(shape)) * factor.reshape(shape)
        wants_gamma, wants_beta = context.needs_input_grad[1:3]
        return (
            back,
            leaning * inverse if wants_gamma else None,
            plain if wants_beta else None,
            *(None,) * 5,
        )
