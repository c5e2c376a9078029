"""`striate cache`: what Striate keeps outside the person's own folders, and emptying it."""

from __future__ import annotations

from typing import Annotated

import typer


def cache(
    empty: Annotated[
        str | None,
        typer.Option(help="Remove one kind of content, or all.", metavar="KIND", show_default=False),
    ] = None,
) -> int:
    """List what is cached: downloads and decoded images. They come back by themselves when needed."""
    from striate.datasets.cache import cache_folder
    from striate.datasets.cache_contents import empty_cache, list_cache

    if empty is not None:
        typer.echo(f"{_megabytes(empty_cache(None if empty == 'all' else empty))} freed")
        return 0
    entries = list_cache()
    typer.echo(str(cache_folder()))
    for entry in entries:
        typer.echo(f"  {entry.kind:<12}  {_megabytes(entry.bytes):>12}  {entry.name}")
    typer.echo(f"{len(entries)} entries, {_megabytes(sum(entry.bytes for entry in entries))}")
    return 0


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
