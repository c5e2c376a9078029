"""What a worker process is told: one side, one network, one task."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field

from benchmarks.speed.nets import NETS, Load, Net


@dataclass(frozen=True)
class Job:
    """The work of one process; it goes there as JSON."""

    engine: str
    task: str  # 'train' or 'predict'
    load: Load
    metrics: bool = True
    warm: bool = False
    options: dict[str, str] = field(default_factory=dict)
    # Where a network of PyTorch's lies as ONNX, for the engines that take it so.
    onnx: str = ""

    @property
    def net(self) -> Net:
        """The network to measure."""
        return NETS[self.load.net]

    @property
    def examples(self) -> int:
        """How many examples a turn has."""
        return self.load.batch * self.load.steps(self.task)

    def to_json(self) -> str:
        """Write the job on one line."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def from_json(text: str) -> Job:
        """Read what `to_json` wrote."""
        found = json.loads(text)
        return Job(**{**found, "load": Load(**found["load"])})
