"""`striate see`: pictures of what a network learned and why it answers as it does."""

from __future__ import annotations

from typing import Annotated

import typer

from striate.cli import options
from striate.core.errors import ArgumentError


def see(
    run: options.RunArgument,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILES", help="Images or signals; else the run's test part.", show_default=False
        ),
    ] = None,
    show: Annotated[
        list[str] | None, typer.Option(help="Which picture; may be given again.", show_default=False)
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(help="A layer's name or number; else the first convolution.", show_default=False),
    ] = None,
    filters: Annotated[
        str | None, typer.Option(help="Numbers from 0, as 0,3,7; else the first ones.", show_default=False)
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--class", help="A class; else the one that is answered.", show_default=False),
    ] = None,
    method: Annotated[str, typer.Option(help="How the reason of an answer is found.")] = "grad_cam",
    row: Annotated[int, typer.Option(help="Of the sum that is explained.")] = 0,
    column: Annotated[int, typer.Option(help="Of the sum that is explained.")] = 0,
    count: Annotated[int, typer.Option(help="How many examples.")] = 25,
    sort: Annotated[
        str | None, typer.Option(help="Feature maps by mean, max or spread.", show_default=False)
    ] = None,
    untrained: Annotated[
        bool, typer.Option("--untrained", help="Beside each map that of an untrained network.")
    ] = False,
    before: Annotated[bool, typer.Option("--before", help="Maps before and after their activation.")] = False,
    seed: options.Seed = None,
    out: Annotated[
        str | None,
        typer.Option(help="The folder for the pictures; else see/ of the run.", show_default=False),
    ] = None,
    format: Annotated[str, typer.Option(help="png or svg.")] = "png",
    views: Annotated[bool, typer.Option("--list", help="List the pictures that there are.")] = False,
) -> int:
    """Draw what a network learned, what it makes of examples, and why it answers as it does."""
    from striate.workbench import seeing
    from striate.workbench.trained import open_trained_here

    if views:
        for name, view in seeing.VIEWS.items():
            typer.echo(f"  {name:<14}{view.about}")
        return 0
    chosen = seeing.Question(
        layer, _numbers(filters), target, method, row, column, count, sort, untrained, before, seed or 0
    )
    found = seeing.see(open_trained_here(run), files or (), show or (), chosen, out=out, kind=format)
    for one in found:
        typer.echo(f"{one.picture.title}: {one.picture.caption}")
        typer.echo(f"  {one.file.as_posix()}")
    return 0


def _numbers(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise ArgumentError(f"filters are numbers from 0 with commas, as 0,3,7; got {text!r}.")
    return tuple(map(int, parts))
