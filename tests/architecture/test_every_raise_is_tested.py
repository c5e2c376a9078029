"""The account of tested `raise` statements itself, and how expected errors are written in tests.

That every `raise` of the package is tested shows only when all tests have run: tests/conftest.py.
"""

from __future__ import annotations

import ast
import importlib.util
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from tests.architecture.raises import RaiseAccount, raise_statements

TESTS = Path(__file__).parents[1]

# Python's own signals; they carry no text.
SIGNALS = ("KeyboardInterrupt", "StopIteration", "SystemExit")

SOURCE = """
def halve(number):
    if number % 2:
        raise ValueError(
            f"wanted an even number, got {number}"
        )
    return number // 2


def quarter(number):
    try:
        return halve(halve(number))
    except ValueError as error:
        raise TypeError("no quarter") from error


def add_place(number):
    try:
        return halve(number)
    except ValueError as error:
        error.args = ("here: " + error.args[0],)
        raise error
"""


@pytest.fixture
def package(tmp_path: Path) -> tuple[ModuleType, RaiseAccount]:
    path = tmp_path / "toy" / "numbers.py"
    path.parent.mkdir()
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("toy_numbers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module, RaiseAccount(path.parent)


def caught(function, number):
    with pytest.raises((ValueError, TypeError), match=r"number|quarter") as info:
        function(number)
    return info.value


def test_a_raise_that_no_test_reached_is_listed_with_its_place(package):
    _, account = package
    assert account.untested() == ["toy/numbers.py:4", "toy/numbers.py:14", "toy/numbers.py:22"]


def test_a_raise_over_several_lines_counts_when_its_error_was_expected(package):
    module, account = package
    account.note(caught(module.halve, 3))
    assert account.untested() == ["toy/numbers.py:14", "toy/numbers.py:22"]


def test_an_error_that_came_from_another_counts_for_both(package):
    module, account = package
    account.note(caught(module.quarter, 3))
    assert account.untested() == ["toy/numbers.py:22"]


def test_an_error_raised_again_with_its_place_added_counts_for_both(package):
    module, account = package
    account.note(caught(module.add_place, 3))
    assert account.untested() == ["toy/numbers.py:14"]


def test_what_a_worker_process_saw_is_taken_over(package):
    module, account = package
    account.note(caught(module.halve, 3))
    other = RaiseAccount(account.package)
    other.add(account.seen())
    assert other.untested() == account.untested()


def test_a_met_expectation_is_noted_while_watching_and_not_after(package):
    module, account = package
    account.watch()
    caught(module.halve, 3)
    account.stop_watching()
    before = account.seen()
    caught(module.quarter, 3)
    assert before
    assert account.seen() == before


def test_a_bare_raise_and_the_end_of_a_command_need_no_text():
    source = textwrap.dedent(
        """
        try:
            work()
        except ValueError:
            raise
        raise typer.Exit(1)
        raise ValueError("no")
        """
    )
    assert raise_statements(source) == [(7, 7)]


def expectations_without_text() -> list[str]:
    """List each `pytest.raises` that neither matches the message nor hands the error on."""
    found = []
    for path in sorted(TESTS.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {
            id(item.context_expr)
            for node in ast.walk(tree)
            if isinstance(node, ast.With | ast.AsyncWith)
            for item in node.items
            if item.optional_vars is not None
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) != "pytest.raises":
                continue
            if node.args and ast.unparse(node.args[0]) in SIGNALS:
                continue
            if id(node) not in named and not any(keyword.arg == "match" for keyword in node.keywords):
                found.append(f"{path.relative_to(TESTS).as_posix()}:{node.lineno}")
    return found


def test_every_expected_error_has_its_text_looked_at():
    assert expectations_without_text() == []
