"""`striate report`: everything about a run as one page."""

from __future__ import annotations

from typing import Annotated

import typer

from striate.cli import options


def report(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The name of a run, or its folder.", show_default=False)
    ],
    out: Annotated[
        str | None,
        typer.Option(help="Where to write the page; else report.html in the run.", show_default=False),
    ] = None,
    data_dir: options.DataDir = None,
    device: options.Device = None,
) -> int:
    """Write all that is known of a run into one HTML file that needs nothing else, not even a network.

    Data and split, the network, curves and what they say, results, mistakes, and what the network sees.
    """
    from striate.workbench import reporting

    place = reporting.report(run, out, data_dir=data_dir, device=device or "auto")
    typer.echo(f"report     {place.as_posix()}")
    return 0
