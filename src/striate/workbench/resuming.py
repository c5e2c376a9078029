"""Go on with a run that was stopped or cut off, so that it comes out as if that had not happened."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from striate.core.errors import ArgumentError, StateError
from striate.datasets.options import Progress, no_progress
from striate.ops.native.choices import use_choices
from striate.training.stopping import ended_by_sigterm
from striate.workbench.locking import locked
from striate.workbench.mishaps import slow_down
from striate.workbench.network import ChosenNetwork, digest_of
from striate.workbench.plan import Say, line
from striate.workbench.prepared import prepare
from striate.workbench.recipe import Recipe, read_recipe, write_recipe
from striate.workbench.record import go_on_record
from striate.workbench.reporting import write_report
from striate.workbench.run import Run, find_run, no_such_run
from striate.workbench.training_run import TrainResult, carry_out

# Where a run's data and processor are; the data themselves are compared, and another processor is said.
_MAY_CHANGE = {"recipe_version", "data", "data_dir", "cache", "device"}


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

    `options` are those of a recipe; they may say what the run's recipe says, more epochs where its
    learning rate is constant, and a lower learning rate where its numbers went wrong. A run that is
    finished is left alone, which is said; None then. Only a report that it lacks is written, with `report`.

    Raises:
        StriateError: no such run, another process trains it, its data have changed, or an option
            contradicts its recipe, in words.
    """
    run = find_run(text, root)
    if run is None:
        raise no_such_run(text, root)
    with ended_by_sigterm(), locked(run.folder, say):
        content = run.read()
        # What was tuned on this machine since then must not change a run's numbers half-way.
        use_choices(content.get("left_to_pytorch"))
        before = read_recipe(run.recipe)
        _sweep(run)
        check_recipe(run, before, content)
        recipe = with_options(before, options, run.name, went_wrong="went_wrong" in content)
        # Not by the recipe, which says more already where this was killed as it wrote that down.
        planned = content.get("epochs", {}).get("planned", before.epochs)
        if content.get("status") == "finished" and recipe.epochs == planned:
            say(f"the run {run.name!r} is finished after {planned} epochs: nothing is left to do.")
            if report:
                _write_missing_report(run, say)
            return None
        say(line("resume", f"{run.name}, {_standing(content)}"))
        prepared = prepare(recipe, say, progress, earlier=run)
        check_network(run, prepared.network, content)
        slow_down(run, before.learning_rate, recipe.learning_rate)
        if recipe != before:
            content = _change_recipe(run, content, before, prepared.plan)
        record = go_on_record(run, content, recipe.epochs, str(prepared.machine["device"].value))
        record.started["resumed"][-1]["learning_rate"] = recipe.learning_rate
        return carry_out(prepared, run, record, say, verbose, report)


def _write_missing_report(run: Run, say: Say) -> None:
    # It comes after everything else; a run that is stopped in it is finished.
    if not run.report.is_file():
        say(line("report", "not there yet, being written"))
        write_report(run)


def _change_recipe(run: Run, content: Mapping[str, Any], before: Recipe, after: Recipe) -> dict[str, Any]:
    """Write a changed recipe, and in run.json that it is; killed between the two, a run goes by either."""
    noted = {**content, "recipe": after.as_table(), "recipe_before": before.as_table()}
    run.write(noted)
    write_recipe(run.recipe, after)
    return noted


def check_recipe(run: Run, recipe: Recipe, content: Mapping[str, Any]) -> None:
    """Make sure that a run goes on by the recipe that it was begun with, but for where things are.

    Raises:
        ArgumentError: the file was changed since.
    """
    now = recipe.as_table()
    known = [content[key] for key in ("recipe", "recipe_before") if key in content]
    changed = [sorted(key for key in now | old if now.get(key) != old.get(key)) for old in known]
    changed = [[key for key in keys if key not in _MAY_CHANGE] for keys in changed]
    if changed and all(changed):
        key = changed[0][0]
        raise ArgumentError(
            f"{run.recipe} was changed since the run {run.name!r} was begun with it: {key} was "
            f"{_shown(known[0].get(key))} and is {_shown(now.get(key))}. Put it back; or train anew by it: "
            f"striate train {shlex.quote(run.recipe.as_posix())}"
        )


def check_network(run: Run, network: ChosenNetwork, content: Mapping[str, Any]) -> None:
    """Make sure that the network is the one that the run was begun with, in what its weights do not show too.

    Raises:
        StateError: it is another.
    """
    known = content.get("model", {}).get("sha256")
    if known is not None and known != digest_of(network.model):
        raise StateError(
            f"the network {network.name!r} is not the one that the run {run.name!r} was begun with: its "
            "layers or their settings have changed. Bring the old one back, or begin a new run."
        )


def with_options(recipe: Recipe, options: Mapping[str, Any], name: str, went_wrong: bool = False) -> Recipe:
    """Take the options that a run can still follow: what its recipe says, and perhaps more epochs.

    One whose numbers went wrong may go on at a lower learning rate.

    Raises:
        ArgumentError: one that contradicts the recipe, with the reason.
    """
    for key, wanted in options.items():
        known = getattr(recipe, key)
        if wanted is None or wanted == known:
            continue
        if key == "learning_rate" and went_wrong and known is not None and 0 < wanted < known:
            recipe = replace(recipe, learning_rate=wanted)
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
