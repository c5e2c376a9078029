"""Taking turns, with processes that are played and with a real one; the same networks in both APIs."""

from __future__ import annotations

import sys

import pytest
import torch

import striate
from benchmarks.speed import jobs, processes, rounds
from benchmarks.speed.jobs import Job
from benchmarks.speed.keras_engine import build as build_keras
from benchmarks.speed.nets import NETS, Load
from benchmarks.speed.processes import SideFailedError, Worker
from benchmarks.speed.rounds import GIGABYTE, Seat, Table
from benchmarks.speed.sides import SIDES
from benchmarks.speed.torch_engine import build as build_torch

PARAMETERS = {"A": 1_482_369, "B": 5_550_273, "C": 94_890, "D": 10_865_724, "E": 105_729}


@pytest.mark.parametrize("name", NETS)
def test_both_libraries_build_the_same_network(name):
    net = NETS[name]
    ours, plain, as_image = build_keras(striate, net), build_torch(net), build_torch(net, as_image=True)
    for model in (ours, plain, as_image):
        assert (
            sum(weight.numel() for weight in model.parameters() if weight.requires_grad) == PARAMETERS[name]
        )
    *places, channels = net.shape
    assert plain(torch.zeros(2, channels, *places)).shape == tuple(ours(torch.zeros(2, *net.shape)).shape)


class Played:
    """A process that answers at once, and whose memory and failures are set."""

    calls: list[str] = []
    memory: dict[str, int] = {}
    fails: set[str] = set()
    room = 100 * GIGABYTE
    about = {"player": "1"}

    def __init__(self, side, job, python):
        self.name = side.name
        Played.room -= self.resident()
        Played.calls.append(f"start {self.name}")

    def turn(self):
        Played.calls.append(self.name)
        if self.name in Played.fails:
            raise SideFailedError("it fell")
        return {"seconds": 1.0, "shown": {}, "peak": Played.memory.get(self.name, 0)}

    def resident(self):
        return Played.memory.get(self.name, 0)

    def processor_seconds(self):
        return 0.0

    def close(self):
        Played.room += self.resident()
        Played.calls.append(f"end {self.name}")


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(rounds, "Worker", Played)
    monkeypatch.setattr(rounds, "SETTLE", 0)
    monkeypatch.setattr(rounds, "SPARE", 2 * GIGABYTE)
    monkeypatch.setattr(rounds, "free_memory", lambda: Played.room)
    for name, empty in (("calls", []), ("memory", {}), ("fails", set()), ("room", 100 * GIGABYTE)):
        monkeypatch.setattr(Played, name, empty)
    job = Job("torch", "train", Load("C", 2, 1, 1))
    return Table([Seat(SIDES[name], job, "") for name in ("striate", "torch", "keras-jax")])


def test_each_takes_one_turn_a_round_and_the_first_does_not_count(table):
    table.play(3)
    assert {name: len(found["seconds"]) for name, found in table.results().items()} == {
        "striate": 3,
        "torch": 3,
        "keras-jax": 3,
    }
    assert Played.calls.count("torch") == 4
    assert [Played.calls.count(f"end {name}") for name in ("striate", "torch", "keras-jax")] == [1, 1, 1]


def test_the_order_changes_from_round_to_round(table):
    table.play(6)
    turns = [call for call in Played.calls if " " not in call]
    orders = {tuple(turns[start : start + 3]) for start in range(3, len(turns), 3)}
    assert len(orders) > 2
    assert all(len(set(order)) == 3 for order in orders)


def test_who_fails_is_out_and_the_others_go_on(table):
    Played.fails = {"torch"}
    table.play(2)
    assert table.failed == {"torch": "it fell"}
    assert set(table.results()) == {"striate", "keras-jax"}


def test_where_memory_is_short_the_largest_that_waits_is_ended_and_started_again(table):
    Played.memory = {"striate": 2 * GIGABYTE, "torch": GIGABYTE, "keras-jax": GIGABYTE}
    Played.room = 5 * GIGABYTE
    striate, torch_, jax = table.seats
    for seat in (torch_, jax, striate):
        table._turn(seat, counted=False)
    assert Played.room == GIGABYTE
    table._turn(torch_, counted=True)
    assert [call for call in Played.calls if call.startswith("end")] == ["end striate"]
    table._turn(striate, counted=True)
    assert Played.calls[-3:] == ["start striate", "striate", "striate"]
    assert len(striate.turns) == 1


def test_a_job_comes_through_as_it_was():
    job = Job("torch", "predict", Load("C", 2, 3, 4), False, True, {"style": "plain"}, "x.onnx")
    assert jobs.Job.from_json(job.to_json()) == job
    assert job.examples == 8


@pytest.fixture
def logs(monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "FOLDER", tmp_path)


@pytest.mark.usefixtures("logs")
def test_a_real_process_trains_when_told_to():
    side = SIDES["torch-expert"]
    worker = Worker(side, Job(side.engine, "train", Load("C", 4, 2, 2), options=side.options), sys.executable)
    try:
        turn = worker.turn()
    finally:
        worker.close()
    assert worker.about["torch"] == torch.__version__
    assert turn["seconds"] > 0
    assert set(turn["shown"]) == {"loss", "accuracy"}


@pytest.mark.usefixtures("logs")
def test_a_process_that_cannot_start_leaves_its_last_words():
    job = Job("keras", "train", Load("C", 4, 1, 1), options={"library": "no_such_library", "backend": "x"})
    with pytest.raises(SideFailedError, match="No module named 'no_such_library'"):
        Worker(SIDES["keras-jax"], job, sys.executable)
