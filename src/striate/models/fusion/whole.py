"""A network that is one fused row, as a step of training runs it: forward and back, without autograd."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch

from striate.core.hooks import has_hooks
from striate.core.position import here
from striate.layers.symbolic import SymbolicTensor
from striate.models.fusion.fused import FusedRow, Mixed
from striate.models.fusion.straight import Straight, straight_through
from striate.ops.native.program import Lease, Program


class WholeRow:
    """Runs a row's program where autograd would have nothing else to do, which saves it its bookkeeping.

    `forward` answers with what the row's last layer computes before its activation `tail`, or with None
    where the layers are to run themselves; `backward` then writes the weights' gradients. These lie in
    the same memory in each step. Between the two the model is in use: `turn` holds it for that time.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        graph: Any,
        row: FusedRow,
        turn: Callable[[], AbstractContextManager[None]],
    ):
        self._module, self._graph, self._row = module, graph, row
        self.turn = turn
        self._pass: tuple[Program, Lease, torch.Tensor, torch.Tensor] | None = None
        self._found: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def tail(self) -> Callable[[torch.Tensor], torch.Tensor] | None:
        """The activation behind the kernels' last block, which is left to whoever takes the scores."""
        return self._row.row.tail

    def straight(self, inputs: torch.Tensor, batch: int, batches: int) -> Straight | None:
        """Plan a run over an array's first batches with nothing in between; None where that cannot be.

        Nothing of a person's may run meanwhile, nor a weight change.

        Raises:
            ShapeError: inputs of another shape than the network's.
        """
        module = self._module
        plain = module.activity_regularizer is None and module.input_spec is None and not has_hooks(module)
        if not plain or not isinstance(self._graph.inputs, SymbolicTensor):
            return None
        self._graph.match_inputs(inputs[:batch])
        return straight_through(self._row, inputs, batch, batches, self.turn)

    def forward(self, inputs: Any) -> torch.Tensor | None:
        """Compute the scores of a batch in fp32.

        Shape:
            inputs as the network's; out (batch, units).

        Raises:
            ShapeError: inputs of another shape than the network's.
        """
        if has_hooks(self._module):
            return None
        found = self._row.find(self._graph.match_inputs(inputs)[0])
        if found is None or isinstance(found[0], Mixed):
            return None
        program, inputs = found[0].program, found[1]
        if not program.setting.training or program.setting.input_gradient or _need_autograd(program.learnt):
            return None
        spot = here()
        lease = program.lease()
        outputs = program.forward(lease, inputs, 0 if spot is None else spot.first)
        self._pass = program, lease, inputs, outputs
        return outputs.view(found[0].shape)

    def backward(self, gradient: torch.Tensor) -> None:
        """Give each weight that learns its gradient, for the gradient to the scores.

        Shape:
            gradient (batch, units) in fp32, contiguous.
        """
        if self._pass is None:
            return
        program, lease, inputs, outputs = self._pass
        self._pass = None
        made = self._gradients_of(program.learnt)
        program.backward_into(made, None, lease, inputs, outputs, gradient)
        for weight, found in zip(program.learnt, made, strict=True):
            if found is None:
                continue
            if weight.grad is not None and weight.grad is not found:
                # The loss asked the weight itself, as a penalty of a person's own does.
                found.add_(weight.grad)
            weight.grad = found

    def _gradients_of(self, weights: Sequence[torch.Tensor]) -> list[torch.Tensor | None]:
        made: list[torch.Tensor | None] = []
        for weight in weights:
            known = self._found.get(id(weight))
            if known is None or known[0] is not weight:
                known = self._found[id(weight)] = (weight, torch.empty_like(weight, requires_grad=False))
            made.append(known[1] if weight.requires_grad else None)
        return made


def _need_autograd(weights: Sequence[torch.Tensor]) -> bool:
    """Whether a weight is there twice, so that two gradients add up, or somebody waits for its gradient."""
    if len(set(map(id, weights))) != len(weights):
        return True
    return any(weight._backward_hooks or weight._post_accumulate_grad_hooks for weight in weights)
