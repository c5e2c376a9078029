"""`striate augment`: what random changes do to one's own examples."""

from __future__ import annotations

from typing import Annotated

import typer

from striate.cli import options


def augment(
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="An image, or data as train takes them.", show_default=False),
    ],
    augment: options.Augment = None,
    copies: Annotated[
        int, typer.Option(help="How many copies of each example; else 7.", show_default=False)
    ] = 7,
    seed: options.Seed = None,
    out: options.Out = "augmented.png",
    size: options.Size = None,
    kind: options.Kind = None,
    label: options.Label = None,
) -> int:
    """Draw examples beside copies that were changed at random, as training would see them."""
    from striate.cli import progress
    from striate.workbench import augmenting, recipe

    wanted = recipe.recipe_for(path, size=size, kind=kind, label=label, augment=augment)
    with progress.bar() as report:
        found = augmenting.draw_augmented(
            path,
            augment,
            copies=copies,
            seed=seed or 0,
            out=out,
            options=wanted.source_options(),
            progress=report,
        )
    typer.echo(found.picture.caption)
    typer.echo(f"  {found.file.as_posix()}  preset {found.preset}")
    return 0
