"""A folder to stand in, and one in which a run has been trained already."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from striate.workbench import Recipe, actions
from tests.workbench.toy import write_toy


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory) -> Path:
    """A folder with toy.npz and the finished run `toy`; not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    data = write_toy(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        recipe = Recipe(data.name, model="networks.py:stack", epochs=12, batch_size=8, learning_rate=0.05)
        actions.train(recipe)
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder with toy.npz and networks.py, as the current one."""
    write_toy(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def trained(trained_folder, tmp_path, monkeypatch) -> Path:
    """A copy of the folder with the finished run `toy`, as the current one."""
    folder = tmp_path / "place"
    shutil.copytree(trained_folder, folder)
    monkeypatch.chdir(folder)
    return folder
