"""Steps of one size, in the direction that the recent gradients agree on."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from striate.core.errors import ArgumentError
from striate.optimizers.base import Optimizer, Rate
from striate.optimizers.options import Common, check_number
from striate.optimizers.state import State


@final
class Lion(Optimizer):
    """Moves every weight by exactly the rate: `w -= rate * sign(b1 * m + (1 - b1) * g)`.

    Then `m = b2 * m + (1 - b2) * g`. It wants a rate three to ten times smaller than Adam's.
    (Chen et al., "Symbolic Discovery of Optimization Algorithms", arXiv 2302.06675.)
    """

    settings = ("beta_1", "beta_2")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        weight_decay: float | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **common)
        self.beta_1 = check_number("beta_1", beta_1, least=0, most=1)
        self.beta_2 = check_number("beta_2", beta_2, least=0, most=1)
        if self.beta_1 == 0:
            raise ArgumentError("Lion needs a beta_1 above 0; with 0 it has no memory at all.")

    def slots(self) -> dict[str, float]:
        """Keep the moving mean of the gradient."""
        return {"momentum": 0.0}

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move by the sign of the mixed gradient."""
        mean = state["momentum"]
        direction = torch._foreach_mul(mean, self.beta_1)
        torch._foreach_add_(direction, gradients, alpha=1 - self.beta_1)
        torch._foreach_sign_(direction)
        torch._foreach_add_(parameters, direction, alpha=-learning_rate)
        torch._foreach_mul_(mean, self.beta_2)
        torch._foreach_add_(mean, gradients, alpha=1 - self.beta_2)
