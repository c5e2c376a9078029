"""Batch normalisation of tensors; the values are tested in tests/layers/."""

import pytest
import torch

from striate.ops.normalization import batch_normalize

STATISTICS = {"mean": torch.zeros(3), "variance": torch.ones(3), "epsilon": 1e-3}


@pytest.mark.parametrize("shape", [(4, 3), (4, 5, 3), (4, 5, 5, 3), (2, 2, 2, 2, 3)])
def test_the_batchs_statistics_come_back_and_want_no_gradient(shape):
    inputs = torch.randn(shape, requires_grad=True)
    _, mean, variance = batch_normalize(inputs, None, None, by_batch=True, **STATISTICS)
    flat = inputs.detach().reshape(-1, 3)
    torch.testing.assert_close(mean, flat.mean(0))
    torch.testing.assert_close(variance.float(), flat.var(0, unbiased=False), rtol=1e-4, atol=1e-6)
    assert not mean.requires_grad
    assert not variance.requires_grad


def test_given_statistics_are_used_and_none_come_back():
    inputs = torch.randn(4, 3)
    outputs, mean, variance = batch_normalize(inputs, None, None, by_batch=False, **STATISTICS)
    torch.testing.assert_close(outputs, inputs / (1 + 1e-3) ** 0.5)
    assert mean is None
    assert variance is None


def test_channels_that_never_change_have_no_variance_and_a_finite_gradient():
    inputs = torch.full((8, 3), 5.0, requires_grad=True)
    outputs, _, variance = batch_normalize(inputs, None, None, by_batch=True, **STATISTICS)
    outputs.square().sum().backward()
    assert variance.max().item() < 1e-9
    assert inputs.grad.isfinite().all()
