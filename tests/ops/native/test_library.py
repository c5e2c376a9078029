from __future__ import annotations

import ctypes
import os
import sys

import pytest
import torch

from striate.core.errors import ArgumentError
from striate.ops.native import compiler, library
from striate.ops.native.answers import Answers
from striate.ops.native.optimizer_step import Step
from striate.ops.native.structures import INTERFACE, Block, Pass

EVERYTHING = {f"avx512_{part}" if part else "avx2": True for part in ("f", "bw", "vl", "dq", "bf16", "")} | {
    "fma3": True
}


class FakeFunction:
    def __init__(self, answer=None):
        self.answer = answer
        self.calls = []

    def __call__(self, *arguments):
        self.calls.append(arguments)
        return self.answer


class FakeFunctions:
    """What ctypes would give for a library of this version, but for what is said otherwise."""

    def __init__(self, **otherwise):
        sizes = {"block_bytes": Block, "pass_bytes": Pass, "step_bytes": Step, "answers_bytes": Answers}
        answers = {"interface": INTERFACE, **{name: ctypes.sizeof(each) for name, each in sizes.items()}}
        for name, answer in (answers | otherwise).items():
            setattr(self, f"striate_{name}", FakeFunction(answer))
        for name in ("plan", "forward", "backward", "step", "answer", "set_threads"):
            setattr(self, f"striate_{name}", FakeFunction(0))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path))
    monkeypatch.setattr(library, "BUILT", tmp_path / "built")
    return tmp_path / "kernels"


@pytest.fixture
def decide_again(monkeypatch):
    monkeypatch.setattr(library, "_decision", [])


def put(folder, level):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / library.library_name(level)
    path.write_bytes(b"a library")
    return path


def loading(monkeypatch, functions):
    monkeypatch.setattr(library.ctypes, "CDLL", lambda path: functions)


def has(monkeypatch, **capabilities):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)


@pytest.mark.parametrize("value", ["yes", "", "avx", "AVX2", "2"])
def test_a_value_of_the_variable_that_means_nothing_is_refused(monkeypatch, decide_again, value):
    monkeypatch.setenv("STRIATE_NATIVE", value)
    with pytest.raises(
        ArgumentError, match=r"STRIATE_NATIVE is 0, 1 or one of avx512_bf16, avx512, avx2; got"
    ):
        library.native_library()


def test_zero_means_none(monkeypatch, decide_again):
    monkeypatch.setenv("STRIATE_NATIVE", "0")
    assert library.native_library() is None
    assert library.explain_native().reason == "STRIATE_NATIVE=0"


def test_one_takes_the_best_level_and_a_name_takes_that_one(monkeypatch):
    has(monkeypatch, **EVERYTHING)
    monkeypatch.setattr(library, "load_library", lambda level: library.Library(level, None))
    assert library._choose("1").value.level == "avx512_bf16"
    for level in compiler.LEVELS:
        chosen = library._choose(level)
        assert chosen.value.level == level
        assert chosen.value.has_bf16 == (level == "avx512_bf16")
        narrow = "" if chosen.value.has_bf16 else ", in float32 only: in bfloat16 PyTorch computes the layers"
        assert chosen.reason == f"kernels for {level}{narrow}"
    has(monkeypatch, avx2=True, fma3=True)
    # There auto is float32, and all is native.
    assert library._choose("1").reason == "kernels for avx2"


def test_a_level_that_the_processor_lacks_is_not_taken(monkeypatch):
    has(monkeypatch, avx2=True, fma3=True)
    assert library._choose("avx512").value is None
    assert library._choose("avx512").reason == "STRIATE_NATIVE=avx512, which this processor does not have"


def test_another_kind_of_machine_has_no_kernels_and_nothing_is_tried(monkeypatch):
    has(monkeypatch, **EVERYTHING)
    monkeypatch.setattr(library, "is_supported", lambda: False)
    monkeypatch.setattr(library, "load_library", None)
    assert library._choose("1").value is None
    assert library._choose("1").reason.startswith(
        "the kernels are for x86-64 under Linux and macOS, not for "
    )


def test_a_processor_without_any_level_has_no_kernels(monkeypatch):
    has(monkeypatch)
    assert library._choose("1").value is None
    assert library._choose("1").reason == "this processor has neither AVX512 nor AVX2"


@pytest.mark.parametrize(
    ("missing", "levels"),
    [
        ((), ["avx512_bf16", "avx512", "avx2"]),
        (("avx512_bf16",), ["avx512", "avx2"]),
        (("avx512_bw",), ["avx2"]),
        (("avx512_f", "fma3"), []),
    ],
)
def test_a_level_needs_all_of_its_instructions(monkeypatch, missing, levels):
    has(monkeypatch, **{name: name not in missing for name in EVERYTHING})
    assert library.supported_levels() == levels


def test_without_a_compiler_there_are_no_kernels_and_the_reason_says_so(monkeypatch, cache):
    has(monkeypatch, **EVERYTHING)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    chosen = library._choose("1")
    assert chosen.value is None
    assert chosen.reason.startswith("the kernels could not be made: no C++ compiler was found")


def test_a_file_that_is_no_library_is_a_reason_not_an_error(monkeypatch, cache):
    has(monkeypatch, **EVERYTHING)
    put(cache, "avx512_bf16")
    chosen = library._choose("1")
    assert chosen.value is None
    assert chosen.reason.startswith("the kernels could not be made: ")


@pytest.mark.parametrize("wrong", ["interface", "block_bytes", "pass_bytes", "step_bytes", "answers_bytes"])
def test_a_library_of_another_version_is_refused(monkeypatch, cache, wrong):
    put(cache, "avx2")
    loading(monkeypatch, FakeFunctions(**{wrong: 7}))
    with pytest.raises(OSError, match=r"the library is of another version: \{"):
        library.load_library("avx2")


def test_the_decision_is_made_once(monkeypatch, decide_again):
    monkeypatch.setenv("STRIATE_NATIVE", "0")
    first = library.explain_native()
    monkeypatch.setenv("STRIATE_NATIVE", "nonsense")
    assert library.explain_native() is first


def test_the_kernels_run_on_as_many_threads_as_pytorch(monkeypatch):
    functions = FakeFunctions()
    choice = library.Choice(library.Library("avx2", functions), "kernels for avx2")
    monkeypatch.setattr(library, "_decision", [choice])
    assert library.native_library() is choice.value
    assert functions.striate_set_threads.calls == [(torch.get_num_threads(),)]


def test_a_library_that_came_with_the_package_goes_before_one_in_the_cache(cache):
    assert library.find_library("avx2") is None
    in_cache = put(cache, "avx2")
    assert library.find_library("avx2") == in_cache
    built = put(library.BUILT, "avx2")
    assert library.find_library("avx2") == built
    assert library.find_library("avx512") is None


def test_what_is_missing_is_compiled_into_the_cache_which_is_said(monkeypatch, cache, capsys):
    def compile_library(level, folder):
        return put(folder, level)

    monkeypatch.setattr(library, "compile_library", compile_library)
    loading(monkeypatch, FakeFunctions())
    monkeypatch.setattr(library, "find_compiler", lambda: sys.executable)
    assert library.load_library("avx2").level == "avx2"
    out, err = capsys.readouterr()
    # A command's answers go to standard output, and may go on into a pipe.
    assert (out, err.partition(",")[0]) == ("", "compiling Striate's kernels for this processor")
    library.load_library("avx2")
    assert capsys.readouterr() == ("", "")


def test_without_a_compiler_nothing_is_said_of_compiling(monkeypatch, cache, capsys):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(OSError, match=r"no C\+\+ compiler was found"):
        library.compile_into_cache("avx2")
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """A compiler that fails, and notes each time it is asked."""
    path = tmp_path / "broken++"
    path.write_text(f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho no such instruction >&2\nexit 1\n")
    path.chmod(0o755)
    monkeypatch.setenv("CXX", str(path))
    return tmp_path / "asked"


def test_a_compiler_that_failed_is_asked_again_tomorrow_or_when_it_is_another(cache, broken, capsys):
    for _ in range(2):
        with pytest.raises(compiler.CompilerError, match=r"broken\+\+ failed: no such instruction"):
            library.compile_into_cache("avx2")
    asked = broken.stat().st_size
    said = capsys.readouterr().err
    assert said.count("compiling Striate's kernels") == said.count("they could not be compiled") == 1
    with pytest.raises(OSError, match=r"\(it is tried again tomorrow, or without .*\.failed\)"):
        library.compile_into_cache("avx2")
    assert broken.stat().st_size == asked
    (note,) = cache.glob("*.failed")
    old = note.stat().st_mtime - 100_000
    os.utime(note, (old, old))
    with pytest.raises(compiler.CompilerError, match=r"failed: no such instruction$"):
        library.compile_into_cache("avx2")
    again = broken.stat().st_size
    assert again > asked
    os.utime(broken.parent / "broken++", (1, 1))
    with pytest.raises(compiler.CompilerError, match=r"failed: no such instruction$"):
        library.compile_into_cache("avx2")
    assert broken.stat().st_size > again


def test_a_note_of_a_failure_that_holds_rubbish_is_taken_for_none(cache, broken):
    cache.mkdir(parents=True)
    (cache / f"{library.library_name('avx2')}.failed").write_bytes(b"\xff\0\xfe")
    with pytest.raises(compiler.CompilerError, match=r"failed: no such instruction$"):
        library.compile_into_cache("avx2")


def test_a_compiler_that_knows_only_a_lower_level_is_used_for_that(monkeypatch, cache):
    has(monkeypatch, **EVERYTHING)

    def compile_library(level, folder):
        folder.mkdir(parents=True, exist_ok=True)
        if level == "avx512_bf16":
            raise compiler.CompilerError("g++ failed: unrecognized option -mavx512bf16")
        return put(folder, level)

    monkeypatch.setattr(library, "compile_library", compile_library)
    monkeypatch.setattr(library, "find_compiler", lambda: sys.executable)
    loading(monkeypatch, FakeFunctions())
    assert library._choose("1").value.level == "avx512"
    # So in the next process, which finds the note of the failure.
    assert library._choose("1").value.level == "avx512"
    wanted = library._choose("avx512_bf16")
    assert wanted.value is None
    assert wanted.reason.startswith("the kernels could not be made: g++ failed: unrecognized option")
