from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from striate.cli.main import main
from tests.workbench.toy import write_toy


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with the run `toy`; not to be changed."""
    folder = tmp_path_factory.mktemp("reported")
    write_toy(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["train", "toy.npz", "model=networks.py:stack", "epochs=1", "--no-report"]) == 0
    return folder


@pytest.fixture
def run(trained, tmp_path, monkeypatch) -> Path:
    """A copy of the folder with the run `toy`, as the current one."""
    folder = tmp_path / "place"
    shutil.copytree(trained, folder)
    monkeypatch.chdir(folder)
    return folder


def test_a_run_gets_its_report(run, capsys):
    assert main(["report", "toy"]) == 0
    assert capsys.readouterr().out == "report     runs/toy/report.html\n"
    assert Path("runs/toy/report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_report_goes_where_it_is_wanted(run, capsys):
    assert main(["report", "runs/toy", "out=page.html"]) == 0
    assert capsys.readouterr().out == "report     page.html\n"
    assert Path("page.html").is_file()


def test_a_run_that_is_not_there_is_said_with_those_that_are(run, capsys):
    assert main(["report", "tyo"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("striate: there is no run, folder of a run or model file 'tyo'.")
    assert "Did you mean 'toy'?" in said
