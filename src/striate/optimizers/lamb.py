"""Adam's direction, with a step in proportion to each parameter's own size."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from striate.optimizers.adam import AdamFamily
from striate.optimizers.state import State


@final
class Lamb(AdamFamily):
    """Scales Adam's update of each parameter tensor to that tensor's norm, for large batches.

    `w -= rate * |w| / |u| * u` with `u = m_hat / (sqrt(v_hat) + eps)`; where either norm is
    zero the ratio is one. (You et al., arXiv 1904.00962, algorithm 2.)
    """

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move along Adam's update, scaled to the parameters' norms."""
        step = self.iterations + 1
        mean, square = self.follow_moments(gradients, state)
        root = torch._foreach_div(square, 1 - self.beta_2**step)
        torch._foreach_sqrt_(root)
        torch._foreach_add_(root, self.epsilon)
        change = torch._foreach_div(mean, 1 - self.beta_1**step)
        torch._foreach_div_(change, root)
        ratios = [
            torch.where((size > 0) & (length > 0), size / length, torch.ones_like(size))
            for size, length in zip(torch._foreach_norm(parameters), torch._foreach_norm(change), strict=True)
        ]
        torch._foreach_mul_(change, ratios)
        torch._foreach_add_(parameters, change, alpha=-learning_rate)
