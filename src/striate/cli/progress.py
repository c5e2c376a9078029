"""How far long work has come, on a terminal; elsewhere a line when it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


@contextmanager
def bar() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function that shows what is being done, how much of it is done, and how much there is.

    On a terminal this is one bar that goes away when the work is done. In a file or a pipe each
    kind of work is one line.
    """
    console = Console()
    if not console.is_terminal:
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn())
    shown = Progress(*columns, console=console, transient=True)
    tasks: dict[str, TaskID] = {}

    def report(what: str, done: int, total: int) -> None:
        if what not in tasks:
            shown.start()
            tasks[what] = shown.add_task(what, total=total)
        shown.update(tasks[what], completed=done, total=total)
        if done >= total:
            # The bar must not stay while training draws its own.
            shown.remove_task(tasks.pop(what))
            if not tasks:
                shown.stop()

    try:
        yield report
    finally:
        shown.stop()


def _lines() -> Callable[[str, int, int], None]:
    begun: set[str] = set()

    def report(what: str, done: int, total: int) -> None:
        if what not in begun:
            begun.add(what)
            typer.echo(f"{what}: {total:,}")

    return report
