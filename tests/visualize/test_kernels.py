"""Kernels by name, by options and written out; what is no kernel is refused in words."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError, UnknownNameError
from striate.visualize.kernels import KERNEL_NAMES, Kernel, read_kernel

DIFFERENCES = ("edge", "sobel_x", "sobel_y", "laplacian", "gabor")
AVERAGES = ("identity", "sharpen", "blur", "emboss", "contrast", "zones")


def test_the_edge_kernel_has_eight_in_the_middle():
    np.testing.assert_array_equal(read_kernel("edge", 2).values, [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("name", KERNEL_NAMES)
def test_a_kernel_answers_0_to_an_even_ground_or_keeps_its_brightness(name, rank):
    if (name, rank) == ("sobel_y", 1):
        return
    kernel = read_kernel(name, rank)
    assert kernel.values.ndim == rank
    assert kernel.values.sum() == pytest.approx(0.0 if name in DIFFERENCES else 1.0, abs=1e-4)
    assert name in DIFFERENCES or name in AVERAGES


def test_options_follow_a_colon():
    assert read_kernel("blur:size=5", 2).values.shape == (5, 5)
    assert read_kernel("gabor: theta=45, size=7", 2).values.shape == (7, 7)
    assert read_kernel("blur:size=5", 1).values.tolist() == [0.2] * 5


def test_a_gabor_kernel_answers_to_stripes_across_its_direction():
    x = np.arange(9)
    upright = np.cos(2 * np.pi * (x - 4) / 5)[None, :].repeat(9, axis=0)
    assert (read_kernel("gabor", 2).values * upright).sum() > 5
    assert abs((read_kernel("gabor:theta=90", 2).values * upright).sum()) < 0.5
    np.testing.assert_allclose(
        read_kernel("gabor:theta=90", 2).values, read_kernel("gabor", 2).values.T, atol=1e-5
    )


@pytest.mark.parametrize("options", ["theta=45,wavelength=6", "phase=90", "size=8", "size=31,sigma=9"])
def test_a_gabor_kernel_has_no_mean_whatever_its_options(options):
    values = read_kernel(f"gabor:{options}", 2).values
    assert abs(values.sum()) < 1e-12 * np.abs(values).sum()


def test_numbers_are_taken_as_text_and_as_arrays():
    np.testing.assert_array_equal(read_kernel("[[0,1],[2,3]]", 2).values, [[0, 1], [2, 3]])
    np.testing.assert_array_equal(read_kernel(np.eye(2), 2).values, np.eye(2))
    np.testing.assert_array_equal(read_kernel("[1, 0, -1]", 1).values, [1, 0, -1])
    np.testing.assert_array_equal(read_kernel([[1, 0, -1]], 1).values, [1, 0, -1])
    kernel = Kernel("mine", np.eye(3))
    assert read_kernel(kernel, 2) is kernel


def test_what_is_no_kernel_is_refused():
    with pytest.raises(UnknownNameError, match=r"no kernel called 'sobelx'\. Did you mean 'sobel_x'"):
        read_kernel("sobelx", 2)
    with pytest.raises(ArgumentError, match=r"written as rows of numbers, .*; got '\[\[1,2\],\[3\]'"):
        read_kernel("[[1,2],[3]", 2)
    with pytest.raises(ArgumentError, match="made of rows of numbers, all of one length; got"):
        read_kernel("[[1,2],[3]]", 2)
    with pytest.raises(ArgumentError, match="a kernel for this input is made of rows of numbers"):
        read_kernel("[1,2,3]", 2)
    with pytest.raises(ArgumentError, match="a kernel for this input is made of numbers in one row"):
        read_kernel("[[1,2],[3,4]]", 1)
    with pytest.raises(
        ArgumentError, match=r"'gabor' has no option 'thet': it has theta, .*Did you mean 'theta'"
    ):
        read_kernel("gabor:thet=4", 2)
    with pytest.raises(ArgumentError, match="'edge' has no option 'size': it has none"):
        read_kernel("edge:size=4", 2)
    with pytest.raises(ArgumentError, match="option 'theta' of kernel 'gabor' is a number; got 'north'"):
        read_kernel("gabor:theta=north", 2)
    with pytest.raises(ArgumentError, match=r"a kernel's size is a whole number from 1; got 2\.5"):
        read_kernel("blur:size=2.5", 2)
    with pytest.raises(ArgumentError, match="'sobel_y' needs two axes"):
        read_kernel("sobel_y", 1)
    with pytest.raises(ArgumentError, match="wavelength and sigma are above 0; got 0 and 2"):
        read_kernel("gabor:wavelength=0", 2)
