"""A trained network taken from a run or a file, ready to score and to answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from striate.core.errors import ArgumentError, DataError, LabelError
from striate.core.runtime import choose_device, choose_precision
from striate.core.shapes import format_shape
from striate.datasets.opening import open_data, source_of
from striate.datasets.options import SourceOptions
from striate.datasets.source import Data, DataBundle
from striate.models.saving import load
from striate.workbench.locking import is_trained_now
from striate.workbench.preparation import InputDescription, match_range, read_description
from striate.workbench.recipe import Recipe, read_recipe
from striate.workbench.run import Run, find_run, no_such_run
from striate.workbench.split import Split, class_names_of, fingerprint, own_parts
from striate.workbench.split_file import read_split

_MODEL_SUFFIX = ".striate"


@dataclass(frozen=True, eq=False)
class Trained:
    """A network, the file that it came from, what it takes, and its run where it has one."""

    model: Any
    file: Path
    takes: InputDescription
    class_names: list[str]
    run: Run | None


def find_model_file(text: str, root: Path) -> tuple[Path, Run | None]:
    """Find the model file that a run's name, its folder or a path means, and the run it belongs to.

    Raises:
        FileAccessError: there is nothing of that name; the runs that there are stand in the message.
        ArgumentError: the run has no model yet.
    """
    run = find_run(text, root)
    place = Path(text) if Path(text).is_absolute() else root / text
    if place.is_file() and (run is None or place.suffix == _MODEL_SUFFIX):
        return place, run
    if run is None:
        raise no_such_run(text, root)
    for file in (run.best_model, run.last_model):
        if file.is_file():
            return file, run
    status = run.read().get("status", "unknown")
    if status == "running" and is_trained_now(run.folder):
        raise ArgumentError(
            f"the run {run.name!r} is being trained now and holds no model yet: wait until its first epoch "
            "has ended."
        )
    status = "cut off" if status == "running" else status
    raise ArgumentError(
        f"the run {run.name!r} (status: {status}) holds no model: it ended before the first epoch did, or "
        f"its files were removed. Go on with it: striate train --resume {run.folder.as_posix()}"
    )


def open_trained(text: str, root: Path, device: str = "auto", precision: str | None = None) -> Trained:
    """Open the network of a run, best epoch first, for use on a device.

    Raises:
        StateError, FileFormatError, FileAccessError: it is not there, or cannot be used.
    """
    chosen = choose_device(device).value
    if precision is not None:
        choose_precision(precision, chosen)
    file, run = find_model_file(text, root)
    if run is not None:
        # A run of a newer version is refused as a whole.
        run.read()
    model = load(file)
    takes = read_description(model.preprocessing, str(file))
    if model.compiled is not None:
        model.compiled.device = str(chosen)
        model.compiled.precision = precision or model.compiled.precision
    if takes.pixel_range is not None:
        # So that pixels of 0 to 1 given to a network of 0 to 255, or the other way, are refused.
        model.input_range = takes.pixel_range
    names = model.class_names or [str(number) for number in range(max(model.outputs[0].shape[-1], 2))]
    return Trained(model, file, takes, names, run)


def standing(trained: Trained) -> str | None:
    """Say of a run that has not come to its end how far it came, and what of it is used; else None."""
    run = trained.run
    content = {} if run is None else run.read()
    status = str(content.get("status", "finished"))
    if run is None or status == "finished":
        return None
    if status == "running":
        status = "is being trained now" if is_trained_now(run.folder) else "was cut off"
    else:
        status = {"stopped": "was stopped", "failed": "failed"}.get(status, status)
    epochs = content.get("epochs", {})
    best = trained.file.name == run.best_model.name
    which = (
        "the best of them" if best and epochs.get("best") is None else f"epoch {epochs.get('best')}, the best"
    )
    return (
        f"the run {run.name!r} {status} after {epochs.get('done', 0)} of {epochs.get('planned')} epochs; "
        f"used is the network after {which if best else 'the last of them'}"
    )


def open_trained_here(text: str) -> Trained:
    """Open a run's network as seen from the current folder, for looking into it.

    Raises:
        StateError, FileFormatError, FileAccessError: it is not there, or cannot be used.
    """
    return open_trained(text, Path())


def own_test_part(trained: Trained, data_dir: str | None) -> tuple[Data, str]:
    """Load the test part of a run's own data, and say in words what it is.

    Raises:
        ArgumentError: the network comes from a file outside any run.
        FileFormatError: the data have changed since the training.
    """
    run = trained.run
    if run is None:
        raise ArgumentError(
            f"{trained.file} belongs to no run, so it has no test part of its own. Say which data to score: "
            f"--data digits, or --data arrays.npz."
        )
    recipe = read_recipe(run.recipe)
    bundle = load_own(run, recipe, data_dir)
    data = own_parts(bundle, run_split(run), f"the run {run.name!r}")["test"]
    return data, f"the test part of {bundle.name}, kept apart from training"


def run_split(run: Run) -> Split:
    """Read which examples of a run were for what."""
    known = run.read().get("data", {})
    return read_split(run.splits, str(known.get("sha256")), known.get("splits"))


def load_own(run: Run, recipe: Recipe, data_dir: str | None) -> DataBundle:
    """Load the data of a run as it did itself."""
    options = replace(recipe.source_options(), data_dir=data_dir or recipe.data_dir)
    # Paths in a recipe are as seen from the folder that holds runs/.
    return open_data(recipe.data, options, base=run.folder.parent.parent)


def other_test_part(
    trained: Trained, text: str, data_dir: str | None, label: str | None = None
) -> tuple[Data, str]:
    """Load data that a person named, made to suit the network, and say in words what they are.

    Where they are the run's own data, their test part is taken: the rest was trained on. Else
    their test part where they have one, or all. `label` is their column of classes, by default the
    one that the network's own data had.

    Raises:
        DataError: examples of another kind or shape.
        LabelError: no labels, or other classes.
    """
    if source_of(text) in ("images", "named") and trained.takes.kind == "signal":
        raise DataError(
            f"{text} holds images; this network takes signals of {format_shape(trained.takes.shape)}."
        )
    bundle = open_data(text, _options_for(trained, text, data_dir, label))
    if trained.run is not None and trained.run.splits.is_file():
        split = run_split(trained.run)
        if split.fingerprint == fingerprint(bundle):
            return split.take(bundle, "test"), f"the test part of {bundle.name}, kept apart from training"
    part = "train" if bundle.test is None else "test"
    data = bundle.train if bundle.test is None else bundle.test
    shape = tuple(data.x.shape[1:])
    if bundle.kind != trained.takes.kind or shape != trained.takes.shape:
        raise DataError(
            f"{text} holds {bundle.kind}s of {format_shape(shape)}; this network takes "
            f"{trained.takes.kind}s of {format_shape(trained.takes.shape)}."
        )
    x, change = match_range(data.x, bundle.pixel_range, trained.takes.pixel_range)
    said = "the test part" if part == "test" else "all examples"
    labelled = replace(data, x=x, y=_translate(data, bundle, trained), class_names=None)
    return labelled, f"{said} of {bundle.name}{change}"


def _options_for(
    trained: Trained, text: str, data_dir: str | None, label: str | None = None
) -> SourceOptions:
    """Read other data as the network's own were read."""
    given = trained.takes.image_input
    recipe = None if trained.run is None else read_recipe(trained.run.recipe)
    options = SourceOptions()
    if recipe is not None:
        options = replace(
            recipe.source_options(),
            limit=None,
            group=None,
            size=None,
            fit=None,
            channels=None,
            interpolation=None,
        )
    if source_of(text) in ("named", "arrays"):
        # They have no columns; what the network's own data had says nothing of them.
        options = replace(options, label=None)
    options = replace(options, label=label or options.label)
    return replace(options, kind=trained.takes.kind, data_dir=data_dir, image_input=given)


def _translate(data: Data, bundle: DataBundle, trained: Trained) -> np.ndarray | None:
    """Number the labels as the network does, by the classes' names."""
    if data.y is None:
        return None
    names = class_names_of(bundle)
    told_by_number = all(name.isdecimal() for name in trained.class_names)
    counted = names == [str(number) for number in range(len(names))]
    if counted and not told_by_number and len(names) <= len(trained.class_names):
        # Classes with words for names: labels that are numbers from 0 count them.
        return data.y
    order = {name: number for number, name in enumerate(trained.class_names)}
    missing = [name for name in names if name not in order]
    if missing:
        raise LabelError(
            f"the network does not know the class {missing[0]!r} of {bundle.name}; it tells apart: "
            f"{', '.join(trained.class_names)}."
        )
    return np.array([order[name] for name in names], dtype=np.int64)[data.y]
