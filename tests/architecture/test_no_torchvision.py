"""No torchvision, nor anything that brings it.

There is no CPU build of it beside the torch used here, and one that does not match breaks
programs that merely have it installed.
"""

from __future__ import annotations

import ast
import importlib.util

import pytest

from tests.architecture.sources import all_files

UNWANTED = ("fastai", "lucent", "pytorch_grad_cam", "timm", "torchvision", "ultralytics")


@pytest.mark.parametrize("library", UNWANTED)
def test_it_is_not_installed(library):
    assert importlib.util.find_spec(library) is None


@pytest.mark.parametrize("file", all_files(), ids=lambda file: file.name)
def test_no_file_imports_it(file):
    imported = set()
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    assert imported.isdisjoint(UNWANTED)
