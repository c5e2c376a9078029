"""Taking turns: one process works, the others wait; the order changes from round to round."""

from __future__ import annotations

import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.speed.jobs import Job
from benchmarks.speed.machine import free_memory
from benchmarks.speed.processes import SideFailedError, Worker
from benchmarks.speed.sides import Side

# Threads that wait by spinning for a moment have gone to sleep after this.
SETTLE = 0.1
GIGABYTE = 2**30
# Kept free beside the memory of the one whose turn it is, for the neighbours and for the libraries
# that look at what is free: Striate cuts a batch where less would be left.
SPARE = 6 * GIGABYTE


@dataclass
class Seat:
    """A side in this measurement: its job, its process while it lives, and what it has shown."""

    side: Side
    job: Job
    python: str
    worker: Worker | None = None
    turns: list[dict[str, Any]] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    peak: int = 0
    # The share of the others' turns in which its threads were at work, at worst.
    disturbed: float = 0.0

    def resident(self) -> int:
        """How much memory its process holds now."""
        return self.worker.resident() if self.worker else 0

    def start(self) -> None:
        """Start the process and let it take a turn that does not count."""
        self.worker = Worker(self.side, self.job, self.python)
        self.about = self.worker.about
        self.peak = max(self.peak, self.worker.turn()["peak"])

    def stop(self) -> None:
        """End the process."""
        if self.worker:
            self.worker.close()
            self.worker = None


class Table:
    """The seats around one measurement."""

    def __init__(self, seats: list[Seat]):
        self.seats = seats
        self.failed: dict[str, str] = {}

    def play(self, rounds: int) -> None:
        """Let each take a turn in each round; who fails is out."""
        for number in range(-1, rounds):
            order = list(self.seats)
            random.Random(number).shuffle(order)
            for seat in order:
                try:
                    self._turn(seat, counted=number >= 0)
                except SideFailedError as error:
                    self._dismiss(seat, str(error))
            print("." if number >= 0 else "warm ", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        for seat in self.seats:
            seat.stop()

    def _turn(self, seat: Seat, counted: bool) -> None:
        self._make_room(seat)
        if seat.worker is None:
            seat.start()
        if not counted or seat.worker is None:
            return
        time.sleep(SETTLE)
        waiting = [other for other in self.seats if other is not seat and other.worker]
        before = {other.side.name: _processor(other) for other in waiting}
        turn = seat.worker.turn()
        seat.turns.append(turn)
        seat.peak = max(seat.peak, turn["peak"])
        for other in waiting:
            share = (_processor(other) - before[other.side.name]) / max(turn["seconds"], 0.1)
            other.disturbed = max(other.disturbed, share)

    def _make_room(self, seat: Seat) -> None:
        """End processes that hold much memory while they wait; they are started anew for their turns."""
        # Who has not had a turn yet is taken for as large as the largest.
        peak = seat.peak or max(other.peak for other in self.seats)
        need = max(peak - seat.resident(), 0) + SPARE
        while (free := free_memory()) is not None and free < need:
            waiting = [other for other in self.seats if other is not seat and other.worker]
            if not waiting:
                return
            max(waiting, key=Seat.resident).stop()

    def _dismiss(self, seat: Seat, reason: str) -> None:
        seat.stop()
        self.seats.remove(seat)
        self.failed[seat.side.name] = reason
        print(f"\n{seat.side.title} is out: {reason}", file=sys.stderr, flush=True)

    def results(self) -> dict[str, Any]:
        """What each side has shown, as plain values."""
        return {
            seat.side.name: {
                "seconds": [turn["seconds"] for turn in seat.turns],
                "shown": [turn["shown"] for turn in seat.turns],
                "about": seat.about,
                "peak_megabytes": round(seat.peak / 2**20),
                "disturbed": round(seat.disturbed, 3),
            }
            for seat in self.seats
        }


def _processor(seat: Seat) -> float:
    return seat.worker.processor_seconds() if seat.worker else 0.0
