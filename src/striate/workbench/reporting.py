"""The report of a run: gathers what the run has, and writes it as one page."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import shlex
from pathlib import Path
from typing import Any

import numpy as np

from striate.artifacts.atomic import read_bytes, write_atomically
from striate.core.errors import DataError, StriateError
from striate.datasets.source import Data, DataBundle
from striate.report.material import Examples, Material
from striate.report.page import make_report
from striate.visualize.answers import Answers, make_answers
from striate.workbench.recipe import Recipe, read_recipe
from striate.workbench.run import Run, find_run, no_such_run
from striate.workbench.scoring import SCORING_BATCH, probabilities
from striate.workbench.split import PARTS, Split, name_of, own_parts
from striate.workbench.trained import load_own, open_trained, run_split

# A recipe or a table of epochs beyond this is none.
_LARGEST_TEXT = 1 << 24


def report(
    run: str,
    out: str | Path | None = None,
    *,
    data_dir: str | None = None,
    device: str = "auto",
    root: Path | None = None,
) -> Path:
    """Write the report of the run of this name or folder; see `write_report`.

    Raises:
        FileAccessError: there is no such run, or the report cannot be written.
        FileFormatError: the run's record is damaged, or from a newer version.
    """
    place = Path() if root is None else root
    found = find_run(run, place)
    if found is None:
        raise no_such_run(run, place)
    return write_report(found, out, data_dir=data_dir, device=device)


def write_report(
    run: Run,
    out: str | Path | None = None,
    *,
    bundle: DataBundle | None = None,
    split: Split | None = None,
    data_dir: str | None = None,
    device: str = "auto",
) -> Path:
    """Write a run's report, report.html in its folder unless told otherwise, and hand the path back.

    `bundle` and `split` are the run's data where they are at hand; else they are loaded again. What
    the run does not have, or what cannot be shown of its network, is left out with a sentence.

    Raises:
        FileAccessError: the run's record is missing, or the report cannot be written.
        FileFormatError: the record is damaged, or from a newer version.
    """
    place = run.report if out is None else Path(out)
    write_atomically(place, [make_report(gather(run, bundle, split, data_dir, device))])
    return place


def gather(
    run: Run, bundle: DataBundle | None, split: Split | None, data_dir: str | None, device: str
) -> Material:
    """Collect all that is known of a run."""
    record = run.read()
    missing: dict[str, str] = {}
    model = recipe = examples = answers = None
    with _noting(missing, "recipe"):
        recipe = read_recipe(run.recipe)
    with _noting(missing, "network"):
        model = open_trained(str(run.folder.resolve()), Path(), device).model
    with _noting(missing, "examples"):
        if bundle is None or split is None:
            bundle, split = _load(run, recipe or read_recipe(run.recipe), data_dir)
        examples, names = _examples(run, bundle, split, len(_class_names(record, model)))
    if examples is not None and model is not None:
        with _noting(missing, "answers"):
            answers = _answer(model, examples, _class_names(record, model), names)
    return Material(
        name=run.name,
        record=record,
        recipe=_text_of(run.recipe),
        command=f"striate train {shlex.quote(run.recipe.as_posix())}",
        class_names=tuple(_class_names(record, model)),
        plan={} if recipe is None else recipe.as_table(),
        history=read_history(run.results),
        network=model,
        given_examples=examples,
        given_answers=answers,
        missing={"answers": next(iter(missing.values()), ""), **missing},
    )


@contextlib.contextmanager
def _noting(missing: dict[str, str], what: str) -> Any:
    """Write down in words why something is not there, and go on without it."""
    try:
        yield
    except StriateError as error:
        missing[what] = str(error)


def _load(run: Run, recipe: Recipe, data_dir: str | None) -> tuple[DataBundle, Split]:
    return load_own(run, recipe, data_dir), run_split(run)


def _examples(run: Run, bundle: DataBundle, split: Split, classes: int) -> tuple[Examples, list[str]]:
    parts = own_parts(bundle, split, f"the run {run.name!r}")
    counts = {part: np.bincount(_labels(parts[part]), minlength=classes) for part in PARTS}
    source = split.sources["test"]
    names = [shown_name(bundle, source, int(place)) for place in split.places["test"]]
    return Examples(bundle.kind, parts["train"], parts["test"], counts, bundle.axis), names


def shown_name(bundle: DataBundle, part: str, place: int) -> str:
    """Name an example for people: by its file, or by its place in the data, whatever that part is called."""
    own = getattr(bundle, part).names
    return f"{bundle.kind} {place}" if own is None else name_of(bundle, part, place)


def _labels(data: Data) -> np.ndarray:
    return np.zeros(0, np.int64) if data.y is None else data.y


def _answer(model: Any, examples: Examples, class_names: list[str], names: list[str]) -> Answers:
    if not len(examples.test):
        raise DataError("There are no test examples, so the network was not tested.")
    found = model.predict(examples.test.x, batch_size=SCORING_BATCH, verbose=0)
    return make_answers(probabilities(model, found), examples.test.y, class_names, names)


def _class_names(record: dict[str, Any], model: Any) -> list[str]:
    known = None if model is None else model.class_names
    return list(map(str, known or record.get("data", {}).get("classes") or ()))


def _text_of(path: Path) -> str:
    try:
        return read_bytes(path, "text file", limit=_LARGEST_TEXT).decode("utf-8", "backslashreplace")
    except StriateError:
        return ""


def read_history(path: Path) -> dict[str, list[float]] | None:
    """Read the epochs' table as `fit` returned it: a list for each measure; None where there is none."""
    text = _text_of(path)
    rows = list(csv.DictReader(io.StringIO(text)))
    found = {}
    for name in rows[0] if rows else ():
        values = [_number(row[name]) for row in rows]
        if name != "epoch" and not all(map(math.isnan, values)):
            found[name] = values
    return found or None


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan
