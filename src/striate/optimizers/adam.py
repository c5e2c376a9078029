"""Adam and its relatives: a moving mean of the gradient over a moving size of it."""

from __future__ import annotations

import math
from typing import ClassVar, Unpack, final

import torch
from torch import Tensor

from striate.core.errors import ArgumentError
from striate.ops.native.optimizer_step import ADAM, Rule
from striate.optimizers.base import Optimizer, Rate
from striate.optimizers.options import Common, check_number
from striate.optimizers.state import State, in_memory_order, laid_out_alike


class AdamFamily(Optimizer):
    """What the relatives share: two moving means with their betas, and epsilon."""

    settings: ClassVar[tuple[str, ...]] = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **common)
        self.beta_1 = check_number("beta_1", beta_1, least=0, most=1)
        self.beta_2 = check_number("beta_2", beta_2, least=0, most=1)
        self.epsilon = check_number("epsilon", epsilon, least=0)
        if 1 in (self.beta_1, self.beta_2):
            raise ArgumentError(
                f"betas must be below 1, or nothing is ever learnt; got {self.beta_1} and {self.beta_2}."
            )

    def slots(self) -> dict[str, float]:
        """Keep the moving means of the gradient and of its square."""
        return {"momentum": 0.0, "velocity": 0.0}

    def follow_moments(self, gradients: list[Tensor], state: State) -> tuple[list[Tensor], list[Tensor]]:
        """Bring both moving means up to date and hand them back."""
        mean, square = state["momentum"], state["velocity"]
        torch._foreach_lerp_(mean, gradients, 1 - self.beta_1)
        torch._foreach_mul_(square, self.beta_2)
        torch._foreach_addcmul_(square, gradients, gradients, 1 - self.beta_2)
        return mean, square


class _AmsgradAdam(AdamFamily):
    settings = ("beta_1", "beta_2", "epsilon", "amsgrad")
    amsgrad: bool = False
    _step_count: Tensor | None = None

    def slots(self) -> dict[str, float]:
        """Keep both moving means, and the largest mean square where `amsgrad` asks for it."""
        return {**super().slots(), **({"velocity_hat": 0.0} if self.amsgrad else {})}

    def rule(self) -> Rule:
        """Both moving means, and the largest mean square where it is kept."""
        step = self.iterations + 1
        correction = math.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        betas = {"beta_1": self.beta_1, "beta_2": self.beta_2}
        numbers = {**betas, "epsilon": self.epsilon, "correction": correction}
        return Rule(ADAM, ("momentum", "velocity", "velocity_hat"), numbers)

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move along the mean gradient, divided by the root of the mean square."""
        step = self.iterations + 1
        correction = math.sqrt(1 - self.beta_2**step)
        if self._fused:
            self._update_fused(parameters, gradients, state, learning_rate, self.epsilon / correction)
            return
        mean, square = self.follow_moments(gradients, state)
        if self.amsgrad:
            torch._foreach_maximum_(state["velocity_hat"], square)
            square = state["velocity_hat"]
        root = torch._foreach_sqrt(square)
        torch._foreach_add_(root, self.epsilon)
        torch._foreach_addcdiv_(parameters, mean, root, -learning_rate * correction / (1 - self.beta_1**step))

    def _update_fused(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, rate: float, epsilon: float
    ) -> None:
        # One pass over memory in place of seven. torch adds epsilon after it has corrected the root's
        # bias, this rule before: dividing epsilon by the correction makes the two equal.
        if self._step_count is None or self._step_count.device != parameters[0].device:
            self._step_count = torch.zeros((), device=parameters[0].device)
        self._step_count.fill_(self.iterations + 1)
        moments = (state["momentum"], state["velocity"], state.get("velocity_hat", []))
        lists = (parameters, laid_out_alike(parameters, gradients), *moments)
        weights, slopes, means, squares, largest = (list(map(in_memory_order, each)) for each in lists)
        torch._fused_adam_(
            weights,
            slopes,
            means,
            squares,
            largest,
            [self._step_count] * len(parameters),
            lr=rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            weight_decay=0.0,
            eps=epsilon,
            amsgrad=self.amsgrad,
            maximize=False,
        )


@final
class Adam(_AmsgradAdam):
    """Adaptive moments: `w -= rate * sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)`.

    `m` and `v` are the moving means of the gradient and of its square. `amsgrad` divides by
    the largest `v` so far. This is the form before section 2.1 of the paper (Kingma and Ba, "Adam", arXiv
    1412.6980), where epsilon is its "epsilon hat"; torch has the other form.

    >>> Adam().learning_rate
    0.001
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, weight_decay, **common)
        self.amsgrad = amsgrad


@final
class AdamW(_AmsgradAdam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter, arXiv 1711.05101).

    `exclude_from_weight_decay(var_names=["bias"])` keeps it from some parameters.

    Raises:
        ArgumentError: no weight decay.
    """

    def __init__(
        self,
        learning_rate: Rate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, weight_decay, **common)
        if weight_decay is None:
            raise ArgumentError("AdamW needs a weight_decay, such as 0.004; got None. Without one, use Adam.")
        self.amsgrad = amsgrad


@final
class Adamax(AdamFamily):
    """Adam with the largest recent gradient in place of the mean square (arXiv 1412.6980, section 7.1).

    `w -= rate / (1 - b1^t) * m / (u + eps)` with `u = max(b2 * u, |g|)`.
    """

    def slots(self) -> dict[str, float]:
        """Keep the moving mean and the decaying maximum."""
        return {"momentum": 0.0, "norm": 0.0}

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move along the mean gradient, divided by the decaying maximum."""
        mean, largest = state["momentum"], state["norm"]
        torch._foreach_lerp_(mean, gradients, 1 - self.beta_1)
        torch._foreach_mul_(largest, self.beta_2)
        torch._foreach_maximum_(largest, torch._foreach_abs(gradients))
        divisor = torch._foreach_add(largest, self.epsilon)
        correction = 1 - self.beta_1 ** (self.iterations + 1)
        torch._foreach_addcdiv_(parameters, mean, divisor, -learning_rate / correction)


@final
class Nadam(AdamFamily):
    """Adam with Nesterov's look-ahead and a momentum that warms up (Dozat, ICLR workshop 2016).

    The momentum of step t is `b1 * (1 - 0.5 * 0.96^t)`; the product of all of them so far
    corrects the bias.
    """

    first_numbers = {"u_product": 1.0}

    def update(
        self, parameters: list[Tensor], gradients: list[Tensor], state: State, learning_rate: float
    ) -> None:
        """Move along a mix of the mean gradient and the newest one, divided by the root mean square."""
        step = self.iterations + 1
        now = self.beta_1 * (1 - 0.5 * 0.96**step)
        following = self.beta_1 * (1 - 0.5 * 0.96 ** (step + 1))
        so_far = self.numbers["u_product"] = self.numbers["u_product"] * now
        mean, square = self.follow_moments(gradients, state)
        root = torch._foreach_div(square, 1 - self.beta_2**step)
        torch._foreach_sqrt_(root)
        torch._foreach_add_(root, self.epsilon)
        share = learning_rate * following / (1 - so_far * following)
        torch._foreach_addcdiv_(parameters, mean, root, -share)
        torch._foreach_addcdiv_(parameters, gradients, root, -learning_rate * (1 - now) / (1 - so_far))
