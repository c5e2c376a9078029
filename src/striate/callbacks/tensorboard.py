"""Curves and weights of a training, as event files for the TensorBoard page."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, final

import numpy as np

from striate.callbacks.base import Callback, Logs
from striate.callbacks.logs import as_numbers
from striate.core.errors import ArgumentError, FileAccessError, MissingExtraError
from striate.layers.weights import named_weights, public_array


@final
class TensorBoard(Callback):
    """Writes event files that `tensorboard --logdir logs` shows, into `train` and `validation`.

    Each epoch's values become the curves "epoch_loss", "epoch_accuracy" and so on, over the number
    of the epoch, beside "epoch_learning_rate". An evaluation, in `fit` or by itself, adds
    "evaluation_loss_vs_iterations" over the optimiser's steps. With `update_freq` 'batch' or a
    number of batches, the means since the epoch began are also written as "batch_loss" and so on;
    reading them waits for the device. `histogram_freq` is the number of epochs from one histogram
    of each weight to the next, beginning with the first; 0 means none, and numbers in a weight
    that are not finite are left out of it.

    Keras's other arguments are named so that its code runs. No graph is drawn whatever
    `write_graph` says, because PyTorch runs a network without building one: see `plot_model`.

    Raises:
        MissingExtraError: the tensorboard package is not installed.
        ArgumentError: a frequency that is none, or a wish for something that is not written here.
        FileAccessError: the folder cannot be written.
    """

    first_process_only = True

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        _refuse(
            write_images=write_images,
            write_steps_per_second=write_steps_per_second,
            profile_batch=profile_batch,
            embeddings_freq=embeddings_freq,
            embeddings_metadata=embeddings_metadata,
        )
        self.log_dir = Path(log_dir)
        self.histogram_freq = _whole("histogram_freq", histogram_freq, 0, "a number of epochs, or 0 for none")
        self.update_freq = update_freq
        self._batches_apart = _batches_apart(update_freq)
        self._format = _EventFormat()
        self._files: dict[str, Path] = {}
        self._steps = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin new files, so that a folder that cannot be written is found before the training."""
        self._files = {}
        self._steps = 0
        self._write("train", [])

    def get_state(self) -> dict[str, Any]:
        """How many batches there were."""
        return {"steps": self._steps}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on counting; TensorBoard reads the new files after the old ones."""
        self._steps = state["steps"]

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Write the values so far, where this batch is one to write."""
        self._steps += 1
        if self._batches_apart and self._steps % self._batches_apart == 0:
            self._write_scalars("train", self._steps, {f"batch_{name}": value for name, value in _flat(logs)})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the epoch's values, its learning rate and, where due, the weights."""
        values = {"epoch_learning_rate": float(self.model.optimizer.learning_rate)}
        validation = {}
        for name, value in _flat(logs):
            if name.startswith("val_"):
                validation[f"epoch_{name.removeprefix('val_')}"] = value
            else:
                values[f"epoch_{name}"] = value
        self._write_scalars("train", epoch, values)
        if validation:
            self._write_scalars("validation", epoch, validation)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write("train", self._histograms(epoch))

    def on_test_end(self, logs: Logs = None) -> None:
        """Write the evaluation's values over the number of steps trained so far."""
        values = {f"evaluation_{name}_vs_iterations": value for name, value in _flat(logs)}
        self._write_scalars("validation", int(self.model.optimizer.iterations), values)

    def _write_scalars(self, part: str, step: int, values: Mapping[str, float]) -> None:
        self._write(part, [self._format.scalar(step, tag, value) for tag, value in values.items()])

    def _histograms(self, epoch: int) -> Iterator[bytes]:
        for path, tensor, spec in named_weights(self.model):
            numbers = public_array(tensor, spec).ravel().astype(np.float64)
            yield self._format.histogram(epoch, f"{path}/histogram", numbers[np.isfinite(numbers)])

    def _write(self, part: str, events: Iterable[bytes]) -> None:
        # The file is closed again each time, so that a run that is cut short leaves it whole.
        try:
            if part not in self._files:
                self._files[part] = _new_file(self.log_dir / part)
                events = [self._format.header(), *events]
            with self._files[part].open("ab") as file:
                writer = self._format.writer(file)
                for event in events:
                    writer.write(event)
        except OSError as error:
            raise FileAccessError(
                f"cannot write to {str(self.log_dir / part)!r}: {error.strerror}."
            ) from error


class _EventFormat:
    """Makes the records of an event file with tensorboard's own classes, the few that load nothing else."""

    def __init__(self) -> None:
        try:
            from tensorboard.compat.proto.event_pb2 import Event
            from tensorboard.plugins.histogram.summary_v2 import histogram_pb
            from tensorboard.plugins.scalar.summary_v2 import scalar_pb
            from tensorboard.summary.writer.record_writer import RecordWriter
        except ImportError as error:
            raise MissingExtraError(
                'TensorBoard needs the tensorboard package: pip install "striate[tensorboard]".'
            ) from error
        self._event: Callable[..., Any] = Event
        self._histogram: Callable[..., Any] = histogram_pb
        self._scalar: Callable[..., Any] = scalar_pb
        self.writer: Callable[..., Any] = RecordWriter

    def header(self) -> bytes:
        """Make the record that a file begins with."""
        return self._bytes(file_version="brain.Event:2")

    def scalar(self, step: int, tag: str, value: float) -> bytes:
        """Make the record of one number."""
        return self._bytes(step=step, summary=self._scalar(tag, value))

    def histogram(self, step: int, tag: str, numbers: np.ndarray) -> bytes:
        """Make the record of how many numbers lie in each of thirty parts of their range."""
        return self._bytes(step=step, summary=self._histogram(tag, numbers))

    def _bytes(self, **content: Any) -> bytes:
        return bytes(self._event(wall_time=time.time(), **content).SerializeToString())


def _new_file(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    # TensorBoard reads the files of a folder in the order of their names, and knows them by "tfevents".
    name = f"events.out.tfevents.{time.time_ns():020d}.{socket.gethostname()}.{os.getpid()}.v2"
    return folder / name


def _flat(logs: Logs) -> Iterator[tuple[str, float]]:
    """Go through names and numbers; a value for each class gets the class's number behind its name."""
    for name, value in as_numbers(logs).items():
        if isinstance(value, list):
            yield from ((f"{name}_{place}", float(part)) for place, part in enumerate(np.ravel(value)))
        else:
            yield name, float(value)


def _refuse(**wishes: Any) -> None:
    for name, value in wishes.items():
        if value:
            raise ArgumentError(
                f"TensorBoard writes curves and histograms of the weights only; {name}={value!r} asks for "
                "something else. Leave it out."
            )


def _whole(name: str, value: Any, least: int, meaning: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{name} must be {meaning}; got {value!r}.")
    return int(value)


def _batches_apart(update_freq: str | int) -> int:
    """Say how many batches lie between two records; 0 where only epochs are recorded."""
    if isinstance(update_freq, str) and update_freq in ("epoch", "batch"):
        return ("epoch", "batch").index(update_freq)
    return _whole("update_freq", update_freq, 1, "'epoch', 'batch' or a number of batches")
