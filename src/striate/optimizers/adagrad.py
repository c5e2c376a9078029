"""Steps divided by all, or by the recent, past gradients."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from striate.optimizers.base import Optimizer, Rate
from striate.optimizers.options import Common, check_number
from striate.optimizers.state import State


@final
class Adagrad(Optimizer):
    """Divides by the root of the sum of all squared gradients: `w -= rate * g / sqrt(a + eps)`.

    Parameters that seldom get a gradient take larger steps when they do. (Duchi, Hazan and
    Singer, JMLR 12, 2011.)
    """

    settings = ("initial_accumulator_value", "epsilon")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **common)
        self.initial_accumulator_value = check_number(
            "initial_accumulator_value", initial_accumulator_value, least=0
        )
        self.epsilon = check_number("epsilon", epsilon, least=0)

    def slots(self) -> dict[str, float]:
        """Keep the sum of squares."""
        return {"accumulator": self.initial_accumulator_value}

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move along the gradients, each divided by the root of its sum of squares."""
        total = state["accumulator"]
        torch._foreach_addcmul_(total, gradients, gradients)
        root = torch._foreach_add(total, self.epsilon)
        torch._foreach_sqrt_(root)
        torch._foreach_addcdiv_(parameters, gradients, root, -learning_rate)


@final
class Adadelta(Optimizer):
    """Scales each gradient by the size of recent steps over the size of recent gradients.

    `d = -sqrt(x + eps) / sqrt(a + eps) * g; w += rate * d`, with `a` and `x` the moving means
    of `g^2` and `d^2`. The paper's own rate is 1 (Zeiler, "ADADELTA", arXiv 1212.5701).
    """

    settings = ("rho", "epsilon")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **common)
        self.rho = check_number("rho", rho, least=0, most=1)
        self.epsilon = check_number("epsilon", epsilon, least=0)

    def slots(self) -> dict[str, float]:
        """Keep the mean squares of the gradients and of the steps."""
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move by the scaled gradients, then remember how far that was."""
        squares, moves = state["accumulated_grad"], state["accumulated_delta_var"]
        torch._foreach_mul_(squares, self.rho)
        torch._foreach_addcmul_(squares, gradients, gradients, 1 - self.rho)
        change = torch._foreach_add(moves, self.epsilon)
        torch._foreach_sqrt_(change)
        root = torch._foreach_add(squares, self.epsilon)
        torch._foreach_sqrt_(root)
        torch._foreach_div_(change, root)
        torch._foreach_mul_(change, gradients)
        torch._foreach_mul_(moves, self.rho)
        torch._foreach_addcmul_(moves, change, change, 1 - self.rho)
        torch._foreach_add_(parameters, change, alpha=-learning_rate)
