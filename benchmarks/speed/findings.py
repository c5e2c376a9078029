"""What the seconds of one network and task say: rates, ratios, shares of the limit."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.speed.arithmetic import Ratio, fastest, ratio, share
from benchmarks.speed.sides import OURS, SIDES, WARM


@dataclass(frozen=True)
class Best:
    """The quickest of some peers, and how many times as fast one of ours is."""

    name: str
    ratio: Ratio

    @property
    def title(self) -> str:
        """The peer in words; the table says whether it is the one with the allocator's settings."""
        return SIDES[self.name.removesuffix(WARM)].title


@dataclass(frozen=True)
class Findings:
    """One network, batch size and task, with the seconds of every side, round by round."""

    net: str
    batch: int
    task: str
    examples: int
    flops: int
    seconds: Mapping[str, list[float]]
    # Operations a second of the matrix product in each round, by type.
    limits: Mapping[str, list[float]]

    @staticmethod
    def of(stored: Mapping[str, Any]) -> Findings:
        """Read one measurement of a results file, without sides that are measured no more."""
        known = {name: found["seconds"] for name, found in stored["sides"].items() if name in SIDES}
        sides = {name: seconds for name, seconds in known.items() if seconds}
        names = ("net", "batch", "task", "examples", "flops")
        return Findings(*(stored[name] for name in names), sides, stored["limits"])

    @property
    def name(self) -> str:
        """The network with its batch size, such as C500."""
        return f"{self.net}{self.batch}"

    def rate(self, side: str) -> float | None:
        """Examples a second, by the median; None for a side that was not there."""
        return self.examples / statistics.median(self.seconds[side]) if side in self.seconds else None

    def best(self, groups: tuple[str, ...], warm: bool = False, ours: str = OURS) -> Best | None:
        """Compare with the quickest of the groups: as installed, or with the allocator's settings.

        None where one of them was measured without these settings only: it may be the quickest with them.
        """
        members = {name: found for name, found in self.seconds.items() if SIDES[name].group in groups}
        peers = {name: found for name, found in members.items() if SIDES[name].warm is warm}
        missing = warm and {name.removesuffix(WARM) for name in members} != {
            name.removesuffix(WARM) for name in peers
        }
        if ours not in self.seconds or not peers or missing:
            return None
        name = fastest(peers)
        return Best(name, ratio(self.seconds[ours], peers[name]))

    def share(self, kind: str, side: str = OURS) -> Ratio | None:
        """Say what part of the matrix product's rate a side reached; `kind` is 'bfloat16' or 'float32'."""
        limits = self.limits.get(kind)
        if not limits or side not in self.seconds:
            return None
        work = self.flops * self.examples
        return share([work / seconds for seconds in self.seconds[side]], limits)
