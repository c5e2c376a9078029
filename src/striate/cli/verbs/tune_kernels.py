"""`striate tune-kernels`: which of a network's blocks run natively here, by measuring."""

from __future__ import annotations

from typing import Annotated

import typer


def tune_kernels(
    network: Annotated[
        str,
        typer.Argument(
            metavar="RUN|NAME",
            help="A run, a model file, or a ready-made network, such as net_c.",
            show_default=False,
        ),
    ],
    batch_size: Annotated[int, typer.Option(help="Examples in a batch.")] = 32,
) -> int:
    """Measure each block of a network natively and in PyTorch, and keep what is faster here.

    The table is used by trainings that begin afterwards; a run keeps the one that it began with.
    """
    from striate.workbench.tuning import tune_kernels as tune

    typer.echo(str(tune(network, batch_size)))
    return 0
