"""Memory that runs out, case by case: the batch size that fits is named, and the last checkpoint stays.

Some cases let a child really run out, under the limit that `ulimit -v` sets; others make PyTorch say so.
"""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
import torch

from striate import callbacks as keras_callbacks
from striate.cli.main import main
from striate.core.errors import OutOfMemoryError
from striate.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input
from striate.models import Sequential
from striate.models.fusion.whole import WholeRow
from striate.models.saving import load
from striate.ops.native.library import explain_native
from striate.training import memory, step
from striate.training.step import Stepper
from tests.crash.clear_messages import check_nothing_lost, in_child, lying_in, told
from tests.workbench.toy import write_toy

X = np.random.default_rng(0).random((32, 6, 6, 1)).astype(np.float32)
Y = np.arange(32) % 2


def network(filters=4):
    layers = [Conv2D(filters, 3, activation="relu"), GlobalAveragePooling2D(), Dense(1, activation="sigmoid")]
    model = Sequential([Input((6, 6, 1)), *layers])
    model.compile("sgd", "binary_crossentropy", precision="float32")
    return model


def fails_once(patch, method, error, after):
    """Let a method of the stepper fail as memory would, after so many calls."""
    original, calls = getattr(Stepper, method), []

    def fail(self, *given):
        calls.append(1)
        if len(calls) == after + 1:
            raise error
        return original(self, *given)

    patch.setattr(Stepper, method, fail)


SAID = {
    "PyTorch on the CPU": RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
    "PyTorch on a GPU": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    "Python": MemoryError(),
    "NumPy": MemoryError("Unable to allocate 9. GiB for an array with shape (9,) and data type float32"),
    "oneDNN": RuntimeError("could not create a memory object"),
    "cuBLAS": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    "CUDA": RuntimeError("CUDA error: out of memory"),
}  # fmt: skip
FREE = 10**9


@pytest.mark.parametrize("error", SAID.values(), ids=SAID.keys())
def test_whoever_says_it_the_training_ends_with_the_size_that_fits(error, tmp_path, monkeypatch):
    model = network()
    kept = [
        keras_callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False),
        keras_callbacks.ModelCheckpoint(tmp_path / "model.striate"),
    ]
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=kept)
    before = lying_in(tmp_path)
    fails_once(monkeypatch, "train", error, 2)
    with pytest.raises(
        OutOfMemoryError, match=r"memory ran out on a batch of 8 .* Try batch_size=4, smaller"
    ) as caught:
        model.fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=kept)
    assert caught.value.fits == 4
    check_nothing_lost(tmp_path, before)
    assert len(list((tmp_path / "backup").glob("*.checkpoint"))) == 1
    history = model.fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=kept)
    assert history.epoch == [0, 1] or history.epoch == [1]


NEED = 1000.0
SIZES = {
    "half, where more would fit": (32, 10**9, 16),
    "what the measure says": (32, 10 * NEED / memory.SHARE_TO_USE + 1, 10),
    "one": (32, NEED / memory.SHARE_TO_USE + 1, 1),
    "half of two": (2, 10**9, 1),
    "half, where nobody knows what is free": (32, None, 16),
    "none": (32, 10, None),
    "none of a single one": (1, 10, None),
}  # fmt: skip


@pytest.mark.parametrize(("size", "free", "fits"), SIZES.values(), ids=SIZES.keys())
def test_the_size_is_what_the_measure_and_the_free_memory_give(size, free, fits, monkeypatch):
    monkeypatch.setattr(memory, "saved_bytes_per_example", lambda *_: int(NEED))
    monkeypatch.setattr(memory, "available_memory", lambda device: None if free is None else int(free))
    model, inputs = network(), torch.from_numpy(X[:size])
    found = memory.ran_out(MemoryError(), model, inputs, size, torch.device("cpu"), model)
    assert found.fits == fits
    if fits is None:
        assert f"on a batch of {size}, and a single example does not fit either" in str(found)
        assert "(an example takes about 1000.00 B, 10.00 B are free)" in str(found)
    else:
        assert f"Try batch_size={fits}, smaller inputs or fewer filters." in str(found)


def test_where_even_measuring_needs_too_much_that_is_said(monkeypatch):
    def fail(*_):
        raise RuntimeError("can't allocate memory")

    monkeypatch.setattr(memory, "saved_bytes_per_example", fail)
    found = memory.ran_out(MemoryError(), network(), torch.from_numpy(X), 32, torch.device("cpu"), fail)
    assert "a single example does not fit either" in str(found)


def test_another_mistake_met_while_measuring_stays_what_it_is(monkeypatch):
    def fail(*_):
        raise RuntimeError("something else")

    monkeypatch.setattr(memory, "saved_bytes_per_example", fail)
    with pytest.raises(RuntimeError, match=r"^something else$"):
        memory.ran_out(MemoryError(), network(), torch.from_numpy(X), 32, torch.device("cpu"), fail)


ACTS = {
    "scoring": ("score", lambda model: model.evaluate(X, Y, batch_size=8, verbose=0)),
    "validation": ("score", lambda model: model.fit(X, Y, batch_size=8, verbose=0, validation_data=(X, Y))),
    "predicting": ("forward", lambda model: model.predict(X.astype("f8"), batch_size=8, verbose=0)),
    "a step by hand": ("train", lambda model: model.train_on_batch(X[:8], Y[:8])),
}  # fmt: skip


@pytest.mark.parametrize(("method", "act"), ACTS.values(), ids=ACTS.keys())
def test_it_is_said_wherever_a_network_computes(method, act, monkeypatch):
    model = network()
    model.fit(X, Y, batch_size=8, verbose=0)
    fails_once(monkeypatch, method, MemoryError(), 0)
    with pytest.raises(OutOfMemoryError, match=r"memory ran out on a batch of 8 .* Try batch_size=4"):
        act(model)


@pytest.mark.skipif(explain_native().value is None, reason="without kernels no batch goes straight through")
def test_it_is_said_where_batches_go_straight_through_the_kernels(monkeypatch):
    model = network()
    model.fit(X, Y, batch_size=8, verbose=0)

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(WholeRow, "straight", fail)
    with pytest.raises(OutOfMemoryError, match=r"memory ran out on a batch of 8 .* Try batch_size=4"):
        model.predict(X, batch_size=8, verbose=0)


def test_of_a_batch_that_was_cut_already_the_parts_are_what_is_too_large(monkeypatch):
    monkeypatch.setattr(step, "part_size", lambda *_: 6)
    original = Stepper._loss_of
    monkeypatch.setattr(Stepper, "_loss_of", lambda self, *given: fail_on(original, self, *given))
    with pytest.raises(OutOfMemoryError, match=r"memory ran out on a batch of 6 .* Try batch_size=3"):
        network().fit(X, Y, batch_size=20, verbose=0)


def fail_on(original, self, part, share):
    if part.size == 6:
        raise MemoryError
    return original(self, part, share)


MEGABYTE = 2**20
LARGE = np.zeros((512, 64, 64, 3), np.uint8)


def wide():
    # Native kernels have no tanh, so the whole map is there at once; what they fuse goes through in slices.
    layers = [Conv2D(64, 3, padding="same", activation="tanh"), GlobalAveragePooling2D(), Dense(1)]
    model = Sequential([Input((64, 64, 3)), *layers])
    model.compile("sgd", "mse", precision="float32")
    return model


def unmeasured(work):
    """Do something where batches are taken to fit, so that memory really runs out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(step, "part_size", lambda module, inputs, size, *_: size)
        work()
    return 0


REAL = {
    "training": lambda: wide().fit(LARGE, np.zeros(512), batch_size=512, verbose=0),
    "scoring": lambda: wide().evaluate(LARGE, np.zeros(512), batch_size=512, verbose=0),
    "predicting": lambda: wide().predict(LARGE, batch_size=512, verbose=0),
}  # fmt: skip


@pytest.mark.parametrize("work", REAL.values(), ids=REAL.keys())
def test_a_process_that_really_runs_out_names_a_size_and_lives_on(work):
    # Whatever is loaded late is loaded before the limit stands.
    wide().fit(LARGE[:4], np.zeros(4), verbose=0)
    code, said = in_child(lambda: unmeasured(work), address_space=400 * MEGABYTE)
    assert code == 99
    assert said.startswith("OutOfMemoryError: memory ran out on a batch of 512 (an example takes about ")
    assert " are free). Try batch_size=" in said
    assert 1 <= int(said.split("Try batch_size=")[1].split(",")[0]) <= 256


def test_the_limit_of_the_process_counts_as_free_memory():
    def ask():
        found = available_memory(torch.device("cpu"))
        # What the process freed itself is its own to take again; asked here, since the child frees as well.
        most = (200 + 8) * MEGABYTE + _free_in_heap()
        assert found <= most, (found, most)

    from striate.core.runtime import _free_in_heap, available_memory

    # Nothing of what tests before left is to be freed between the limit and the question.
    gc.collect()
    assert in_child(ask, address_space=200 * MEGABYTE) == (0, "")


@pytest.mark.parametrize(
    "error",
    [MemoryError("Unable to allocate 9 GiB"), RuntimeError("can't allocate memory: you tried")],
    ids=str,
)
def test_the_program_says_it_in_words_before_any_batch_as_well(error, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_toy(tmp_path)
    before = lying_in(tmp_path)

    def fail(*_, **__):
        raise error

    monkeypatch.setattr("striate.workbench.prepared.open_data", fail)
    code, said = told(["train", "toy.npz"], capsys)
    assert code == 1
    assert said.startswith(
        "striate: memory ran out before a batch was computed: the data or the network's weights"
    )
    check_nothing_lost(tmp_path, before)
    assert not Path("runs").exists()


def test_other_errors_of_the_program_stay_what_they_are(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("a mistake of ours")

    monkeypatch.chdir(tmp_path)
    write_toy(tmp_path)
    monkeypatch.setattr("striate.workbench.prepared.open_data", fail)
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        main(["train", "toy.npz"])


def test_a_network_too_large_for_the_process_leaves_the_file_alone(tmp_path):
    network().save(tmp_path / "net.striate")
    before = lying_in(tmp_path)

    def build():
        Sequential([Input((6, 6, 1)), Flatten(), Dense(10_000_000)]).save(tmp_path / "net.striate")
        return 0

    code, said = in_child(build, address_space=300 * MEGABYTE)
    assert code == 99
    assert said.startswith("OutOfMemoryError: layer 'dense")
    assert "the weight 'kernel' of (36, 10000000) takes 1.34 GB, which does not fit into memory." in said
    check_nothing_lost(tmp_path, before)
    assert load(tmp_path / "net.striate").count_params() == network().count_params()
