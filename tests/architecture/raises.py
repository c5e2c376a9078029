"""Which `raise` statements of the package a test has run and looked at.

Error paths rot first, because nobody walks them. Here every `pytest.raises` that is met notes the
lines its error came through; at the end of a whole run (tests/conftest.py) each `raise` in the
package must have been among them.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

import striate

PACKAGE = Path(striate.__path__[0]).resolve()

# typer.Exit ends a command with a number; golden outputs and end-to-end tests look at those.
EXIT_NAMES = {"Exit", "SystemExit"}


def raise_statements(source: str) -> list[tuple[int, int]]:
    """List the first and last line of every `raise` that says something of its own."""
    return sorted(
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Raise) and node.exc is not None and _raised_name(node.exc) not in EXIT_NAMES
    )


def _raised_name(expression: ast.expr) -> str:
    return ast.unparse(expression).partition("(")[0].rpartition(".")[2]


class RaiseAccount:
    """The lines of the package that errors caught by `pytest.raises` came through."""

    def __init__(self, package: Path = PACKAGE):
        self.package = package
        self._lines: set[tuple[str, int]] = set()
        self._original_exit: Any = None

    def watch(self) -> None:
        """Note every error that `pytest.raises` was waiting for, from now on."""
        self._original_exit = original = pytest.RaisesExc.__exit__

        @functools.wraps(original)
        def noting_exit(
            context: pytest.RaisesExc[Any],
            kind: type[BaseException] | None,
            error: BaseException | None,
            traceback: TracebackType | None,
        ) -> bool:
            as_expected = original(context, kind, error, traceback)
            if as_expected and error is not None:
                self.note(error)
            return as_expected

        pytest.RaisesExc.__exit__ = noting_exit  # type: ignore[method-assign]

    def stop_watching(self) -> None:
        """Put pytest back as it was."""
        pytest.RaisesExc.__exit__ = self._original_exit  # type: ignore[method-assign]

    def note(self, error: BaseException) -> None:
        """Note the lines that an error came through, and those of the errors that caused it."""
        seen: set[int] = set()
        current: BaseException | None = error
        while current is not None and id(current) not in seen:
            seen.add(id(current))
            traceback = current.__traceback__
            while traceback is not None:
                self._note_line(traceback.tb_frame.f_code.co_filename, traceback.tb_lineno)
                traceback = traceback.tb_next
            current = current.__cause__

    def _note_line(self, filename: str, line: int) -> None:
        path = Path(filename)
        if path.is_relative_to(self.package):
            self._lines.add((path.relative_to(self.package).as_posix(), line))

    def seen(self) -> list[tuple[str, int]]:
        """List what was noted, in a form that can be sent to another process."""
        return sorted(self._lines)

    def add(self, lines: Iterable[tuple[str, int]]) -> None:
        """Take over what another process has noted."""
        self._lines.update((name, line) for name, line in lines)

    def untested(self) -> list[str]:
        """List every `raise` of the package, as file:line, that no test has looked at."""
        missing = []
        for path in sorted(self.package.rglob("*.py")):
            name = path.relative_to(self.package).as_posix()
            for first, last in raise_statements(path.read_text(encoding="utf-8")):
                if not any((name, line) in self._lines for line in range(first, last + 1)):
                    missing.append(f"{self.package.name}/{name}:{first}")
        return missing
