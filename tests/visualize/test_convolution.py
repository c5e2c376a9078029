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
    # One kernel a row, below the original; a single one stands beside it.
    assert sheet.columns == 2
    assert convolve(colours, "edge").columns == 4
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


def test_the_sum_of_a_pooling_has_a_scale_of_its_own():
    image = np.full((4, 4, 1), 200.0)
    sheet = convolve(image, "identity", padding="edge", pooling="sum")
    for panel in (sheet.panels[2], sheet.panels[5]):
        np.testing.assert_allclose(panel.pixels, 200 / 255)
        assert panel.note == "2×2; 800 to 800, drawn from 0 to 1020"


@pytest.mark.parametrize(
    ("kernel", "kind"),
    [
        ("gabor:theta=45,wavelength=6", "signed"),
        ("gabor:phase=90,size=8", "signed"),
        ("[[0.52,0],[0,-0.5]]", "signed"),
        ("[[-0.1,-0.1],[-0.1,-0.1]]", "signed"),
        ("[[-49,50]]", "signed"),
        ("zones:size=3", "signed"),
        ("contrast:size=3", "positive"),
        ("[[0,1],[2,3]]", "grey"),
        ("[[0.33,0.33,0.33]]", "image"),
        ("sharpen", "image"),
        ("emboss", "image"),
    ],
)
def test_what_lies_on_both_sides_of_0_is_signed_and_what_keeps_brightness_an_image(kernel, kind):
    y, x = np.mgrid[:16, :16]
    image = np.round(128 + 40 * np.sin(x / 3) * np.cos(y / 3))
    shown = convolve(image, kernel).panels[-1]
    if kind == "image":
        assert isinstance(shown, ImagePanel)
        return
    assert shown.scale == kind
    assert shown.low == (-shown.high if kind == "signed" else 0)


def test_it_is_said_where_values_are_cut_off_and_where_full_colour_begins():
    image = np.zeros((5, 100))
    image[:, 10:50] = 255
    sharp = convolve(image, "[[-1,2,0]]").panels[-1]
    assert sharp.note == "5×98; -255 to 510, cut off at 0 and 255"
    image = np.outer(np.ones(3), np.arange(202.0) ** 2)
    sheet = convolve(image, "[[-1,1]]")
    panel = sheet.panels[-1]
    assert panel.high == pytest.approx(np.quantile(2 * np.arange(201) + 1, 0.99))
    assert panel.note == "3×201; 1 to 401; full colour from ±397"
    assert "99% of its values are not larger (the 99th percentile)" in sheet.caption


def test_local_statistics_show_their_window_in_words():
    sheet = convolve(np.eye(12), ["contrast", "zones:size=3"])
    contrast, zones = sheet.panels[2], sheet.panels[4]
    assert np.isnan(contrast.values).all()
    assert contrast.values.shape == (5, 5)
    assert contrast.note == "window 5×5: standard deviation"
    assert zones.note == "window 3×3: mean minus the image's mean"
    assert "times the kernel" not in sheet.caption
    assert "Contrast is the standard deviation in a window. Zones are the mean of a window" in sheet.caption
    assert "minus the signal's mean" in convolve(np.arange(12.0), "zones:size=3").panels[2].note


def test_several_kernels_of_numbers_are_told_apart():
    sheet = convolve(NINE, ["[[0,1],[2,3]]", "blur", [[1.0]]])
    assert [panel.title for panel in sheet.panels[2:]] == [
        "kernel 1", "kernel 1", "blur", "blur", "kernel 3", "kernel 3",
    ]  # fmt: skip


def test_a_title_can_break_between_options():
    sheet = convolve(np.eye(12), "gabor:theta=45, wavelength=6,size=5")
    assert {panel.title for panel in sheet.panels[2:]} == {"gabor: theta=45, wavelength=6, size=5"}


def test_padding_is_seen_as_grey_and_mirrored_values_through_it():
    white = np.full((4, 4, 1), 255, np.uint8)
    zeros = convolve(white, "edge", padding="same").panels[1]
    np.testing.assert_allclose(zeros.pixels[0], 0xD9 / 255)
    np.testing.assert_allclose(zeros.pixels[1:-1, 1:-1], 1)
    mirrored = convolve(white, "edge", padding="reflect").panels[1]
    np.testing.assert_allclose(mirrored.pixels[0], (1 + 0xD9 / 255) / 2)
    assert mirrored.note == "stride 1; 6×6, padding in grey"
    assert "grey" not in convolve(white, "edge").panels[1].note


def test_dilation_is_said_without_an_ordinal():
    assert "lie 2 apart" in convolve(np.eye(8), "edge", dilation=2).caption


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
