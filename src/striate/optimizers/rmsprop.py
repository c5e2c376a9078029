"""Steps divided by the size of recent gradients."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from striate.ops.native.optimizer_step import RMSPROP, Rule
from striate.optimizers.base import Optimizer, Rate
from striate.optimizers.options import Common, check_number
from striate.optimizers.state import State


@final
class RMSprop(Optimizer):
    """Divides each gradient by the root of the moving mean of its square: `w -= rate * g / sqrt(v + eps)`.

    `centered` takes the square of the mean gradient off `v`, so that it estimates the variance.
    With momentum the quotients are summed up into a velocity. Epsilon stands under the root,
    unlike in torch. (Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012;
    centered: Graves, arXiv 1308.0850, equations 38 to 41.)
    """

    settings = ("rho", "momentum", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **common)
        self.rho = check_number("rho", rho, least=0, most=1)
        self.momentum = check_number("momentum", momentum, least=0, most=1)
        self.epsilon = check_number("epsilon", epsilon, least=0)
        self.centered = centered

    def slots(self) -> dict[str, float]:
        """Keep the mean square, and where asked for the velocity and the mean gradient."""
        optional = (("momentum", self.momentum), ("average_gradient", self.centered))
        return {"velocity": 0.0, **{slot: 0.0 for slot, wanted in optional if wanted}}

    def rule(self) -> Rule:
        """Moving mean square, where asked for with mean gradient and velocity."""
        numbers = {"beta_2": self.rho, "momentum": self.momentum, "epsilon": self.epsilon}
        return Rule(RMSPROP, ("velocity", "average_gradient", "momentum"), numbers)

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move along the gradients, each divided by its root mean square."""
        square = state["velocity"]
        torch._foreach_mul_(square, self.rho)
        torch._foreach_addcmul_(square, gradients, gradients, 1 - self.rho)
        root = torch._foreach_add(square, self.epsilon)
        if self.centered:
            mean = state["average_gradient"]
            torch._foreach_lerp_(mean, gradients, 1 - self.rho)
            torch._foreach_addcmul_(root, mean, mean, -1)
        torch._foreach_sqrt_(root)
        if not self.momentum:
            torch._foreach_addcdiv_(parameters, gradients, root, -learning_rate)
            return
        velocity = state["momentum"]
        torch._foreach_mul_(velocity, self.momentum)
        torch._foreach_addcdiv_(velocity, gradients, root, learning_rate)
        torch._foreach_sub_(parameters, velocity)
