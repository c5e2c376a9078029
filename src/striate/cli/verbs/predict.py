"""`striate predict`: what a trained network answers."""

from __future__ import annotations

from typing import Annotated

import typer

from striate.cli import options
from striate.core.names import harmless


def predict(
    run: options.RunArgument,
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILES",
            help="Image files, or .npy and .npz files of many examples.",
            show_default=False,
        ),
    ],
    top: options.Top = 1,
    device: options.Device = None,
    precision: options.Precision = None,
) -> int:
    """Say which class a trained network takes files for, and how probable that is.

    Each line holds a file, a class and its probability. Images are brought to the size, the
    channels and the range of values that the network takes.
    """
    from striate.workbench import actions

    found = actions.predict(
        run,
        files,
        top=top,
        device=device or "auto",
        precision=precision or "float32",
        say=lambda text: typer.echo(f"striate: {text}", err=True),
    )
    for prediction in found:
        for answer in prediction.answers:
            words = f"{prediction.source}  {answer.class_name}  {answer.probability:.4f}"
            typer.echo(harmless(words))
        if prediction.mistake is not None:
            typer.echo("striate: " + harmless(prediction.mistake, keep="\n"), err=True)
    return 1 if any(prediction.mistake is not None for prediction in found) else 0
