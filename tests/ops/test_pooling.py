"""Pooling of tensors that are not single precision; the values are tested in tests/layers/."""

import pytest
import torch

from striate.ops.pooling import average_pool, max_pool, sum_pool


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.bfloat16, torch.float64])
def test_the_largest_value_keeps_its_type_and_padding_never_wins(dtype):
    values = torch.tensor([-5, -7, -9], dtype=dtype).reshape(1, 3, 1)
    pooled = max_pool(values, (2,), (2,), "same")
    assert pooled.dtype == dtype
    assert pooled.flatten().tolist() == [-5, -9]


@pytest.mark.parametrize("pool", [average_pool, sum_pool])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_sums_and_means_keep_the_type(pool, dtype):
    assert pool(torch.ones(1, 3, 3, 1, dtype=dtype), (2, 2), (1, 1), "same").dtype == dtype


def test_endless_values_are_the_largest():
    values = torch.tensor([float("-inf"), float("inf"), 0.0, float("-inf")]).reshape(1, 4, 1)
    assert max_pool(values, (2,), (1,), "same").flatten().tolist() == [
        float("inf"),
        float("inf"),
        0,
        float("-inf"),
    ]
