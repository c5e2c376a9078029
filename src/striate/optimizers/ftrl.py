"""Follow the regularised leader: weights that go exactly to zero."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from striate.core.errors import ArgumentError
from striate.optimizers.base import Optimizer, Rate
from striate.optimizers.options import Common, check_number
from striate.optimizers.state import State


@final
class Ftrl(Optimizer):
    """Solves for the weights that would have been best so far, with L1 and L2 penalties.

    Meant for wide sparse linear models. (McMahan et al., "Ad Click Prediction: a View from the
    Trenches", KDD 2013, algorithm 1; `l2_shrinkage_regularization_strength` adds a penalty on
    size that acts through the gradient.)
    """

    settings = (
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
    )

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        weight_decay: float | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **common)
        self.learning_rate_power = check_number("learning_rate_power", learning_rate_power, most=0)
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        for setting in self.settings[1:]:
            check_number(setting, getattr(self, setting), least=0)

    def slots(self) -> dict[str, float]:
        """Keep the sum of squares and the linear term."""
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Set the parameters to the minimum of the penalised sum so far.

        Raises:
            ArgumentError: a learning rate of zero, by which this rule divides.
        """
        if learning_rate <= 0:
            raise ArgumentError("Ftrl divides by its learning rate, which is 0 now. Start above 0.")
        total, linear = state["accumulator"], state["linear"]
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        before = torch._foreach_pow(total, power)
        torch._foreach_addcmul_(total, gradients, gradients)
        after = torch._foreach_pow(total, power)
        growth = torch._foreach_sub(after, before)
        torch._foreach_div_(growth, -learning_rate)
        torch._foreach_add_(growth, 2 * self.l2_shrinkage_regularization_strength)
        torch._foreach_addcmul_(linear, growth, parameters)
        torch._foreach_add_(linear, gradients)
        torch._foreach_div_(after, learning_rate)
        torch._foreach_add_(after, 2 * self.l2_regularization_strength + self.beta / learning_rate)
        solution = torch._foreach_clamp_max(linear, l1)
        torch._foreach_clamp_min_(solution, -l1)
        torch._foreach_sub_(solution, linear)
        torch._foreach_div_(solution, after)
        torch._foreach_copy_(parameters, solution)
