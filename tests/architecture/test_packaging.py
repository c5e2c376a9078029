"""What an installation takes with it: every dependency at the exact version that the tests ran with."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.architecture.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONSTRAINTS = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
EXTRAS = PROJECT["project"]["optional-dependencies"]
NEEDED = [
    *PROJECT["project"]["dependencies"],
    *(requirement for extra in EXTRAS.values() for requirement in extra),
    *PROJECT["build-system"]["requires"],
]


def plain_name(requirement: str) -> str:
    """Take the name out of a requirement, spelled as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement, maxsplit=1)[0]).lower()


@pytest.mark.parametrize("requirement", NEEDED, ids=plain_name)
def test_a_dependency_has_an_exact_version_in_the_constraints(requirement):
    assert plain_name(requirement) in {plain_name(line) for line in CONSTRAINTS}


@pytest.mark.parametrize("line", CONSTRAINTS)
def test_a_constraint_is_an_exact_version_without_a_local_part(line):
    assert re.fullmatch(r"[\w.-]+==[0-9][\w.]*", line)


def test_the_build_backend_is_the_same_version_in_both_places():
    assert PROJECT["build-system"]["requires"][0] in CONSTRAINTS
