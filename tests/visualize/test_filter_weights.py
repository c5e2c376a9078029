"""The weights of filters as pictures."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from striate.core.errors import ArgumentError
from striate.layers import Conv1D, Conv2D, Conv3D, Dense, DepthwiseConv2D, Flatten, Input
from striate.models import Sequential
from striate.visualize.base import HeatPanel, ImagePanel, LinePanel
from striate.visualize.filter_weights import filters

RANDOM = np.random.default_rng(0)


def with_kernel(layer, shape):
    model = Sequential([Input(shape), layer])
    kernel, *rest = layer.get_weights()
    kernel = RANDOM.normal(size=kernel.shape)
    layer.set_weights([kernel, *rest])
    return model, kernel


def reach(kernel):
    return np.quantile(np.abs(kernel), 0.97)


def test_kernels_over_three_channels_are_colours_around_grey():
    model, kernel = with_kernel(Conv2D(4, 5, name="conv"), (8, 8, 3))
    sheet = filters(model, "conv")
    assert [panel.title for panel in sheet.panels] == ["0", "1", "2", "3"]
    wanted = np.clip(0.5 + 0.5 * kernel[..., 2] / reach(kernel), 0, 1)
    assert isinstance(sheet.panels[2], ImagePanel)
    np.testing.assert_allclose(sheet.panels[2].pixels, wanted, atol=1e-6)
    assert sheet.caption.startswith("4 of 4 filters, 5 × 5 over 3 channels; full colour from a weight of")


def test_of_others_the_slice_with_the_largest_weights_is_shown():
    model, kernel = with_kernel(Conv2D(2, (3, 2), name="conv"), (8, 8, 7))
    (panel,) = filters(model, "conv", [1]).panels
    strongest = np.square(kernel[..., 1]).sum((0, 1)).argmax()
    assert isinstance(panel, HeatPanel)
    assert panel.scale == "signed"
    assert panel.note == f"input {strongest}"
    np.testing.assert_allclose(panel.values, kernel[:, :, strongest, 1], atol=1e-6)
    assert panel.high == pytest.approx(reach(kernel[..., 1]))
    assert panel.low == -panel.high


def test_a_single_number_shows_all_slices_of_that_filter():
    model, kernel = with_kernel(Conv2D(2, 3, name="conv"), (8, 8, 5))
    panels = filters(model, "conv", 1).panels
    assert [panel.title for panel in panels] == [f"input {number}" for number in range(5)]
    np.testing.assert_allclose(panels[4].values, kernel[:, :, 4, 1], atol=1e-6)


def test_kernels_along_a_signal_are_lines():
    model, kernel = with_kernel(Conv1D(3, 4, name="conv"), (9, 2))
    panel = filters(model, "conv").panels[1]
    assert isinstance(panel, LinePanel)
    assert [line.name for line in panel.lines] == ["input 0", "input 1"]
    np.testing.assert_allclose(panel.lines[1].y, kernel[:, 1, 1], atol=1e-6)
    many, kernel = with_kernel(Conv1D(3, 4, name="conv"), (9, 6))
    panel = filters(many, "conv").panels[0]
    strongest = np.square(kernel[..., 0]).sum(0).argmax()
    assert panel.note == f"input {strongest}"
    np.testing.assert_allclose(panel.lines[0].y, kernel[:, strongest, 0], atol=1e-6)


def test_filters_along_a_signal_share_one_scale():
    model, kernel = with_kernel(Conv1D(3, 4, name="conv"), (9, 1))
    limits = [panel.y_limits for panel in filters(model, "conv").panels]
    np.testing.assert_allclose(limits, [[kernel.min(), kernel.max()]] * 3, atol=1e-6)
    model.get_layer("conv").set_weights([kernel * 0, np.zeros(3)])
    assert filters(model, "conv").panels[0].y_limits == (-1.0, 1.0)


def test_depthwise_and_torch_filters_are_shown_as_well():
    model, kernel = with_kernel(DepthwiseConv2D(3, depth_multiplier=2, name="conv"), (8, 8, 2))
    panels = filters(model, "conv").panels
    # Filter 3 is the second of channel 1.
    assert len(panels) == 4
    np.testing.assert_allclose(panels[3].values, kernel[:, :, 1, 1], atol=1e-6)
    torch_model = nn.Sequential(nn.Conv2d(3, 2, 3))
    weight = torch_model[0].weight.detach().numpy()
    panel = filters(torch_model, "0", columns=1).panels[1]
    wanted = np.clip(0.5 + 0.5 * np.moveaxis(weight[1], 0, -1) / reach(weight), 0, 1)
    np.testing.assert_allclose(panel.pixels, wanted, atol=1e-6)


def test_filters_of_zeros_are_grey():
    model = Sequential([Input((8, 8, 3)), Conv2D(1, 3, kernel_initializer="zeros", name="conv")])
    np.testing.assert_array_equal(filters(model, "conv").panels[0].pixels, 0.5)


def test_layers_without_filters_are_refused():
    model = Sequential([Input((8, 8, 8, 1)), Conv3D(2, 3, name="volume"), Flatten(), Dense(2, name="dense")])
    for name in ("volume", "dense"):
        with pytest.raises(ArgumentError, match=f"layer '{name}' .* has no filters to show"):
            filters(model, name)


def test_filters_that_are_not_there_are_refused():
    model, _ = with_kernel(Conv2D(2, 3, name="conv"), (8, 8, 3))
    with pytest.raises(ArgumentError, match="conv has 2 filters, counted from 0; there is no 2"):
        filters(model, "conv", [0, 2])
    with pytest.raises(ArgumentError, match="no filter was named; None means all of them"):
        filters(model, "conv", [])
