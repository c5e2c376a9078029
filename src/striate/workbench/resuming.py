"""Go on with a run that was stopped or cut off, so that it comes out as if that had not happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from striate.core.errors import ArgumentError
from striate.datasets.options import Progress, no_progress
from striate.training.stopping import ended_by_sigterm
from striate.workbench.locking import locked
from striate.workbench.plan import Say, line
from striate.workbench.prepared import prepare
from striate.workbench.recipe import Recipe, read_recipe, write_recipe
from striate.workbench.record import go_on_record
from striate.workbench.run import Run, find_run, no_such_run
from striate.workbench.training_run import TrainResult, carry_out


def resume_run(
    text: str,
    root: Path,
    options: Mapping[str, Any],
    say: Say,
    verbose: str | int,
    progress: Progress = no_progress,
    report: bool = False,
) -> TrainResult | None:
    """Train a run to its end, from its last checkpoint, or from step 0 where it has none yet.

    `options` are those of a recipe; they may say what the run's recipe says, and more epochs where
    its learning rate is constant. A run that is finished is left alone, which is said; None then.

    Raises:
        StriateError: no such run, another process trains it, its data have changed, or an option
            contradicts its recipe, in words.
    """
    run = find_run(text, root)
    if run is None:
        raise no_such_run(text, root)
    with ended_by_sigterm(), locked(run.folder, say):
        content = run.read()
        before = read_recipe(run.recipe)
        recipe = with_options(before, options, run.name)
        if content.get("status") == "finished" and recipe.epochs == before.epochs:
            say(f"the run {run.name!r} is finished after {before.epochs} epochs: nothing is left to do.")
            return None
        _sweep(run)
        say(line("resume", f"{run.name}, {_standing(content)}"))
        prepared = prepare(recipe, say, progress, earlier=run)
        if recipe != before:
            write_recipe(run.recipe, prepared.plan)
        record = go_on_record(run, content, recipe.epochs, str(prepared.machine["device"].value))
        return carry_out(prepared, run, record, say, verbose, report)


def with_options(recipe: Recipe, options: Mapping[str, Any], name: str) -> Recipe:
    """Take the options that a run can still follow: what its recipe says, and perhaps more epochs.

    Raises:
        ArgumentError: one that contradicts the recipe, with the reason.
    """
    for key, wanted in options.items():
        known = getattr(recipe, key)
        if wanted is None or wanted == known:
            continue
        if key != "epochs":
            raise ArgumentError(
                f"the run {name!r} was begun with {key} {_shown(known)} and goes on with it; got {wanted!r}. "
                f"Leave --{key.replace('_', '-')} out, or begin a new run."
            )
        recipe = replace(recipe, epochs=_more_epochs(recipe, wanted, name))
    return recipe


def _more_epochs(recipe: Recipe, wanted: int, name: str) -> int:
    begun = f"the run {name!r} was begun for {recipe.epochs} epochs"
    if wanted < (recipe.epochs or 0):
        raise ArgumentError(
            f"{begun}; --epochs {wanted} would be fewer. What it has learnt so far can be used as it is: "
            f"striate evaluate {name}"
        )
    if recipe.schedule != "constant" or recipe.weights is not None:
        course = "its learning rate falls to 0" if recipe.weights is None else "its fine-tuning is planned"
        raise ArgumentError(
            f"{begun}, and {course} over just these, so more would have changed every step before. Begin a "
            f"new run with --epochs {wanted}."
        )
    return wanted


def _shown(value: Any) -> str:
    return "left open" if value is None else repr(value)


def _standing(content: Mapping[str, Any]) -> str:
    epochs = content.get("epochs", {})
    status = "cut off" if content.get("status") == "running" else content.get("status")
    return f"{status} after {epochs.get('done', 0)} of {epochs.get('planned')} epochs"


def _sweep(run: Run) -> None:
    """Remove what a process left that was killed while it wrote a file."""
    for left in run.folder.glob(".striate-*.part"):
        left.unlink(missing_ok=True)
