"""The wheel: the same with and without a C++ compiler, but for the kernels."""

from __future__ import annotations

import runpy
import zipfile

import pytest
from hatchling.builders.wheel import WheelBuilder

from striate.ops.native import compiler
from tests.architecture.sources import ROOT

NATIVE = "striate/ops/native/"


def build(folder):
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(wheel) as opened:
        return wheel, opened.namelist()


def stand_in(folder, monkeypatch, script):
    path = folder / "stand-in"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("CXX", str(path))


WRITES = 'for word; do case $last in -o) : > "$word";; esac; last=$word; done'


def kernels(names):
    return sorted(name for name in names if name.startswith(NATIVE + "built/"))


def test_without_a_compiler_the_wheel_is_for_every_platform(tmp_path, monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    wheel, names = build(tmp_path)
    assert wheel.endswith("-py3-none-any.whl")
    assert kernels(names) == []
    # Whoever installs it may have a compiler.
    sources = {NATIVE + f"source/{path.name}" for path in compiler.SOURCE.iterdir() if path.is_file()}
    assert len(sources) > 5
    assert sources <= set(names)


def test_with_a_compiler_the_wheel_has_every_level_and_is_for_this_platform(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, WRITES)
    before = sorted((ROOT / "src" / NATIVE / "built").glob("*"))
    wheel, names = build(tmp_path)
    assert "-py3-none-any" not in wheel
    expected = [NATIVE + "built/" + compiler.library_name(level) for level in compiler.LEVELS]
    assert kernels(names) == sorted(expected)
    assert sorted((ROOT / "src" / NATIVE / "built").glob("*")) == before, "the checkout stays as it was"


def test_levels_that_the_compiler_cannot_do_are_left_out(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, f'case "$*" in *avx512*) exit 1;; esac\n{WRITES}')
    _, names = build(tmp_path)
    assert kernels(names) == [NATIVE + "built/" + compiler.library_name("avx2")]


def test_an_editable_installation_compiles_nothing(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, f"echo ran >> {tmp_path}/log\n{WRITES}")
    hook = runpy.run_path(str(ROOT / "hatch_build.py"))["NativeKernels"]
    for version, compiled in (("editable", False), ("standard", True)):
        data = {"force_include": {}}
        made = hook(str(ROOT), {}, None, None, str(tmp_path), "wheel")
        made.initialize(version, data)
        made.finalize(version, data, "")
        assert bool(data["force_include"]) == compiled
        assert (tmp_path / "log").exists() == compiled


@pytest.mark.parametrize("place", ["src", "hatch_build.py"])
def test_the_source_archive_takes_what_the_wheel_is_built_from(place):
    included = WheelBuilder(str(ROOT)).metadata.hatch.build_targets["sdist"]["include"]
    assert f"/{place}" in included
