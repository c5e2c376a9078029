"""`striate see`: pictures of what a network learned and why it answers as it does."""

from __future__ import annotations

import typer

from striate.cli import options
from striate.core.errors import ArgumentError


def see(
    run: options.RunOrNothing = None,
    files: options.Examples = None,
    show: options.Show = None,
    layer: options.Layer = None,
    filters: options.Filters = None,
    target: options.Target = None,
    method: options.Method = "grad_cam",
    row: options.Row = None,
    column: options.Row = None,
    count: options.Count = 25,
    sort: options.Sort = None,
    untrained: options.Untrained = False,
    before: options.Before = False,
    seed: options.Seed = None,
    out: options.Folder = None,
    format: options.Format = "png",
    views: options.ListViews = False,
) -> int:
    """Draw what a network learned, what it makes of examples, and why it answers as it does."""
    from striate.workbench import seeing
    from striate.workbench.trained import open_trained_here

    if views:
        for name, view in seeing.VIEWS.items():
            typer.echo(f"  {name:<14}{view.about}")
        return 0
    if run is None:
        raise ArgumentError(
            "see takes the name of a run, its folder, or a model file; --list names the pictures."
        )
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
