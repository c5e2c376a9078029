import pytest

from striate.core.errors import ArgumentError
from striate.workbench.machine import describe_runtime, format_runtime


def test_every_choice_comes_with_its_value_reason_and_switch():
    settings = {setting.name: setting for setting in describe_runtime("cpu", "float32")}
    names = ["device", "precision", "threads", "waiting", "kernels", "allocator", "memory"]
    assert list(settings) == names
    assert (settings["device"].value, settings["device"].reason) == ("cpu", "asked for")
    assert (settings["precision"].value, settings["precision"].switch) == ("float32", "--precision")
    assert int(settings["threads"].value) >= 1
    assert all(setting.reason and setting.switch for setting in settings.values())


def test_the_wait_that_the_person_set_is_shown(monkeypatch):
    monkeypatch.setenv("GOMP_SPINCOUNT", "77")
    assert [setting.value for setting in describe_runtime("cpu") if setting.name == "waiting"] == ["77"]


def test_a_precision_that_is_not_known_is_refused():
    with pytest.raises(ArgumentError, match=r"precision must be one of .*; got 'half'"):
        describe_runtime("cpu", "half")


def test_the_lines_stand_in_columns():
    lines = format_runtime(describe_runtime("cpu", "float32")).splitlines()
    assert lines[0].startswith("device     cpu")
    assert lines[0].endswith("asked for (--device)")
    assert lines[0].index("asked for") == lines[1].index("asked for")
