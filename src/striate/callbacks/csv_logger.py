"""A table of the epochs, on disk as it grows."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, final

from striate.callbacks.base import Callback, Logs
from striate.callbacks.logs import as_numbers
from striate.core.errors import FileAccessError, FileFormatError


@final
class CSVLogger(Callback):
    """Writes one row an epoch: its number from 0, then the values by name.

    The first epoch decides the columns; where it had no validation, columns for it are added.
    What an epoch lacks is written as NA. `append` goes on in a file that is there.

    Raises:
        FileAccessError: the file cannot be written.
        FileFormatError: the file to go on in is not such a table.
    """

    first_process_only = True

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._columns: list[str] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin the file, or read the columns of the one to go on in."""
        self._columns = self._columns_there() if self.append else []
        with self._open("a" if self.append else "w"):
            pass

    @contextmanager
    def _open(self, mode: str) -> Iterator[IO[str]]:
        # A disk that is full says so only when the file is closed.
        try:
            with Path(self.filename).open(mode, newline="", encoding="utf-8") as file:
                yield file
        except OSError as error:
            raise FileAccessError(f"cannot write {self.filename!r}: {error.strerror}.") from error

    def _columns_there(self) -> list[str]:
        path = Path(self.filename)
        if not path.is_file():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            columns = next(csv.reader(file, delimiter=self.separator), [])
        if columns and columns[0] != "epoch":
            raise FileFormatError(
                f"cannot append to {self.filename!r}: its first column is {columns[0]!r}, not 'epoch'. "
                "Take another file, or append=False to overwrite it."
            )
        return columns

    def get_state(self) -> dict[str, Any]:
        """The table so far."""
        # Not its length: a machine that dies right after `on_train_begin` leaves an empty table.
        path = Path(self.filename)
        text = path.read_bytes().decode("utf-8") if path.is_file() else ""
        return {"columns": self._columns, "table": text}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Bring the table back; rows of epochs that are trained again go."""
        self._columns = list(state["columns"])
        with self._open("w") as file:
            file.write(state["table"])

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the row; the file is closed again, so that a run that is cut short leaves it whole."""
        values = as_numbers(logs)
        first = not self._columns
        if first:
            names = sorted(values)
            if not any(name.startswith("val_") for name in names):
                names += [f"val_{name}" for name in names]
            self._columns = ["epoch", *names]
        row = [epoch, *(values.get(name, "NA") for name in self._columns[1:])]
        with self._open("a") as file:
            writer = csv.writer(file, delimiter=self.separator, lineterminator="\n")
            writer.writerows([self._columns, row] if first else [row])
