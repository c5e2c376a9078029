"""One row for each public initializer, regularizer and constraint: what test_weights.py proves of it.

All three are small things that a layer's weight takes by name, so they share a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from striate import constraints, initializers, regularizers

# The bases, which do nothing to a weight.
EXCEPTED: set[type] = {initializers.Initializer, regularizers.Regularizer, constraints.Constraint}


@dataclass(frozen=True)
class WeightRow:
    """What is done to a weight, its arguments, and where it differs from most of its room."""

    kind: type
    arguments: dict[str, Any] = field(default_factory=dict)
    by_chance: bool = False
    at_once: bool = True
    shape: tuple[int, ...] = (4, 6)

    def make(self) -> Any:
        """Make it."""
        return self.kind(**self.arguments)


KERNEL = (3, 3, 4, 5)

INITIALIZERS = [
    WeightRow(initializers.Zeros),
    WeightRow(initializers.Ones, shape=()),
    WeightRow(initializers.Constant, {"value": 0.25}),
    WeightRow(initializers.Constant, {"value": [1.0, 2.0, 3.0, 4.0, 5.0]}, shape=KERNEL),
    WeightRow(initializers.Identity, {"gain": 2.0}),
    WeightRow(initializers.RandomNormal, {"mean": 1.0, "stddev": 0.5}, by_chance=True),
    WeightRow(initializers.RandomUniform, {"minval": 0.5, "maxval": 0.75}, by_chance=True),
    WeightRow(initializers.TruncatedNormal, {"stddev": 0.5}, by_chance=True),
    WeightRow(initializers.Orthogonal, {"gain": 0.5}, by_chance=True),
    WeightRow(initializers.Orthogonal, by_chance=True, shape=KERNEL),
    WeightRow(
        initializers.VarianceScaling,
        {"scale": 2.0, "mode": "fan_avg", "distribution": "untruncated_normal"},
        by_chance=True,
        shape=KERNEL,
    ),
    WeightRow(initializers.VarianceScaling, {"input_axes": [1], "output_axes": [0]}, by_chance=True),
    WeightRow(initializers.GlorotNormal, by_chance=True, shape=KERNEL),
    WeightRow(initializers.GlorotUniform, by_chance=True),
    WeightRow(initializers.HeNormal, by_chance=True),
    WeightRow(initializers.HeUniform, by_chance=True, shape=KERNEL),
    WeightRow(initializers.LecunNormal, by_chance=True),
    WeightRow(initializers.LecunUniform, by_chance=True, shape=(6,)),
]

REGULARIZERS = [
    WeightRow(regularizers.L1, {"l1": 0.5}),
    WeightRow(regularizers.L2, {"l2": 0.5}, shape=KERNEL),
    WeightRow(regularizers.L1L2, {"l1": 0.5, "l2": 0.25}),
    WeightRow(regularizers.OrthogonalRegularizer, {"factor": 0.5, "mode": "columns"}),
]

CONSTRAINTS = [
    WeightRow(constraints.MaxNorm, {"max_value": 0.5}),
    WeightRow(constraints.MaxNorm, {"max_value": 0.5, "axis": [0, 1, 2]}, shape=KERNEL),
    WeightRow(constraints.MinMaxNorm, {"min_value": 0.5, "max_value": 0.75}),
    WeightRow(constraints.MinMaxNorm, {"max_value": 0.5, "rate": 0.5}, at_once=False),
    WeightRow(constraints.NonNeg),
    WeightRow(constraints.UnitNorm, {"axis": 1}),
]
