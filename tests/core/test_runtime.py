"""What is chosen of the machine, and why; a machine with other parts is put in its place where needed."""

import random

import numpy as np
import pytest
import torch

from striate.core import runtime
from striate.core.errors import ArgumentError

CPU = torch.device("cpu")


@pytest.fixture
def without_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def with_one_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Toy GPU")


def test_without_a_gpu_the_cpu_is_chosen_and_that_is_said(without_gpu):
    for request in (None, "auto"):
        choice = runtime.choose_device(request)
        assert choice.value == CPU
        assert choice.reason.startswith("no GPU found")


def test_a_gpu_is_chosen_by_itself_and_named(with_one_gpu):
    assert runtime.choose_device() == runtime.Choice(torch.device("cuda"), "found Toy GPU")


def test_an_apple_gpu_is_chosen_by_itself(without_gpu, monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert runtime.choose_device() == runtime.Choice(torch.device("mps"), "found an Apple GPU")


@pytest.mark.parametrize(("name", "kind"), [("gpu", "cuda"), ("cuda:0", "cuda"), ("cpu", "cpu")])
def test_a_device_that_is_asked_for_is_taken(with_one_gpu, name, kind):
    choice = runtime.choose_device(name)
    assert (choice.value.type, choice.reason) == (kind, "asked for")


@pytest.mark.parametrize("name", ["cuda", "mps", "gpu", "toaster"])
def test_a_device_that_is_not_there_is_refused(without_gpu, name):
    with pytest.raises(
        ArgumentError, match=rf"device '{name}' is not on this machine; there is 'cpu' \(or 'auto'"
    ):
        runtime.choose_device(name)


def test_a_device_with_a_name_that_makes_no_sense_is_refused(without_gpu):
    with pytest.raises(ArgumentError, match=r"device 'cpu:first' is not a device's name; write 'cpu' or"):
        runtime.choose_device("cpu:first")


def test_a_gpu_beyond_the_last_is_refused(with_one_gpu):
    with pytest.raises(ArgumentError, match=r"device 'cuda:3' is not here: this machine has 1 GPUs"):
        runtime.choose_device("cuda:3")


@pytest.mark.parametrize(
    ("abilities", "precision", "words"),
    [
        ({"avx512_bf16": True}, "bfloat16", "this CPU has bf16 instructions; weights stay in float32"),
        ({"amx_bf16": True}, "bfloat16", "this CPU has bf16 instructions; weights stay in float32"),
        ({"avx2": True}, "float32", "this CPU has no bf16 instructions"),
    ],
)
@pytest.mark.parametrize("request_", [None, "auto"])
def test_bf16_is_chosen_where_the_hardware_is_made_for_it(monkeypatch, request_, abilities, precision, words):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: abilities)
    assert runtime.choose_precision(request_, CPU) == runtime.Choice(precision, words)


@pytest.mark.parametrize(("capability", "answer"), [((9, 0), True), ((8, 0), True), ((7, 5), False)])
def test_a_gpu_has_bf16_from_its_eighth_generation(monkeypatch, capability, answer):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert runtime.has_bfloat16_hardware(torch.device("cuda")) is answer


def test_other_devices_count_as_without_bf16():
    assert not runtime.has_bfloat16_hardware(torch.device("meta"))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_precision_that_is_asked_for_is_taken(precision):
    assert runtime.choose_precision(precision, CPU) == runtime.Choice(precision, "asked for")


def test_a_precision_that_is_not_known_is_refused():
    with pytest.raises(
        ArgumentError, match=r"precision must be one of 'auto', 'float32', 'bfloat16'; got 'half'"
    ):
        runtime.choose_precision("half", CPU)


class Files(dict):
    """Stands for pathlib.Path: the files of a machine by name, and their text."""

    def __call__(self, name):
        return File(self, name)


class File:
    def __init__(self, files, name):
        self.files, self.name = files, name

    def exists(self):
        return self.name in self.files

    def read_text(self):
        return self.files[self.name]


MEMINFO = {"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 5 kB\n"}
LIMIT, USED = "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({}, None),
        (MEMINFO, 5 * 1024),
        ({"/proc/meminfo": "MemTotal: 9 kB\n"}, None),
        ({**MEMINFO, LIMIT: "max\n", USED: "7\n"}, 5 * 1024),
        ({**MEMINFO, LIMIT: "4000\n", USED: "1000\n"}, 3000),
        ({**MEMINFO, LIMIT: "4000\n", USED: "5000\n"}, 0),
        ({**MEMINFO, LIMIT: "999999\n", USED: "0\n"}, 5 * 1024),
    ],
)
def test_free_memory_is_the_least_of_what_system_and_container_leave(monkeypatch, files, wanted):
    monkeypatch.setattr(runtime, "Path", Files(files))
    assert runtime.available_memory(CPU) == wanted


def test_memory_that_torch_holds_unused_on_a_gpu_counts_as_free(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (100, 1000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 50)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 20)
    assert runtime.available_memory(torch.device("cuda")) == 130


def test_the_memory_of_other_devices_is_not_known():
    assert runtime.available_memory(torch.device("meta")) is None


def draws():
    return random.random(), float(np.random.random()), torch.rand(()).item()


def test_one_seed_fixes_every_source_of_chance():
    runtime.set_random_seed(7)
    first = (*draws(), runtime.fresh_numpy_generator().random())
    runtime.set_random_seed(np.int64(7))
    assert (*draws(), runtime.fresh_numpy_generator().random()) == first
    runtime.set_random_seed(8)
    assert draws()[2] != first[2]


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, "1", None])
def test_what_is_no_seed_is_refused(seed):
    with pytest.raises(ArgumentError, match=r"seed must be a whole number from 0 to 4294967295; got "):
        runtime.set_random_seed(seed)


def test_processors_are_counted_also_where_the_system_does_not_say(monkeypatch):
    assert runtime.cpu_count() >= 1
    monkeypatch.delattr(runtime.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(runtime.os, "cpu_count", lambda: None)
    assert runtime.cpu_count() == 1
