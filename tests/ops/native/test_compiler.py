from __future__ import annotations

import ctypes
import os

import pytest

from striate.ops.native import compiler


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Kernels of two small files in place of the real ones."""
    folder = tmp_path / "source"
    folder.mkdir()
    shown = '#define SHOWN __attribute__((visibility("default")))'
    (folder / "answer.h").write_text(f"{shown}\nint half();\n")
    (folder / "answer.cpp").write_text(
        '#include "answer.h"\nextern "C" SHOWN int answer() { return 2 * half(); }\n'
    )
    (folder / "half.cpp").write_text('#include "answer.h"\nint half() { return 21; }\n')
    monkeypatch.setattr(compiler, "SOURCE", folder)
    return folder


def stand_in(folder, monkeypatch, script):
    """Put a shell script in the compiler's place."""
    path = folder / "stand-in"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("CXX", str(path))
    return path


def test_without_a_compiler_there_is_none_and_the_reason_is_said(tmp_path, monkeypatch, source):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    assert compiler.find_compiler() is None
    with pytest.raises(OSError, match=r"no C\+\+ compiler was found: there is no g\+\+, c\+\+ or clang"):
        compiler.compile_library("avx2", tmp_path / "made")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["g++", "c++", "clang++"])
def test_a_compiler_is_found_under_each_of_its_names(tmp_path, monkeypatch, name):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    (tmp_path / name).write_text("#!/bin/sh\n")
    (tmp_path / name).chmod(0o755)
    assert compiler.find_compiler() == str(tmp_path / name)


def test_cxx_names_the_compiler_and_nothing_else_is_tried(tmp_path, monkeypatch):
    path = stand_in(tmp_path, monkeypatch, "exit 0")
    assert compiler.find_compiler() == str(path)
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert compiler.find_compiler() is None
    with pytest.raises(OSError, match="was found: CXX=no-such-compiler is no program"):
        compiler.compile_library("avx2", tmp_path / "made")


@pytest.mark.parametrize(
    ("system", "machine", "supported"),
    [
        ("linux", "x86_64", True),
        ("darwin", "x86_64", True),
        ("darwin", "arm64", False),
        ("linux", "aarch64", False),
        ("win32", "AMD64", False),
    ],
)
def test_other_machines_are_not_compiled_for(monkeypatch, system, machine, supported):
    monkeypatch.setattr(compiler.sys, "platform", system)
    monkeypatch.setattr(compiler.platform, "machine", lambda: machine)
    assert compiler.is_supported() is supported


def test_a_checkout_without_a_compiler_keeps_only_what_is_of_now(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(compiler, "__file__", str(tmp_path / "compiler.py"))
    monkeypatch.setenv("CXX", "no-such-compiler")
    built = tmp_path / "built"
    built.mkdir()
    (built / "old.so").touch()
    (built / compiler.library_name("avx2")).touch()
    compiler.main()
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.partition(":")[0] for line in err.splitlines()] == [
        f"without kernels for {level}" for level in compiler.LEVELS
    ]
    assert [path.name for path in built.iterdir()] == [compiler.library_name("avx2")]


def test_a_checkout_gets_its_kernels_and_loses_the_old_ones(tmp_path, monkeypatch, source, capsys):
    if compiler.find_compiler() is None:
        pytest.skip("there is no C++ compiler here")
    monkeypatch.setattr(compiler, "__file__", str(tmp_path / "compiler.py"))
    monkeypatch.setattr(compiler, "LEVELS", {"avx2": ()})
    built = tmp_path / "built"
    built.mkdir()
    (built / "old.so").touch()
    compiler.main()
    (made,) = built.iterdir()
    assert capsys.readouterr().out == f"{made}\n"
    assert ctypes.CDLL(str(made)).answer() == 42


def test_words_of_a_compiler_that_are_no_text_are_quoted_all_the_same(tmp_path, monkeypatch, source):
    stand_in(tmp_path, monkeypatch, r"printf 'fehl\344geschlagen' >&2; exit 1")
    with pytest.raises(compiler.CompilerError, match=r"failed: fehl.geschlagen$"):
        compiler.compile_library("avx2", tmp_path / "made")


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing(tmp_path, monkeypatch, source):
    stand_in(tmp_path, monkeypatch, "echo 'cannot do that' >&2; exit 3")
    with pytest.raises(OSError, match="stand-in failed: cannot do that"):
        compiler.compile_library("avx2", tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []


def test_a_compiler_that_hangs_is_given_up(tmp_path, monkeypatch, source):
    stand_in(tmp_path, monkeypatch, "exec sleep 60")
    monkeypatch.setattr(compiler, "PATIENCE", 0.2)
    with pytest.raises(OSError, match=r"stand-in took more than 0\.2 seconds"):
        compiler.compile_library("avx2", tmp_path / "made")


@pytest.mark.parametrize("level", compiler.LEVELS)
def test_every_file_is_compiled_for_the_level_that_was_asked_for(tmp_path, monkeypatch, source, level):
    log = tmp_path / "log"
    script = f'echo "$@" >> {log}\nfor word; do case $last in -o) : > "$word";; esac; last=$word; done'
    stand_in(tmp_path, monkeypatch, script)
    made = compiler.compile_library(level, tmp_path / "made", ("-Wall",))
    assert made == tmp_path / "made" / compiler.library_name(level)
    assert list(made.parent.iterdir()) == [made]
    commands = log.read_text().splitlines()
    assert len(commands) == 3
    assert all({*compiler.LEVELS[level], "-Wall", "-std=c++17"} <= set(line.split()) for line in commands)
    assert sum(" -c " in line for line in commands) == 2
    assert "-shared" in commands[-1]


def test_what_was_compiled_can_be_loaded_and_replaces_what_was_there(tmp_path, source):
    if compiler.find_compiler() is None:
        pytest.skip("there is no C++ compiler here")
    old = tmp_path / "made" / compiler.library_name("avx2")
    old.parent.mkdir()
    old.write_bytes(b"half a library")
    made = compiler.compile_library("avx2", tmp_path / "made")
    assert made == old
    assert ctypes.CDLL(str(made)).answer() == 42


def test_a_compilation_that_fails_leaves_the_library_that_was_there(tmp_path, monkeypatch, source):
    stand_in(tmp_path, monkeypatch, "exit 1")
    old = tmp_path / "made" / compiler.library_name("avx2")
    old.parent.mkdir()
    old.write_bytes(b"a library")
    with pytest.raises(OSError, match="failed"):
        compiler.compile_library("avx2", tmp_path / "made")
    assert old.read_bytes() == b"a library"


def test_the_fingerprint_changes_with_source_and_flags_and_with_nothing_else(monkeypatch, source):
    first = compiler.fingerprint()
    (source / "notes.txt").write_text("not compiled")
    (source / "folder").mkdir()
    assert compiler.fingerprint() == first
    (source / "answer.h").write_text("int half(); // changed\n")
    second = compiler.fingerprint()
    (source / "third.cpp").write_text("")
    third = compiler.fingerprint()
    monkeypatch.setattr(compiler, "FLAGS", (*compiler.FLAGS, "-g"))
    assert len({first, second, third, compiler.fingerprint()}) == 4


def test_a_level_and_a_version_have_a_file_of_their_own():
    names = {compiler.library_name(level) for level in compiler.LEVELS}
    assert len(names) == len(compiler.LEVELS)
    assert all(compiler.fingerprint() in name and os.sep not in name for name in names)
