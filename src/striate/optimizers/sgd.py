"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from typing import Unpack, final

import torch
from torch import Tensor

from striate.ops.native import optimizer_step
from striate.ops.native.optimizer_step import Rule
from striate.optimizers.base import Optimizer, Rate
from striate.optimizers.options import Common, check_number
from striate.optimizers.state import State


@final
class SGD(Optimizer):
    """Steps straight down the gradient, `w -= rate * g`, or with momentum, `v = momentum * v - rate * g`.

    With momentum `w += v`; with Nesterov's look-ahead `w += momentum * v - rate * g`. The rate
    is inside the velocity, so a change of rate acts on new gradients only. (Sutskever et al.,
    "On the importance of initialization and momentum in deep learning", 2013.)

    >>> SGD(0.1, momentum=0.9).learning_rate
    0.1
    """

    settings = ("momentum", "nesterov")

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **common)
        self.momentum = check_number("momentum", momentum, least=0, most=1)
        self.nesterov = nesterov

    def slots(self) -> dict[str, float]:
        """Keep a velocity where there is momentum."""
        return {"momentum": 0.0} if self.momentum else {}

    def rule(self) -> Rule:
        """Gradient descent, with a velocity where there is momentum."""
        numbers = {"momentum": self.momentum, "nesterov": int(self.nesterov)}
        return Rule(optimizer_step.SGD, ("momentum",), numbers)

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move down the gradient or along the velocity."""
        if not self.momentum:
            torch._foreach_add_(parameters, gradients, alpha=-learning_rate)
            return
        velocity = state["momentum"]
        torch._foreach_mul_(velocity, self.momentum)
        torch._foreach_add_(velocity, gradients, alpha=-learning_rate)
        if self.nesterov:
            torch._foreach_add_(parameters, velocity, alpha=self.momentum)
            torch._foreach_add_(parameters, gradients, alpha=-learning_rate)
        else:
            torch._foreach_add_(parameters, velocity)
