"""Convolution of tensors: nothing is copied on the way. Its sums are tested in tests/layers/."""

import pytest
import torch

from striate.ops.convolution import as_image, convolve, from_image, pad, padding_of


@pytest.mark.parametrize("shape", [(2, 5, 3), (2, 5, 4, 3)])
def test_the_view_as_pytorchs_image_is_the_same_memory_and_can_be_undone(shape):
    tensor = torch.randn(shape)
    image = as_image(tensor)
    assert image.shape[1] == 3
    assert image.data_ptr() == tensor.data_ptr()
    assert image.is_contiguous(memory_format=torch.channels_last)
    again = from_image(image, len(shape) - 2)
    assert again.stride() == tensor.stride()
    assert torch.equal(again, tensor)


def test_without_padding_nothing_is_copied():
    tensor = torch.randn(1, 4, 4, 2)
    assert pad(tensor, [(0, 0), (0, 0)]) is tensor


def test_padding_goes_before_and_after_each_axis_and_not_to_the_channels():
    padded = pad(torch.ones(1, 1, 2, 1), [(0, 1), (2, 0)], value=7.0)
    assert padded[0, :, :, 0].tolist() == [[7, 7, 1, 1], [7, 7, 7, 7]]


def test_padding_is_worked_out_axis_by_axis():
    assert padding_of((5, 4), (3, 2), (1, 2), "same", (2, 1)) == [(2, 2), (0, 0)]


def test_a_kernel_in_plain_memory_gives_the_same_sums():
    images, kernel = torch.randn(2, 6, 6, 3), torch.randn(4, 3, 3, 3)
    options = {"strides": (1, 1), "padding": "same", "dilation": (1, 1)}
    turned = kernel.to(memory_format=torch.channels_last)
    torch.testing.assert_close(convolve(images, kernel, **options), convolve(images, turned, **options))
