"""What a training is in the middle of: everything that the rest of it depends on, read and put back.

After the same state the same bits follow, on one machine and number of threads: weights, optimiser
(its schedule's position and moving average among it), random states, the place in the epoch with its
order, what loss and metrics have counted, and what the callbacks remember.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from striate.callbacks import BackupAndRestore, CallbackList, LazyLogs
from striate.core.console import say
from striate.core.errors import StateError
from striate.core.processes import is_first
from striate.core.shapes import format_shape
from striate.core.threads import thread_count
from striate.core.version import __version__
from striate.ops.native.choices import left_to_pytorch
from striate.ops.native.library import explain_native
from striate.optimizers.state import to_array
from striate.training.agreement import Agreement
from striate.training.augmenting import BatchChange
from striate.training.chance import layer_states, random_state, set_layer_states, set_random_state
from striate.training.distributed import Processes
from striate.training.feed import Feed
from striate.training.numbers import bad_weight
from striate.training.step import Stepper
from striate.training.stopping import StopRequest


@dataclass
class Course:
    """A training and how far it has come: `taken` steps of `epoch`, `steps` over all epochs.

    `logs` are the values of the epoch that has just ended; empty within an epoch.
    """

    stepper: Stepper
    feed: Feed
    validation: Feed | None
    hooks: CallbackList
    epoch: int = 0
    taken: int = 0
    steps: int = 0
    logs: Mapping[str, Any] = field(default_factory=dict)
    agreement: Agreement | None = None

    @property
    def group(self) -> Processes | None:
        """The processes that train together; None where this is the only one."""
        together = self.stepper.together
        return None if together is None else together.group

    def batch_logs(self) -> LazyLogs:
        """Loss and metrics for the end of a batch, computed where somebody looks."""
        stepper = self.stepper
        return LazyLogs(stepper.logs) if self.agreement is None else self.agreement.batch_logs(stepper)

    def settle(self, stop: StopRequest) -> None:
        """Agree with the other processes, where there are some, on what comes next."""
        if self.agreement is not None:
            due = self.taken > 0 and any(backup.is_due(self) for backup in self.backups)
            self.agreement.settle(self.stepper.module, stop, due)

    def is_due(self, backup: BackupAndRestore) -> bool:
        """Whether a checkpoint is to be written after this step."""
        return backup.is_due(self) if self.agreement is None else self.agreement.due

    @property
    def backups(self) -> list[BackupAndRestore]:
        """The callbacks that write the training down."""
        return [callback for callback in self.hooks.callbacks if isinstance(callback, BackupAndRestore)]

    def is_sound(self) -> bool:
        """Whether loss and weights are numbers."""
        loss = (self.logs or self.stepper.logs()).get("loss", 0.0)
        return math.isfinite(loss) and bad_weight(self.stepper.module) is None

    def get_state(self) -> dict[str, Any]:
        """Read everything that the rest of the training depends on."""
        stepper, optimizer = self.stepper, self.stepper.compiled.optimizer
        parts = stepper.get_state()
        return {
            "position": {"epoch": self.epoch, "taken": self.taken, "steps": self.steps},
            "ending": bool(getattr(stepper.module, "stop_training", False)),
            "machine": machine(stepper),
            "weights": [to_array(tensor) for tensor in _tensors(stepper)],
            "optimizer": {
                "kind": type(optimizer).__name__,
                "arrays": list(optimizer.state_arrays().items()),
                "rate": None if optimizer.learning_rate_schedule else float(optimizer.learning_rate),
                "swapped": optimizer._swapped,
            },
            "layers": layer_states(stepper.module),
            "random": random_state(stepper.device),
            "feed": self.feed.get_state(),
            "augment_seed": self.feed.change.seed if isinstance(self.feed.change, BatchChange) else None,
            "validation": None if self.validation is None else self.validation.get_state(),
            # Between epochs nothing is counted any more.
            "stepper": parts if self.taken else {**parts, "scores": None},
            "callbacks": [
                {"kind": type(callback).__name__, "state": callback.get_state()}
                for callback in self.hooks.callbacks
            ],
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Put everything back, and call `on_epoch_begin` of an epoch that was begun.

        Raises:
            StateError: the state of another network, optimiser or data.
        """
        say_differences(state["machine"], machine(self.stepper))
        position = state["position"]
        self.epoch, self.taken, self.steps = (int(position[key]) for key in ("epoch", "taken", "steps"))
        self._set_callbacks(state["callbacks"])
        self._prepare()
        if self.taken:
            # Progress lines begin here; what else this changes is put right below.
            self.feed.epoch = self.epoch
            self.hooks.on_epoch_begin(self.epoch)
            self._set_callbacks(state["callbacks"])
            self._prepare()
        self.stepper.set_state(state["stepper"], self.feed.peek)
        self._set_weights(state["weights"])
        self._set_optimizer(state["optimizer"])
        if isinstance(self.feed.change, BatchChange) and state["augment_seed"] is not None:
            self.feed.change = replace(self.feed.change, seed=int(state["augment_seed"]))
        self.feed.set_state(state["feed"])
        if self.validation is not None and state["validation"] is not None:
            self.validation.set_state(state["validation"])
        self.stepper.module.stop_training = bool(state["ending"])  # type: ignore[assignment]
        set_layer_states(self.stepper.module, state["layers"], self.stepper.device)
        set_random_state(state["random"], self.stepper.device)

    def _prepare(self) -> None:
        """Make the weights, by an example where only that tells shapes, and give them to the optimiser."""
        if not self.stepper.ready:
            self.stepper.prepare(self.feed.peek())

    def _set_callbacks(self, states: list[Mapping[str, Any]]) -> None:
        """Give each callback the state of the one of its kind, in their order."""
        waiting: dict[str, list[Any]] = {}
        for entry in states:
            waiting.setdefault(entry["kind"], []).append(entry["state"])
        for callback in self.hooks.callbacks:
            mine = waiting.get(type(callback).__name__)
            if mine and (is_first() or not callback.first_process_only):
                callback.set_state(mine.pop(0))

    @torch.no_grad()
    def _set_weights(self, arrays: list[np.ndarray]) -> None:
        tensors = _tensors(self.stepper)
        there, here = ([tuple(one.shape) for one in both] for both in (arrays, tensors))
        if there != here:
            odd = next((pair for pair in zip(there, here, strict=False) if pair[0] != pair[1]), None)
            what = f"{len(there)} weights" if odd is None else f"a weight of {format_shape(odd[0])}"
            got = f"{len(here)}" if odd is None else f"{format_shape(odd[1])}"
            raise StateError(
                f"the checkpoint is of another network: it holds {what}, and this one has {got}. Train the "
                "same network, or remove the checkpoint to begin anew."
            )
        for tensor, array in zip(tensors, arrays, strict=True):
            tensor.copy_(torch.from_numpy(np.array(array)))

    def _set_optimizer(self, state: Mapping[str, Any]) -> None:
        optimizer = self.stepper.compiled.optimizer
        if type(optimizer).__name__ != state["kind"]:
            raise StateError(
                f"the checkpoint is of a training by {state['kind']}, and this one is by "
                f"{type(optimizer).__name__}. Compile with the same optimizer, or remove the checkpoint."
            )
        arrays, known = dict(state["arrays"]), list(optimizer.state_arrays())
        if len(arrays) == len(known):
            # By order, not by name: a network built again in one process has layers with other numbers.
            arrays = dict(zip(known, arrays.values(), strict=True))
        optimizer.load_state_arrays(arrays)
        if state["rate"] is not None and optimizer.learning_rate_schedule is not None:
            # A callback had put a number in the schedule's place.
            optimizer.learning_rate = state["rate"]
        optimizer._swapped = state["swapped"]


def _tensors(stepper: Stepper) -> list[torch.Tensor]:
    return [*stepper.module.parameters(), *stepper.module.buffers()]


def machine(stepper: Stepper) -> dict[str, Any]:
    """Name what decides the last bits of every product: where, how exactly, on how many threads, by what."""
    translated = stepper.runner.translated
    return {
        "threads": thread_count(),
        "device": stepper.device.type,
        "precision": stepper.precision,
        "kernels": kernels(stepper.device) + ("" if translated is None else ", through torch.compile"),
        "blocks left to PyTorch": ", ".join(sorted(left_to_pytorch())) or "none",
        "torch": torch.__version__,
        "numpy": np.__version__,
        "striate": __version__,
    }


def kernels(device: torch.device) -> str:
    """Name the kind of kernels that compute here: by the processor's instructions, or the GPU."""
    if device.type == "cuda":
        return f"{torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}"
    onednn = "with" if torch.backends.mkldnn.enabled else "without"
    library = explain_native().value
    native = "no native kernels" if library is None else f"native kernels for {library.level}"
    return f"{torch.backends.cpu.get_cpu_capability()}, {onednn} oneDNN, {native}"


def say_differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    """Say in words where this machine differs from the one that wrote a checkpoint."""
    found = [f"{key} {there.get(key)} there, {here[key]} here" for key in here if there.get(key) != here[key]]
    if found:
        say(
            f"the checkpoint comes from elsewhere ({'; '.join(found)}): training goes on all the same, but "
            "its numbers can differ in their last digits from those of one that was never cut off."
        )
