"""Convolution by hand against plain loops, with every padding, stride and dilation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, DataError
from striate.visualize import convolve
from striate.visualize.base import HeatPanel, ImagePanel, LinePanel, TablePanel
from striate.visualize.convolution import filter_values, read_values
from striate.visualize.kernels import read_kernel

NINE = np.arange(9).reshape(3, 3)


def by_loops(image, kernel, strides, dilation):
    """Multiply and add, window by window; the image is padded already."""
    rows = (image.shape[0] - (kernel.shape[0] - 1) * dilation - 1) // strides + 1
    columns = (image.shape[1] - (kernel.shape[1] - 1) * dilation - 1) // strides + 1
    result = np.zeros((rows, columns))
    for row, column in np.ndindex(rows, columns):
        for down, right in np.ndindex(*kernel.shape):
            value = image[row * strides + down * dilation, column * strides + right * dilation]
            result[row, column] += value * kernel[down, right]
    return result


def test_the_window_0_1_3_4_on_the_kernel_0_1_2_3_gives_19():
    assert convolve(NINE, "[[0,1],[2,3]]").panels[-1].values.tolist() == [[19, 25], [37, 43]]


def test_a_flipped_kernel_is_turned_round_by_both_axes():
    assert convolve(NINE, "[[0,1],[2,3]]", flip=True).panels[-1].values.tolist() == [[5, 11], [23, 29]]
    kernel = convolve(NINE, "[[0,1],[2,3]]", flip=True).panels[2]
    assert (kernel.title, kernel.values.tolist()) == ("kernel, flipped", [[3, 2], [1, 0]])


@pytest.mark.parametrize("padding", ["valid", "same", "edge", "reflect"])
@pytest.mark.parametrize(("strides", "dilation"), [(1, 1), (2, 1), (3, 1), (1, 2)])
def test_results_are_those_of_plain_loops(padding, strides, dilation):
    image = np.random.default_rng(0).normal(size=(11, 8, 1))
    kernel = read_kernel(np.random.default_rng(1).normal(size=(3, 2)), 2)
    before = after = np.zeros(2, int)
    if padding != "valid":
        extents = [(size - 1) * dilation + 1 for size in (3, 2)]
        total = [
            max((-(-length // strides) - 1) * strides + extent - length, 0)
            for length, extent in zip((11, 8), extents, strict=True)
        ]
        before = [amount // 2 for amount in total]
        after = [amount - amount // 2 for amount in total]
    mode = {"edge": "edge", "reflect": "reflect"}.get(padding, "constant")
    padded = np.pad(image[..., 0], list(zip(before, after, strict=True)), mode=mode)
    expected = by_loops(padded, kernel.values, strides, dilation)
    np.testing.assert_allclose(
        filter_values(image, kernel, strides, padding, dilation)[..., 0], expected, atol=1e-12
    )


def test_local_contrast_is_the_standard_deviation_in_the_window():
    image = np.random.default_rng(0).normal(1e4, 1.0, (6, 7, 1))
    result = filter_values(image, read_kernel("contrast:size=3", 2), 1, "valid", 1)
    expected = [[image[r : r + 3, c : c + 3].std() for c in range(5)] for r in range(4)]
    np.testing.assert_allclose(result[..., 0], expected, rtol=1e-8)


def test_zones_are_the_mean_in_the_window_against_that_of_the_image():
    image = np.random.default_rng(0).normal(size=(6, 7, 2))
    result = filter_values(image, read_kernel("zones:size=3", 2), 1, "valid", 1)
    expected = image[:3, :3].mean(axis=(0, 1)) - image.mean(axis=(0, 1))
    np.testing.assert_allclose(result[0, 0], expected)


def test_each_kernel_stands_beside_its_result():
    colours = np.random.default_rng(0).integers(0, 256, (12, 10, 3), np.uint8)
    sheet = convolve(colours, ["edge", "blur"], padding="same")
    assert [panel.title for panel in sheet.panels] == [
        "Original",
        "First window 3×3",
        "edge",
        "edge",
        "blur",
        "blur",
    ]
    assert [type(panel) for panel in sheet.panels] == [
        ImagePanel, ImagePanel, TablePanel, HeatPanel, TablePanel, ImagePanel,
    ]  # fmt: skip
    assert sheet.columns == 4
    assert sheet.panels[1].box == (0, 0, 3, 3)
    assert sheet.panels[1].pixels.shape == (14, 12, 3)
    assert "surrounded by zeros" in sheet.caption
    assert sheet.panels[-1].note.startswith("12×10; ")


def test_pooled_results_stand_beside_the_results():
    sheet = convolve(np.eye(6), "identity", padding="same", pooling="sum", pool_size=3)
    assert [panel.title for panel in sheet.panels][2::3] == ["Original, sum 3", "identity, sum 3"]
    assert sheet.columns == 6
    assert sheet.panels[-1].pixels.shape == (2, 2, 1)
    assert "the sum of each 3 by 3 values" in sheet.caption


def test_a_signal_is_drawn_on_its_own_axis():
    signal = np.array([0.0, 0, 0, 1, 1, 1])
    sheet = convolve(signal, ["[-1,1]", "blur"], padding="valid", pooling="max")
    first, second = sheet.panels[3:6], sheet.panels[6:]
    assert first[0].values.tolist() == [[-1, 1]]
    assert first[1].lines[0].y.tolist() == [0, 0, 1, 0, 0]
    assert first[1].lines[0].x.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert first[2].lines[0].y.tolist() == [0, 1]
    assert first[2].lines[0].x.tolist() == [1.0, 3.0]
    assert second[1].lines[0].x.tolist() == [1, 2, 3, 4]
    assert all(isinstance(panel, (LinePanel, TablePanel)) for panel in sheet.panels)
    padded = convolve(signal[:, None], "blur", padding="reflect").panels[1]
    assert padded.lines[0].y.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert padded.lines[0].x.tolist() == [-1, 0, 1, 2, 3, 4, 5, 6]
    assert "the max of each 2 values" in sheet.caption


def test_tensors_and_many_bands_are_taken():
    sheet = convolve(torch.rand(8, 8, 5), [np.eye(3), read_kernel("edge", 2)])
    assert sheet.panels[3].values.shape == (6, 6)
    assert len(convolve(NINE, [[0, 1], [2, 3]]).panels) == 4


def test_what_cannot_be_convolved_is_refused():
    with pytest.raises(ArgumentError, match="convolve takes at least one kernel, such as 'edge'; got none"):
        convolve(NINE, [])
    with pytest.raises(
        ArgumentError, match=r"the kernel 'blur:size=5' spans \(5, 5\) and does not fit into \(3, 3\)"
    ):
        convolve(NINE, "blur:size=5")
    with pytest.raises(ArgumentError, match=r"padding must be one of .*; got 'mirror'"):
        convolve(NINE, "edge", padding="mirror")
    with pytest.raises(ArgumentError, match="pooling must be one of 'max', 'average', 'sum'; got 'min'"):
        convolve(NINE, "edge", pooling="min")
    with pytest.raises(ArgumentError, match=r"a mirror image of 4 cannot be put around an input of \(3, 3\)"):
        convolve(NINE, "blur:size=9", padding="reflect")
    with pytest.raises(DataError, match=r"one image of shape .*; got <U3 of shape \(1,\)"):
        convolve(["cat"], "edge")
    with pytest.raises(DataError, match=r"got float64 of shape \(1, 2, 2, 1\)"):
        read_values(np.zeros((1, 2, 2, 1)))
