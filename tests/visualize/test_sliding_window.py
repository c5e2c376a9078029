"""The window slides, and each frame says its sum."""

from __future__ import annotations

import numpy as np
import pytest

from striate.applications import net_c
from striate.core.errors import ArgumentError
from striate.visualize import slide

NINE = np.arange(9).reshape(3, 3)
KERNEL = [[0, 1], [2, 3]]


def test_every_place_has_a_frame_and_the_output_fills_up():
    frames = slide(KERNEL, NINE).frames
    assert [frame.caption.rpartition("= ")[2] for frame in frames] == ["19", "25", "37", "43"]
    assert frames[0].caption == "0 × 0 + 1 × 1 + 3 × 2 + 4 × 3 = 19"
    assert [frame.panels[0].box for frame in frames] == [
        (0, 0, 2, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 2),
        (1, 1, 2, 2),
    ]
    np.testing.assert_array_equal(frames[1].panels[2].values, [[19, 25], [np.nan, np.nan]])
    np.testing.assert_array_equal(frames[3].panels[2].values, [[19, 25], [37, 43]])


def test_stride_and_padding_are_seen():
    frames = slide(KERNEL, NINE, padding="same", strides=2).frames
    assert [frame.panels[0].box for frame in frames] == [
        (0, 0, 2, 2),
        (0, 2, 2, 2),
        (2, 0, 2, 2),
        (2, 2, 2, 2),
    ]
    assert frames[0].panels[0].values.shape == (4, 4)
    assert np.isnan(frames[0].panels[0].values[3]).all()


def test_a_signal_and_negative_numbers_are_written_out():
    frames = slide([-1, 1], np.array([3.0, -2, 5])).frames
    assert [frame.caption for frame in frames] == ["3 × (-1) + (-2) × 1 = -5", "(-2) × (-1) + 5 × 1 = 7"]
    long = slide("blur", np.arange(20.0)).frames
    assert long[4].panels[-1].lines[1].y[4] == pytest.approx(5)
    assert np.isnan(long[4].panels[-1].lines[1].y[5])


def test_a_layer_of_a_network_slides_over_places_spread_evenly():
    frames = slide(net_c(), np.ones((32, 32, 3), np.float32), "conv1", 2, most=5)
    assert len(frames.frames) == 5
    assert "5 of 900 places are shown" in frames.caption
    assert frames.frames[0].caption.startswith("27 products add up to ")
    assert [frame.title for frame in frames.frames][::4] == ["At 0, 0", "At 29, 29"]
    assert not np.isnan(frames.frames[-1].panels[-1].values).any()


def test_a_pooling_slides_as_well():
    frames = slide(net_c(), np.ones((32, 32, 3), np.float32), "pool1", most=2).frames
    assert frames[0].operators == ("→",)
    assert frames[0].caption.startswith("The largest of ")


def test_what_cannot_slide_is_refused():
    with pytest.raises(ArgumentError, match="an animation has at least one frame; got most=0"):
        slide(KERNEL, NINE, most=0)
    with pytest.raises(ArgumentError, match="slide takes the layer as well"):
        slide(net_c(), np.ones((32, 32, 3), np.float32))
    with pytest.raises(ArgumentError, match="the output of layer 'dense' has no places for a window"):
        slide(net_c(), np.ones((32, 32, 3), np.float32), "dense")
