"""Batch normalisation as plain loops over channels-last NumPy arrays."""

from __future__ import annotations

import numpy as np


def batch_statistics(inputs):
    """The mean and the biased variance of each channel (sum of squares divided by the count)."""
    means, variances = [], []
    for channel in range(inputs.shape[-1]):
        values = inputs[..., channel].astype(np.float64).ravel()
        mean = values.sum() / values.size
        means.append(mean)
        variances.append(((values - mean) ** 2).sum() / values.size)
    return np.array(means), np.array(variances)


def normalized(inputs, gamma, beta, mean, variance, epsilon):
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, channel by channel."""
    outputs = np.zeros(inputs.shape)
    for channel in range(inputs.shape[-1]):
        centered = inputs[..., channel].astype(np.float64) - mean[channel]
        scaled = centered / np.sqrt(variance[channel] + epsilon)
        outputs[..., channel] = scaled * gamma[channel] + beta[channel]
    return outputs
