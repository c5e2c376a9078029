"""`striate evaluate`: how good a trained network is."""

from __future__ import annotations

from typing import Annotated

import typer

from striate.cli import options
from striate.core.errors import ArgumentError


def evaluate(
    run: options.RunArgument,
    other: Annotated[
        str | None, typer.Argument(metavar="DATA", help="The same as --data.", show_default=False)
    ] = None,
    data: options.OtherData = None,
    data_dir: options.DataDir = None,
    label: options.Label = None,
    device: options.Device = None,
    precision: options.Precision = None,
) -> int:
    """Score a trained network on the test part of its run, or on other data."""
    from striate.workbench import actions, wording

    if data is not None and other is not None:
        raise ArgumentError(f"evaluate scores one set of data; got both {other!r} and --data {data!r}.")
    found = actions.evaluate(
        run, data or other, data_dir=data_dir, label=label, device=device or "auto", precision=precision
    )
    for line in wording.describe_evaluation(found):
        typer.echo(line)
    return 0
