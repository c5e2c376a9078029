import os

import pytest

from striate.workbench import announcement, joint_run
from striate.workbench.announcement import Announcement, launch
from striate.workbench.joint_run import find_begun, resume_jointly, train_jointly
from striate.workbench.recipe import Recipe
from striate.workbench.run import Run


@pytest.fixture
def launched(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "job")


def make_run(root, name, **content):
    folder = root / "runs" / name
    folder.mkdir(parents=True)
    Run(folder).write(content)
    return folder


def test_a_process_that_nobody_launched_has_no_launch(monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    assert launch() is None


def test_a_launch_is_known_by_the_process_that_started_it(launched):
    assert launch() == launch()
    assert f"job by process {os.getppid()} of" in launch()


def test_the_run_of_this_launch_is_found_among_others(launched, tmp_path):
    make_run(tmp_path, "older", launch="another")
    make_run(tmp_path, "plain")
    damaged = make_run(tmp_path, "damaged")
    (damaged / "run.json").write_text("{")
    assert find_begun(tmp_path) is None
    make_run(tmp_path, "ours", launch=launch())
    assert find_begun(tmp_path).name == "ours"


def test_without_a_launch_no_run_is_taken_for_one_begun(monkeypatch, tmp_path):
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    make_run(tmp_path, "plain", launch=None)
    assert find_begun(tmp_path) is None


class Told:
    """Stands for the group in a process that is not the first; `told` is what the first announces."""

    rank, size, is_first = 1, 2, False

    def __init__(self, told):
        self.told = told

    def from_first(self, thing=None):
        return self.told


@pytest.mark.parametrize("resumed", [False, True])
def test_another_process_ends_where_the_run_is_finished(monkeypatch, tmp_path, resumed):
    folder = make_run(tmp_path, "toy")
    group = Told(Announcement(str(folder), None))
    monkeypatch.setattr(joint_run, "together", lambda: True)
    monkeypatch.setattr(joint_run, "is_first", lambda: False)
    monkeypatch.setattr(joint_run, "join", lambda: group)
    if resumed:
        found = resume_jointly("toy", tmp_path, {}, print, 0)
    else:
        found = train_jointly(Recipe(data="digits"), None, tmp_path, print, 0)
    assert (found.run.folder, found.status, found.scores) == (folder, "finished", None)


def test_a_run_that_is_finished_is_announced_as_such(monkeypatch, tmp_path, launched):
    folder = make_run(tmp_path, "toy", launch=launch())
    said = []
    monkeypatch.setattr(joint_run, "together", lambda: True)
    monkeypatch.setattr(joint_run, "join", lambda: None)
    monkeypatch.setattr(joint_run, "restarts", lambda: 1)
    monkeypatch.setattr(joint_run, "resume_run", lambda *words: None)
    monkeypatch.setattr(joint_run, "announce", said.append)
    found = train_jointly(Recipe(data="digits"), None, tmp_path, print, 0)
    assert (found.run.folder, found.status) == (folder, "finished")
    assert resume_jointly("toy", tmp_path, {}, print, 0) is None
    assert [one.recipe for one in said] == [None, None]


def test_a_process_by_itself_announces_nothing(tmp_path):
    assert announcement.join() is None
    announcement.announce(Announcement(str(tmp_path), None))
