"""Rows by their numbers, natively and by PyTorch."""

from __future__ import annotations

import pytest
import torch

from striate.ops.native.gather import gather_rows
from striate.ops.native.library import explain_native


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64, torch.int64, torch.bool])
@pytest.mark.parametrize("shape", [(7,), (50, 3), (40, 5, 4, 1), (200, 300), (3, 0)])
def test_rows_come_in_the_order_of_their_numbers(shape, dtype):
    source = torch.randint(0, 2, shape).to(dtype)
    rows = torch.randint(0, len(source), (33,))
    found = gather_rows(source, rows)
    assert found.dtype == dtype
    assert torch.equal(found, source[rows])


def test_no_rows_are_an_empty_batch():
    assert gather_rows(torch.ones(4, 2), torch.zeros(0, dtype=torch.int64)).shape == (0, 2)


def test_other_layouts_and_types_of_numbers_are_left_to_pytorch():
    source = torch.arange(24.0).reshape(4, 6).t()
    assert torch.equal(gather_rows(source, torch.tensor([2, 0])), source[[2, 0]])
    assert torch.equal(gather_rows(source.contiguous(), torch.tensor([5], dtype=torch.int32)), source[[5]])


@pytest.mark.parametrize("row", [-1, 4])
def test_a_number_without_a_row_is_refused(row):
    with pytest.raises(IndexError, match="index out of range"):
        gather_rows(torch.ones(4, 2), torch.tensor([0, row]))


def test_without_kernels_it_is_the_same(monkeypatch):
    source, rows = torch.randn(9, 4), torch.tensor([8, 1, 1])
    wanted = gather_rows(source, rows)
    monkeypatch.setattr(
        "striate.ops.native.gather.explain_native", lambda: explain_native().__class__(None, "")
    )
    assert torch.equal(gather_rows(source, rows), wanted)
