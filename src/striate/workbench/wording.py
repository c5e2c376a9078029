"""What is said of results: lines for people, made of data."""

from __future__ import annotations

from striate.diagnose import Verdict
from striate.workbench.actions import Evaluation
from striate.workbench.plan import line
from striate.workbench.run import Run
from striate.workbench.training_run import TrainResult

_ABOUT = {
    "best_model": "the network after its best epoch",
    "last_model": "the network after the last epoch",
    "record": "what was chosen and found",
    "recipe": "striate train with this file does it again",
    "results": "loss and accuracy of each epoch",
    "splits": "which examples were for what",
    "curves": "loss and accuracy as a picture",
    "confusion": "what was taken for what, as a picture",
    "report": "all of it as one page, for a browser",
}


def describe_training(result: TrainResult) -> list[str]:
    """Say how a training ended, how good the network is, and where everything lies."""
    lines = []
    if result.status == "stopped":
        lines.append(f"stopped: what is there is kept in {result.run.folder.as_posix()}")
        lines.append(f"to go on: striate train --resume {result.run.folder.as_posix()}")
    if result.best_epoch is not None:
        lines.append(f"best epoch {result.best_epoch} of {result.epochs_done}, by {result.chosen_by}")
    if result.verdict is not None:
        lines += describe_verdict(result.verdict)
    if result.scores is not None:
        lines.append(result.scores.sentence())
    elif result.run.last_model.is_file():
        lines.append(f"not tested yet: striate evaluate {result.run.name}")
    return lines + describe_files(result.run)


def describe_verdict(verdict: Verdict) -> list[str]:
    """Say what the curves show, and the next thing to try."""
    first = verdict.advice[0] if verdict.advice else ""
    return [line("curves", f"{verdict.words}. {' '.join(verdict.evidence)}"), line("next", first)]


def describe_files(run: Run) -> list[str]:
    """List the files of a run that are there, with what each holds."""
    there = {getattr(run, key): about for key, about in _ABOUT.items() if getattr(run, key).is_file()}
    width = max((len(path.as_posix()) for path in there), default=0)
    return [f"  {path.as_posix():<{width}}  {about}" for path, about in there.items()]


def describe_evaluation(found: Evaluation) -> list[str]:
    """Say which network was scored on what, class by class, and the whole at the end."""
    scores = found.scores
    width = max(len("class"), *(len(name) for name in scores.class_names))
    rows = [f"{'class':<{width}}  recall  {scores.noun}"]
    for name, recall, count in zip(scores.class_names, scores.recalls, scores.counts, strict=True):
        share = "     -" if recall is None else f"{recall:.4f}"
        rows.append(f"{name:<{width}}  {share}  {count:>{len(scores.noun)}}")
    return [
        line("network", found.file.as_posix()),
        *([] if found.standing is None else [line("run", found.standing)]),
        line("data", found.described),
        "",
        *rows,
        "",
        f"test loss {scores.loss:.4f}",
        scores.sentence(),
    ]
