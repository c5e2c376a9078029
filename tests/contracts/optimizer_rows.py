"""One row for each public optimiser and schedule: what test_optimizers.py proves of it.

The modes of the optimisers are those of tests/optimizers/test_update_rules.py, where a new rule
gets a line together with its formula; a schedule gets its row here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from striate import optimizers
from striate.optimizers import schedules
from tests.optimizers.test_update_rules import RULES

# The bases: the one moves nothing, the other is no rate.
EXCEPTED: set[type] = {optimizers.Optimizer, schedules.LearningRateSchedule}


@dataclass(frozen=True)
class OptimizerRow:
    """An optimiser and its options; one of torch's is made of the parameters, and has no config."""

    kind: type[optimizers.Optimizer]
    arguments: dict[str, Any] = field(default_factory=dict)
    torch_rule: type[torch.optim.Optimizer] | None = None

    @property
    def has_config(self) -> bool:
        """Whether it can be written to a file."""
        return self.torch_rule is None

    def make(self, parameters: list[tuple[str, torch.nn.Parameter]]) -> optimizers.Optimizer:
        """Make the optimiser, built for these parameters."""
        if self.torch_rule is None:
            optimizer = self.kind(learning_rate=0.01, **self.arguments)
        else:
            rule = self.torch_rule([parameter for _, parameter in parameters], lr=0.01, **self.arguments)
            optimizer = self.kind(rule)
        optimizer.build(parameters)
        return optimizer


@dataclass(frozen=True)
class ScheduleRow:
    """A schedule and its arguments."""

    kind: type[schedules.LearningRateSchedule]
    arguments: dict[str, Any]

    def make(self) -> schedules.LearningRateSchedule:
        """Make the schedule."""
        return self.kind(**self.arguments)


ROWS = [OptimizerRow(getattr(optimizers, name), options) for name, _, options in RULES] + [
    OptimizerRow(optimizers.Adam, {"clipnorm": 1.0, "weight_decay": 0.1}),
    OptimizerRow(optimizers.SGD, {"use_ema": True, "gradient_accumulation_steps": 2}),
    OptimizerRow(optimizers.TorchOptimizer, {"momentum": 0.9}, torch.optim.SGD),
    OptimizerRow(optimizers.TorchOptimizer, {}, torch.optim.Adam),
]

SCHEDULE_ROWS = [
    ScheduleRow(schedules.CosineDecay, {"initial_learning_rate": 0.1, "decay_steps": 8, "alpha": 0.1}),
    ScheduleRow(
        schedules.CosineDecay,
        {"initial_learning_rate": 0.01, "decay_steps": 8, "warmup_target": 0.1, "warmup_steps": 3},
    ),
    ScheduleRow(schedules.CosineDecayRestarts, {"initial_learning_rate": 0.1, "first_decay_steps": 4}),
    ScheduleRow(
        schedules.ExponentialDecay,
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True},
    ),
    ScheduleRow(
        schedules.InverseTimeDecay, {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5}
    ),
    ScheduleRow(schedules.PiecewiseConstantDecay, {"boundaries": [2, 6], "values": [0.1, 0.05, 0.01]}),
    ScheduleRow(
        schedules.PolynomialDecay,
        {"initial_learning_rate": 0.1, "decay_steps": 8, "power": 2.0, "cycle": True},
    ),
]
