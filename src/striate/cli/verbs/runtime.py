"""`striate runtime`: what Striate makes of this machine."""

from __future__ import annotations

import typer

from striate.cli import options


def runtime(device: options.Device = None, precision: options.Precision = None) -> int:
    """Show what would compute here, how, and why; with the switch for each choice."""
    from striate.workbench.machine import describe_runtime, format_runtime

    typer.echo(format_runtime(describe_runtime(device, precision)))
    return 0
