"""What run.json says of a run: what was chosen, on which machine, how it went, how it came out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import torch

from striate.core.runtime import Choice
from striate.core.threads import thread_count
from striate.core.version import __version__
from striate.datasets.source import DataBundle
from striate.models.saving import versions
from striate.ops.native.choices import left_to_pytorch
from striate.training.state import kernels
from striate.workbench.announcement import launch
from striate.workbench.network import ChosenNetwork, digest_of
from striate.workbench.recipe import Recipe
from striate.workbench.run import Run
from striate.workbench.split import Split


def now() -> str:
    """The time as a text, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass
class Record:
    """The content of run.json while a run goes on; `write` brings it to disk.

    `started` is what stands in it from the beginning; the rest is filled in as it becomes known. Which
    `signal` stopped the run is not written.
    """

    run: Run
    started: dict[str, Any]
    status: str = "running"
    epochs_done: int = 0
    best_epoch: int | None = None
    final: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    went_wrong: dict[str, Any] | None = None
    finished: str | None = None
    signal: int | None = None

    def write(self) -> None:
        """Write run.json as it stands."""
        content = {
            **self.started,
            "status": self.status,
            "epochs": {
                "planned": self.started["epochs_planned"],
                "done": self.epochs_done,
                "best": self.best_epoch,
            },
            "final": self.final,
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "finished": self.finished,
        }
        del content["epochs_planned"]
        told = {"error": self.error, "went_wrong": self.went_wrong}
        self.run.write(content | {key: value for key, value in told.items() if value is not None})

    def close(self, status: str) -> None:
        """Write run.json for the last time, with how the run ended."""
        self.status, self.finished = status, now()
        self.write()

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note how long something took, also where it ended in an error."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


def environment(device: str) -> dict[str, Any]:
    """Name what the last bits of a result depend on: versions, threads, and the kind of kernels."""
    return {
        "versions": {"striate": __version__, **versions()},
        "threads": thread_count(),
        "kernels": kernels(torch.device(device)),
    }


def go_on_record(run: Run, content: Mapping[str, Any], planned: int | None, device: str) -> Record:
    """Take up the record of a run that goes on; what is different now is noted in `resumed`."""
    closing = {"status", "epochs", "final", "finished", "error", "went_wrong", "verdict", "seconds"}
    closing |= {"schema_version", "recipe_before"}
    started = {key: value for key, value in content.items() if key not in closing}
    started["resumed"] = [*content.get("resumed", []), {"at": now(), **environment(device)}]
    epochs = content.get("epochs", {})
    record = Record(run, {**started, "epochs_planned": planned})
    record.epochs_done, record.best_epoch = epochs.get("done", 0), epochs.get("best")
    record.seconds = dict(content.get("seconds", {}))
    return record


def begin_record(
    run: Run,
    bundle: DataBundle,
    split: Split,
    network: ChosenNetwork,
    plan: Recipe,
    machine: dict[str, Choice],
) -> Record:
    """Collect what is known before the first epoch."""
    started = {
        "started": now(),
        "data": {
            "name": bundle.name,
            "kind": bundle.kind,
            "origin": bundle.origin,
            "shape": list(bundle.train.x.shape[1:]),
            "classes": network.model.class_names,
            "sha256": split.fingerprint,
            "parts": {part: len(places) for part, places in split.places.items()},
            "sources": split.sources,
            "left_out": {part: len(places) for part, places in split.left_out.items()},
            "leaks": list(split.leaks),
            "bad_files": [{"name": bad.name, "reason": bad.reason} for bad in bundle.bad_files],
        },
        "model": {
            "name": network.name,
            "reason": network.reason,
            "parameters": network.model.count_params(),
            "sha256": digest_of(network.model),
        },
        **{name: {"value": str(choice.value), "reason": choice.reason} for name, choice in machine.items()},
        **environment(str(machine["device"].value)),
        "left_to_pytorch": sorted(left_to_pytorch()),
        "seed": plan.seed,
        "recipe": plan.as_table(),
        "epochs_planned": plan.epochs,
    }
    if launch() is not None:
        started["launch"] = launch()
    return Record(run, started)
