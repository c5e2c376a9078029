"""`striate train`: from data to a run."""

from __future__ import annotations

from typing import Any

import typer

from striate.cli import options
from striate.core.errors import ArgumentError

# A program that a signal ended answers with this and the signal's number.
SIGNALLED = 128
USAGE = 2
_NO_KEYS = {"data", "name", "resume", "report", "pretrained"}


def train(
    data: options.DataOrNothing = None,
    epochs: options.Epochs = None,
    batch_size: options.BatchSize = None,
    learning_rate: options.LearningRate = None,
    seed: options.Seed = None,
    model: options.Network = None,
    device: options.Device = None,
    precision: options.Precision = None,
    name: options.Name = None,
    data_dir: options.DataDir = None,
    pretrained: options.Pretrained = None,
    weights: options.Weights = None,
    augment: options.Augment = None,
    mix: options.Mix = None,
    normalize: options.Normalize = None,
    size: options.Size = None,
    fit: options.Fit = None,
    channels: options.Channels = None,
    interpolation: options.Interpolation = None,
    kind: options.Kind = None,
    label: options.Label = None,
    group: options.Group = None,
    limit: options.Limit = None,
    test_share: options.TestShare = None,
    validation_share: options.ValidationShare = None,
    bad_files: options.BadFiles = None,
    megapixels: options.Megapixels = None,
    cache: options.Cache = None,
    resume: options.Resume = None,
    report: options.Report = True,
) -> int:
    """Train a network on labelled images or signals, and leave a run in runs/.

    The run holds the network after its best epoch (model.striate) and after the last, the recipe,
    the results of each epoch, and pictures. Ctrl-C stops early and keeps what is there; --resume goes on.
    """
    weights = weights or ("imagenet" if pretrained else None)
    # Every other option is a key of recipes; what they mean stands there.
    given = locals()
    return _train(data, name, resume, report, {key: given[key] for key in given.keys() - _NO_KEYS})


def _train(
    data: str | None, name: str | None, resume: str | None, report: bool, chosen: dict[str, Any]
) -> int:
    from striate.cli import progress
    from striate.core.processes import is_first
    from striate.workbench import actions, recipe, wording

    result: Any
    with progress.bar() as bar:
        how: dict[str, Any] = {"say": typer.echo, "verbose": "auto", "progress": bar, "report": report}
        if resume is not None:
            result = actions.resume(resume, **how, **_for_resume(data, name, chosen))
        elif data is None:
            wanted = "train takes data, as in: striate train digits; or a run: --resume RUN."
            typer.echo(f"striate: {wanted}", err=True)
            return USAGE
        else:
            result = actions.train(recipe.recipe_for(data, **chosen), name, **how)
    for line in wording.describe_training(result) if result is not None and is_first() else ():
        typer.echo(line)
    return 0 if result is None or result.signal is None else SIGNALLED + result.signal


def _for_resume(data: str | None, name: str | None, chosen: dict[str, Any]) -> dict[str, Any]:
    if name is not None:
        raise ArgumentError(f"--resume goes on with a run that has a name already; leave --name {name} out.")
    return {"data": data, **chosen}
