"""Which libraries an import of the package loads; not how long it takes, which depends on the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW_TO_LOAD = ("fastapi", "matplotlib", "nicegui", "pandas", "rich", "scipy", "sklearn", "torch", "typer")
NOT_FOR_LAYERS = ("fastapi", "matplotlib", "nicegui", "pandas", "rich", "sklearn", "typer")

# What a person writes, and the libraries that it must not load.
CASES = {
    "the package": ("import striate", SLOW_TO_LOAD),
    "its public names": ("import striate; dir(striate)", SLOW_TO_LOAD),
    "errors": ("import striate.core.errors, striate.core.registry, striate.core.lazy", SLOW_TO_LOAD),
    "shapes": ("import striate.core.shapes", SLOW_TO_LOAD),
    "a network": (
        "import striate.layers, striate.models; striate.models.Sequential; striate.layers.Conv2D",
        NOT_FOR_LAYERS,
    ),
}


@pytest.mark.parametrize(("statement", "unwanted"), CASES.values(), ids=CASES)
def test_an_import_loads_only_what_it_needs(statement, unwanted):
    script = f"{statement}\nimport sys\nprint(*sorted({set(unwanted)!r} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []
