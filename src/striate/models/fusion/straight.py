"""Whole batches of one array through a network that is one fused row, with nothing in between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch

from striate.models.fusion.drafts import Row
from striate.models.fusion.fused import FusedRow, Planned
from striate.ops.native.straight import StraightRun


class Straight:
    """Answers to the first `batches` batches of an array; `run` computes one of them after the other.

    Meanwhile the model is in use: `turn` holds it.
    """

    def __init__(
        self,
        row: Row,
        planned: Planned,
        inputs: torch.Tensor,
        batches: int,
        turn: Callable[[], AbstractContextManager[None]],
    ):
        setting = planned.program.setting
        self.batches, self.turn = batches, turn
        self._tail, self._shape = row.tail, (-1, *planned.shape[1:])
        self._outputs = torch.empty(
            (batches * setting.batch, *planned.program.output_shape[1:]), dtype=setting.output_dtype
        )
        self.run = StraightRun(planned.program, inputs, self._outputs).run

    def answers(self) -> torch.Tensor:
        """All answers, when all batches were run."""
        outputs = self._outputs.view(self._shape)
        return outputs if self._tail is None else self._tail(outputs)


def straight_through(
    row: FusedRow,
    inputs: torch.Tensor,
    batch: int,
    batches: int,
    turn: Callable[[], AbstractContextManager[None]],
) -> Straight | None:
    """Plan a run of a row over an array's first batches; None where each is to be asked for by itself."""
    tail = row.row.tail
    # A person's own function may look at more than one example at a time.
    known = tail is None or getattr(tail, "__module__", "").startswith("striate.activations.")
    if not batches or not known or inputs.dtype != torch.float32 or not inputs.is_contiguous():
        return None
    found = row.find(inputs[:batch])
    planned: Any = None if found is None else found[0]
    if not isinstance(planned, Planned) or planned.rows < batch or planned.program.setting.training:
        return None
    return Straight(row.row, planned, inputs, batches, turn)
