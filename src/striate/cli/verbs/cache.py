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
    """List what is cached: downloads, decoded images, compiled kernels.

    They come back by themselves when needed, but for the choices of `striate tune-kernels`.
    """
    from striate.core.cache import cache_folder
    from striate.datasets.cache_contents import empty_cache, list_cache

    if empty is not None:
        typer.echo(f"{_megabytes(empty_cache(None if empty == 'all' else empty))} freed")
        return 0
    entries = list_cache()
    typer.echo(str(cache_folder()))
    for entry in sorted(entries, key=lambda entry: entry.used, reverse=True):
        used = entry.used.astimezone().strftime("%Y-%m-%d %H:%M")
        typer.echo(f"  {used}  {entry.kind:<10}  {_megabytes(entry.bytes):>10}  {entry.name}")
    number = "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
    typer.echo(f"{number}, {_megabytes(sum(entry.bytes for entry in entries))}")
    return 0


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
