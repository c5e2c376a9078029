"""What layers ask of training for their weights and outputs: regularisers and constraints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import nn

from striate.layers.base import Layer
from striate.layers.weights import Weighted, WeightSpec


@dataclass(frozen=True)
class Ruled:
    """A weight with the regulariser or the constraint that its layer gave it."""

    weight: torch.Tensor
    spec: WeightSpec
    rule: Callable[[torch.Tensor], torch.Tensor]


@final
class Rules:
    """The regularisers and constraints of a module's layers; `find` looks for them."""

    def __init__(self, module: nn.Module):
        self.module = module
        self._penalties: list[Ruled] = []
        self._constrained: list[Ruled] = []
        self._active: list[Layer] = []

    def find(self) -> None:
        """Look through the layers, once their weights are there."""
        holders = [module for module in self.module.modules() if isinstance(module, Weighted)]
        pairs = [(getattr(holder, name), spec) for holder in holders for name, spec in holder._specs.items()]
        self._penalties = [
            Ruled(weight, spec, spec.regularizer) for weight, spec in pairs if spec.regularizer is not None
        ]
        self._constrained = [
            Ruled(weight, spec, spec.constraint) for weight, spec in pairs if spec.constraint is not None
        ]
        self._active = [
            module
            for module in holders
            if isinstance(module, Layer) and module.activity_regularizer is not None
        ]

    @property
    def are_in_loss(self) -> bool:
        """Whether some rule adds to the loss."""
        return bool(self._penalties or self._active)

    def begin(self) -> None:
        """Forget the activities of the last forward pass."""
        for layer in self._active:
            layer.activity_losses.clear()

    def penalty(self, share: float = 1.0) -> torch.Tensor | float:
        """Add up what regularisers ask for the weights and the last activities."""
        # A weight's penalty is the same for each part; an activity's is a sum over the examples.
        terms = [pair.rule(pair.spec.to_public(pair.weight)) for pair in self._penalties]
        terms += [term / share for layer in self._active for term in layer.activity_losses]
        return torch.stack(terms).sum() if terms else 0.0

    @torch.no_grad()
    def constrain(self) -> None:
        """Bring the weights that have a constraint to where it holds."""
        for pair in self._constrained:
            public = pair.spec.to_public(pair.weight)
            public.copy_(pair.rule(public))
