"""Files that cannot be used: what is kept of each, and when there are too many of them."""

from __future__ import annotations

import csv
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from striate.core.errors import DataError, FileAccessError
from striate.core.shapes import check_choice
from striate.datasets.counting import counted

POLICIES = ("skip", "error", "quarantine")
# More than this share of bad files means that something larger is wrong.
MOST_BAD = 0.05
LIST_NAME = "list.csv"
_SHOWN = 10


@dataclass(frozen=True)
class BadFile:
    """A file that was left out: its name as people know it, why, and where it lies on the disk."""

    name: str
    reason: str
    path: Path | None = None


def list_bad(bad: Sequence[BadFile]) -> str:
    """List bad files with their reasons, one a line, the first ten of them."""
    lines = [f"  {file.name}: {file.reason}" for file in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        lines.append(f"  ... and {len(bad) - _SHOWN} more")
    return "\n".join(lines)


def check_rejects(
    bad: Sequence[BadFile],
    total: int,
    policy: str = "skip",
    labels: np.ndarray | None = None,
    class_names: Sequence[str] | None = None,
    noun: str = "file",
) -> None:
    """Refuse data of which too much cannot be used.

    `total` counts all files, the bad ones too. `labels` are those of the good files, so that a
    class of which nothing is left is noticed. `noun` is what they are called, such as 'row'.

    Raises:
        ArgumentError: a policy that there is not.
        DataError: a bad file where the policy is 'error'; more than 5% bad; a class left empty.
    """
    check_choice(policy, POLICIES, "bad_files")
    if not bad:
        return
    found = f"{len(bad):,} of {counted(total, noun)} cannot be used"
    if policy == "error":
        raise DataError(
            f"{found}:\n{list_bad(bad)}\nRepair or remove them, or leave them out with bad_files='skip'."
        )
    if len(bad) > MOST_BAD * total:
        raise DataError(
            f"{found}, more than {MOST_BAD:.0%}, so something larger may be wrong:\n{list_bad(bad)}\n"
            "Repair or remove them."
        )
    if labels is not None and class_names is not None:
        counts = np.bincount(labels, minlength=len(class_names))
        empty = [name for name, count in zip(class_names, counts, strict=True) if not count]
        if empty:
            raise DataError(
                f"no {noun} of the class {', '.join(map(repr, empty))} can be used; {found}:\n"
                f"{list_bad(bad)}\n"
                f"Add {noun}s to the class, or remove it."
            )


def quarantine(bad: Sequence[BadFile], folder: str | os.PathLike[str]) -> Path:
    """Copy bad files into a folder, beside a list of them with the reasons; the files stay where they are.

    Each copy has a number before its name, so that files of one name do not meet. Files inside
    an archive are only listed. Returns the list.

    Raises:
        FileAccessError: the folder or the list cannot be written.
    """
    place = Path(folder)
    rows = []
    try:
        place.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(bad, start=1):
            copy = ""
            if file.path is not None and file.path.is_file():
                copy = f"{number:04d}-{_plain_name(file.path.name)}"
                copy = copy if _copied(file.path, place / copy) else ""
            rows.append((copy, _plain_text(file.name), file.reason))
        with (place / LIST_NAME).open("w", newline="", encoding="utf-8") as table:
            writer = csv.writer(table)
            writer.writerow(("copy", "file", "reason"))
            writer.writerows(rows)
    except OSError as error:
        raise FileAccessError(
            f"cannot write the list of bad files into {place}: {error.strerror or error}."
        ) from error
    return place / LIST_NAME


def _copied(source: Path, copy: Path) -> bool:
    # What cannot be read cannot be copied, and may be on the list for that very reason.
    try:
        shutil.copyfile(source, copy)
    except PermissionError:
        copy.unlink(missing_ok=True)
        return False
    return True


def _plain_name(name: str) -> str:
    return re.sub(r'[\x00-\x1f<>:"/\\|?*\ud800-\udfff]', "_", name)[-100:]


def _plain_text(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
