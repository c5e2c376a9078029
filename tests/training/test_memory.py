from __future__ import annotations

import pytest
import torch
from torch import nn

from striate.layers import BatchNormalization, Conv2D, Dropout, Input
from striate.models import Sequential
from striate.training import memory
from striate.training.memory import is_out_of_memory, part_size, saved_bytes_per_example

CPU = torch.device("cpu")
NEED = 6000 / memory.SHARE_TO_USE


def test_the_estimate_of_a_chain_of_products_is_worked_out_by_hand():
    # Each exp keeps its own output for its gradient: 1,000 values of 4 bytes, three times; the largest
    # counts twice more for gradients on their way; and the output itself.
    module = nn.Sequential(*(Exp() for _ in range(3)))
    inputs = torch.rand(2, 1000, requires_grad=True)
    assert saved_bytes_per_example(module, inputs, module) == 4000 * (3 + 2 + 1)


class Exp(nn.Module):
    def forward(self, inputs):
        return inputs.exp()


def test_the_estimate_grows_with_the_filters():
    def estimate(filters):
        model = Sequential([Input((8, 8, 1)), Conv2D(filters, 3, activation="relu")])
        return saved_bytes_per_example(model, torch.zeros(2, 8, 8, 1), model)

    assert 36 * 16 * 4 <= estimate(16) <= 36 * 16 * 4 * 6
    assert estimate(64) > 3 * estimate(16)


def test_measuring_leaves_statistics_and_chance_alone():
    model = Sequential([Input((4,)), BatchNormalization(), Dropout(0.5)])
    model.train()
    inputs = torch.rand(2, 4)
    before, state = model.get_weights(), torch.random.get_rng_state()
    saved_bytes_per_example(model, inputs, model)
    assert all((old == new).all() for old, new in zip(before, model.get_weights(), strict=True))
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("free", "wanted"),
    [
        (None, 64),
        (10**12, 64),
        (NEED * 64 + 1, 64),
        (NEED * 32 + 1, 32),
        (NEED * 8 + 1, 8),
        (1, 1),
    ],
)
def test_parts_are_as_large_as_fits(monkeypatch, free, wanted):
    monkeypatch.setattr(memory, "available_memory", lambda device: free)
    monkeypatch.setattr(memory, "saved_bytes_per_example", lambda *_: 6000)
    assert part_size(nn.Identity(), torch.zeros(64, 1), 64, CPU, nn.Identity()) == wanted


def test_a_single_example_is_never_measured(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda device: 1)
    assert part_size(nn.Identity(), torch.zeros(1, 1), 1, CPU, nn.Identity()) == 1


def test_errors_of_memory_are_known():
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"))
    assert not is_out_of_memory(RuntimeError("shapes differ"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))
