"""How near two results are, measured against the largest value, and gradients against finite differences."""

from __future__ import annotations

import numpy as np
import torch


def largest_difference(found, wanted):
    """The largest difference as a share of the largest value."""
    found, wanted = np.asarray(found, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    assert found.shape == wanted.shape
    largest = np.abs(wanted).max(initial=0.0)
    return np.abs(found - wanted).max(initial=0.0) / (largest or 1.0)


def gradients_are_right(layer, inputs):
    """Compare the gradients by inputs and weights with finite differences; for a built float64 layer."""
    names = [name for name, _ in layer.named_parameters()]

    several = isinstance(inputs, (list, tuple))
    given = list(inputs) if several else [inputs]

    def run(*values):
        parts, weights = list(values[: len(given)]), values[len(given) :]
        named = dict(zip(names, weights, strict=True))
        return torch.func.functional_call(layer, named, (parts if several else parts[0],))

    weights = [parameter.detach().clone().requires_grad_() for parameter in layer.parameters()]
    return torch.autograd.gradcheck(
        run, (*(part.detach().clone().requires_grad_() for part in given), *weights)
    )
