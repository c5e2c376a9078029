"""`striate summary`: the table of a network's layers."""

from __future__ import annotations

from typing import Annotated

import typer

from striate.cli import options


def summary(
    network: Annotated[
        str,
        typer.Argument(
            metavar="RUN|NAME",
            help="A run, a model file, or a ready-made network, such as net_c.",
            show_default=False,
        ),
    ],
    details: options.Details = False,
) -> int:
    """Show the layers of a network, their shapes and parameters."""
    from striate.workbench import actions

    found = actions.summary(network, details=details)
    typer.echo(found.described)
    typer.echo(found.text)
    return 0
