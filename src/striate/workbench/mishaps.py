"""What a run says when its numbers go wrong or memory runs out: the files concerned, and how to go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from striate.artifacts.checkpoint import CheckpointFolder, read_checkpoint, write_checkpoint
from striate.core.errors import NumbersError, OutOfMemoryError
from striate.training.tracing import name_files
from striate.workbench.record import Record
from striate.workbench.run import Run


@contextmanager
def explained(run: Run, record: Record, names: list[str] | None, rate: float | None) -> Iterator[None]:
    """Add to the message of a training that failed what only the run knows.

    `names` are those of the training examples, `rate` is the recipe's learning rate.

    Raises:
        NumbersError: a loss, gradient or weight was no finite number; run.json says where.
        OutOfMemoryError: a batch did not fit.
    """
    try:
        yield
    except NumbersError as error:
        name_files(error, names)
        record.went_wrong = dict(error.place)
        slower = "" if rate is None else f" --learning-rate {rate / 10:g}"
        resume = f"striate train --resume {run.folder.as_posix()}{slower}"
        error.args = (f"{error.args[0]} {_kept(run)} To go on more slowly: {resume}",)
        raise
    except OutOfMemoryError as error:
        how = "" if error.fits is None else f" A new run with --batch-size {error.fits} fits."
        resume = f"striate train --resume {run.folder.as_posix()}"
        error.args = (f"{error.args[0]}{how} {_kept(run)} With more memory free: {resume}",)
        raise


def _kept(run: Run) -> str:
    there = CheckpointFolder(run.checkpoints).files()
    if not there:
        return f"The run {run.name!r} has no checkpoint yet and goes on from its beginning."
    return f"The run {run.name!r} keeps its last good checkpoint, after step {int(there[-1].name[:12])}."


def slow_down(run: Run, before: float | None, rate: float | None) -> None:
    """Let a run go on from its checkpoints at another learning rate than before, where that is a constant.

    A rate that falls by a schedule is the recipe's, and needs nothing here.
    """
    if rate is None or rate == before:
        return
    for path in CheckpointFolder(run.checkpoints).files():
        content = read_checkpoint(path)
        optimizer = content["optimizer"]
        for entry in optimizer["arrays"]:
            if entry[0] == "learning_rate":
                entry[1] = entry[1] * 0 + rate
        if optimizer["rate"] is not None:
            optimizer["rate"] = rate
        write_checkpoint(path, content)
