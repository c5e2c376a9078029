"""`striate train`: from data to a run."""

from __future__ import annotations

from typing import Any

import typer

from striate.cli import options

STOPPED = 130
_NO_KEYS = {"data", "name", "report", "pretrained"}


def train(
    data: options.DataArgument,
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
    report: options.Report = True,
) -> int:
    """Train a network on labelled images or signals, and leave a run in runs/.

    The run holds the network after its best epoch (model.striate) and after the last, the recipe,
    the results of each epoch, and pictures. Ctrl-C stops early and keeps what is there.
    """
    weights = weights or ("imagenet" if pretrained else None)
    # Every other option is a key of recipes; what they mean stands there.
    given = locals()
    return _train(data, name, report, {key: given[key] for key in given.keys() - _NO_KEYS})


def _train(data: str, name: str | None, report: bool, chosen: dict[str, Any]) -> int:
    from striate.cli import progress
    from striate.workbench import actions, recipe, wording

    with progress.bar() as bar:
        wanted = recipe.recipe_for(data, **chosen)
        result = actions.train(wanted, name, say=typer.echo, verbose="auto", progress=bar, report=report)
    for line in wording.describe_training(result):
        typer.echo(line)
    return STOPPED if result.status == "stopped" else 0
