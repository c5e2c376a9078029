import pytest
import torch
from torch import distributed

from striate.core.errors import ArgumentError, StateError
from striate.core.processes import Place
from striate.core.runtime import Choice
from striate.training import distributed as joint
from striate.training.distributed import Processes, device_here, join, said_when_one_is_gone


@pytest.fixture
def group(tmp_path):
    """A process group of this process alone."""
    store = distributed.FileStore(str(tmp_path / "store"), 1)
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield Processes()
    distributed.destroy_process_group()


def choose(monkeypatch, device, gpus=0, local=0):
    monkeypatch.setattr(joint.processes, "together", lambda: True)
    monkeypatch.setattr(joint.processes, "place", lambda: Place(local, 4, local))
    monkeypatch.setattr(joint, "choose_device", lambda request: Choice(torch.device(device), ""))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)


def test_a_process_by_itself_joins_nobody():
    assert join() is None


def test_sums_come_back_in_the_shapes_and_types_they_had(group):
    whole, single = group.sums([torch.arange(6.0).reshape(2, 3), torch.tensor(2.5, dtype=torch.float64)])
    assert whole.shape == (2, 3)
    assert whole.dtype == torch.float32
    assert single.shape == ()
    assert float(single) == 2.5
    assert group.sums([]) == []


def test_the_largest_is_found_place_by_place(group):
    assert group.largest([3, -1]) == [3, -1]


def test_the_first_process_hands_out_what_it_has(group):
    assert group.from_first({"a": [1, None]}) == {"a": [1, None]}


def test_a_torch_without_gloo_is_said(monkeypatch):
    monkeypatch.setattr(joint.processes, "together", lambda: True)
    monkeypatch.setattr(distributed, "is_gloo_available", lambda: False)
    with pytest.raises(StateError, match="built without gloo, which connects them"):
        join()


def test_processes_that_do_not_meet_are_said(monkeypatch):
    def fail(url):
        raise ValueError("environment variable MASTER_PORT expected, but not set")

    monkeypatch.setattr(joint.processes, "together", lambda: True)
    monkeypatch.setattr(joint, "rendezvous", fail)
    with pytest.raises(StateError, match=r"do not find each other at .*MASTER_PORT expected"):
        join()


def test_each_process_takes_a_gpu_of_its_own(monkeypatch):
    choose(monkeypatch, "cuda", gpus=4, local=3)
    assert device_here() == torch.device("cuda", 3)


def test_a_gpu_that_is_named_is_taken(monkeypatch):
    choose(monkeypatch, "cuda:1", gpus=2)
    assert device_here("cuda:1") == torch.device("cuda", 1)


def test_more_processes_than_gpus_are_refused(monkeypatch):
    choose(monkeypatch, "cuda", gpus=2, local=2)
    with pytest.raises(ArgumentError, match="process 2 of this machine finds no GPU of its own: there are 2"):
        device_here()


def test_an_apple_gpu_is_left_alone_or_refused(monkeypatch):
    choose(monkeypatch, "mps")
    assert device_here() == torch.device("cpu")
    with pytest.raises(ArgumentError, match="cannot train on an Apple GPU"):
        device_here("mps")


def test_a_lost_connection_is_said_in_words(group):
    lost = RuntimeError("[gloo/transport/tcp/pair.cc:538] Connection closed by peer [127.0.0.1]:4242")
    words = "process 0 of 1 lost the connection to another one"
    with pytest.raises(StateError, match=words), said_when_one_is_gone(group):
        raise lost


def test_other_mistakes_stay_what_they_are(group):
    with pytest.raises(RuntimeError, match="of a layer"), said_when_one_is_gone(group):
        raise RuntimeError("of a layer")
    with pytest.raises(StateError, match="the gloo in it"), said_when_one_is_gone(group):
        raise StateError("the gloo in it")


def test_what_each_process_has_comes_to_all(group):
    assert group.gather({"rank": 0}) == [{"rank": 0}]
