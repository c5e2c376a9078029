"""How parameters, gradients and state lie in memory."""

from __future__ import annotations

import pytest
import torch

from striate.layers.weights import WeightSpec
from striate.optimizers.adam import Adam
from striate.optimizers.state import in_memory_order


@pytest.mark.parametrize("shape", [(3, 5, 8), (1, 5, 8), (3, 1, 1), (3, 2, 5, 8), (2, 2, 2, 3, 4)])
def test_a_kernel_is_seen_as_its_numbers_lie(shape):
    stored = WeightSpec("kernel", shape, is_kernel=True).to_stored(torch.randn(shape))
    seen = in_memory_order(stored)
    assert seen.is_contiguous()
    assert seen.data_ptr() == stored.data_ptr()
    assert sorted(seen.shape) == sorted(stored.shape)


def test_what_is_no_such_kernel_stays_as_it_is():
    for tensor in (torch.randn(3, 4), torch.randn(4, 3).t(), torch.randn(2, 3, 4)[:, :, ::2]):
        assert in_memory_order(tensor) is tensor


@pytest.mark.parametrize("amsgrad", [False, True])
def test_the_fused_step_of_kernels_is_that_of_contiguous_weights(amsgrad):
    spec = WeightSpec("kernel", (3, 5, 8), is_kernel=True)
    start, moves = torch.randn(3, 5, 8), torch.randn(4, 3, 5, 8)
    found = []
    for place in (spec.to_stored, torch.clone):
        weight = torch.nn.Parameter(place(start))
        optimizer = Adam(0.1, amsgrad=amsgrad)
        optimizer.build([("weight", weight)])
        # Without the kernels' library, which would take the step before PyTorch is asked.
        optimizer._one_call.moved = lambda *given: False
        for move in moves:
            weight.grad = place(move)
            optimizer.step()
        found.append(weight.detach())
    assert torch.equal(spec.to_public(found[0]), found[1])
