"""A run: the folder `runs/<name>/` that a training leaves, and what is said about it in run.json."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from striate.artifacts import read_json, write_json
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError, did_you_mean

RUNS_FOLDER = "runs"
RUN_VERSION = 1
STATUSES = ("running", "finished", "stopped", "failed")

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# Windows takes these for devices, whatever stands behind the dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Run:
    """A run by its folder; the paths are relative where the folder is."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name

    @property
    def record(self) -> Path:
        """What was chosen, measured and found."""
        return self.folder / "run.json"

    @property
    def recipe(self) -> Path:
        """All that is needed to do it again."""
        return self.folder / "recipe.toml"

    @property
    def splits(self) -> Path:
        """Which examples were for training, validation and test, a row each."""
        return self.folder / "splits.csv"

    @property
    def results(self) -> Path:
        """The epochs as a table."""
        return self.folder / "results.csv"

    @property
    def best_model(self) -> Path:
        """The network after the epoch with the lowest validation loss."""
        return self.folder / "model.striate"

    @property
    def last_model(self) -> Path:
        """The network as training left it."""
        return self.folder / "last.striate"

    @property
    def checkpoints(self) -> Path:
        """Where the training stands, so that one that is cut off can go on."""
        return self.folder / "checkpoints"

    @property
    def quarantine(self) -> Path:
        """Copies of the files that could not be used, where these were asked for."""
        return self.folder / "quarantine"

    @property
    def curves(self) -> Path:
        """Loss and accuracy over the epochs, as a picture."""
        return self.folder / "curves.png"

    @property
    def confusion(self) -> Path:
        """What the network took for what, as a picture."""
        return self.folder / "confusion.png"

    @property
    def report(self) -> Path:
        """Everything about the run as one page."""
        return self.folder / "report.html"

    def read(self) -> dict[str, Any]:
        """Read run.json.

        Raises:
            FileAccessError: it is missing or cannot be read.
            FileFormatError: it is damaged, no record of a run, or from a newer version.
        """
        content = read_json(self.record)
        version = content.get("schema_version") if isinstance(content, dict) else None
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise FileFormatError(f"{self.record} is not the record of a run: it has no schema_version.")
        if version > RUN_VERSION:
            raise FileFormatError(
                f"{self.record} has schema_version {version}, written by a newer Striate; this one reads "
                f"up to {RUN_VERSION}. Update Striate to use this run."
            )
        return content

    def write(self, content: Mapping[str, Any]) -> None:
        """Write run.json atomically, with the version in front.

        Raises:
            FileAccessError: it cannot be written.
        """
        write_json(self.record, {**content, "schema_version": RUN_VERSION})


def check_name(name: str) -> str:
    """Hand back a name that a run can have on every system.

    Raises:
        ArgumentError: one that it cannot have.
    """
    if not _NAME.fullmatch(name) or name.endswith(".") or _DEVICES.fullmatch(name):
        raise ArgumentError(
            f"a run cannot be called {name!r}: its name is that of a folder in {RUNS_FOLDER}/, made of "
            "letters, digits, '_', '-' and '.', such as 'digits-small'."
        )
    return name


def check_free(name: str, root: Path) -> None:
    """Make sure that there is no run of this name yet.

    Raises:
        ArgumentError: there is one, or the name cannot be used.
    """
    if _is_taken(root / RUNS_FOLDER / check_name(name)):
        raise ArgumentError(
            f"there is a run called {name!r} already, in {RUNS_FOLDER}/{name}. Choose another --name, or "
            "remove that folder first. Without --name a free one is found."
        )


def create_run(name: str | None, base: str, root: Path) -> Run:
    """Make the folder of a new run: `name`, or `base` counted up, digits, digits-2, digits-3.

    Raises:
        ArgumentError: a run of that name is there, or the name cannot be used.
        FileAccessError: the folder cannot be made.
    """
    if name is not None:
        check_free(name, root)
        return _make(name, root)
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", base).strip(".-") or "run"
    number = 1
    while True:
        counted = plain if number == 1 else f"{plain}-{number}"
        if not _is_taken(root / RUNS_FOLDER / counted):
            return _make(counted, root)
        number += 1


def _is_taken(folder: Path) -> bool:
    try:
        return folder.exists()
    except OSError:
        # A folder that may not be looked into is answered when the run's own cannot be made.
        return False


def _make(name: str, root: Path) -> Run:
    folder = root / RUNS_FOLDER / name
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise FileAccessError(
            f"cannot make the folder {folder} in {root.resolve()}: {error.strerror or error}. Runs are kept "
            "beside where you stand: go to a folder that you can write to."
        ) from error
    return Run(folder)


def list_runs(root: Path) -> list[str]:
    """List the names of the runs that there are."""
    folder = root / RUNS_FOLDER
    return sorted(path.parent.name for path in folder.glob("*/run.json")) if folder.is_dir() else []


def find_run(text: str, root: Path) -> Run | None:
    """Find a run by its name, its folder, or a model file in it; None where there is none."""
    place = Path(text) if Path(text).is_absolute() else root / text
    for folder in (place, place.parent if place.is_file() else place, root / RUNS_FOLDER / text):
        if (folder / "run.json").is_file():
            return Run(folder)
    return None


def no_such_run(text: str, root: Path, further: str = "", names: list[str] | None = None) -> FileAccessError:
    """Make the error for a run that is not there, with those that are."""
    runs = list_runs(root)
    listed = f"Runs here: {', '.join(runs)}." if runs else f"There are no runs in {RUNS_FOLDER}/ here yet."
    hint = did_you_mean(text, [*runs, *(names or [])])
    for folder in (root / RUNS_FOLDER / text, root / text):
        if (folder / "recipe.toml").is_file():
            return FileAccessError(
                f"{folder} is no run that can be used: it has no run.json, because it was cut off before its "
                "first step or the file was removed. To do it anew: "
                f"striate train {shlex.quote((folder / 'recipe.toml').as_posix())}"
            )
    return FileAccessError(
        f"there is no run, folder of a run or model file {text!r}{further}.{hint} {listed} "
        "A run is made by, for example: striate train digits"
    )
