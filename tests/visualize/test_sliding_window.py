"""The window slides, and each frame says its sum."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.applications import net_c
from striate.core.errors import ArgumentError
from striate.visualize import draw, slide
from striate.visualize.base import HeatPanel

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


def as_written(text):
    """Work out a caption as a reader would, from the numbers that it shows."""
    left, _, right = text.rpartition(" = ")
    products = [part.split(" × ") for part in left.split(" + ")]
    return sum(float(one.strip("()")) * float(other.strip("()")) for one, other in products), right


@pytest.mark.parametrize("kernel", ["blur", "edge", "sobel_x", [[0.37, -0.21], [0.11, 0.4]]])
@pytest.mark.parametrize("reach", [1, 255])
def test_the_sum_adds_up_as_it_is_written(kernel, reach):
    image = np.random.default_rng(0).random((5, 5)) * reach
    for frame in slide(kernel, image, padding="same").frames:
        found, total = as_written(frame.caption)
        digits = len(total.strip("-0.").replace(".", ""))
        assert float(f"{found:.{digits}g}") == float(total), frame.caption


def test_what_cancels_out_is_0():
    caption = slide("edge", np.full((3, 3), 1 / 3)).frames[0].caption
    assert caption.endswith(" = 0")
    ground = np.full((3, 6), 209 + 2 / 3)
    ground[:, 5] = 0
    output = slide("edge", ground).frames[-1].panels[-1]
    assert output.values[0, 0] == 0


def test_products_and_bias_add_up_as_written():
    model = net_c()
    model.get_layer("conv1").bias.data += 0.1234567
    frames = slide(model, np.random.default_rng(0).random((32, 32, 3), np.float32), "conv1", 2, most=9)
    for frame in frames.frames:
        left, _, total = frame.caption.rpartition(" = ")
        products, bias = left.rpartition("add up to ")[2].split(" + bias ")
        assert float(f"{float(products) + float(bias):.3g}") == pytest.approx(float(f"{float(total):.3g}"))


def test_an_average_adds_up_as_written_with_the_zeros_that_count():
    mean = nn.Sequential(nn.AvgPool2d(2, padding=1))
    image = torch.arange(1.0, 17.0).reshape(1, 1, 4, 4)
    captions = [frame.caption for frame in slide(mean, image[0].movedim(0, -1), "0").frames]
    assert captions[:2] == ["The mean of 0, 0, 0, 1 = 0.25", "The mean of 0, 0, 2, 3 = 1.25"]


@pytest.mark.parametrize(("padding", "mode"), [("reflect", "reflect"), ("edge", "edge")])
def test_padding_with_own_values_shows_them(padding, mode):
    panel = slide("blur", NINE, padding=padding).frames[0].panels[0]
    np.testing.assert_array_equal(panel.values, np.pad(NINE, 1, mode=mode))


def test_panels_keep_their_place_and_size_in_all_frames():
    image = np.random.default_rng(0).random((6, 6)) * 1000
    for given in (np.round(image[:4]), image, np.round(np.random.default_rng(0).random(9), 2)):
        frames = slide("edge" if given.ndim == 2 else "blur", given, most=7).frames
        found = {
            tuple(tuple(np.round(axes.get_window_extent().bounds, 3)) for axes in draw(frame).axes)
            for frame in frames
        }
        assert len(found) == 1


def test_an_output_of_8_by_8_is_drawn_in_colours_with_square_cells():
    frames = slide("blur", np.ones((8, 8)), padding="same", most=2).frames
    output = frames[0].panels[-1]
    assert isinstance(output, HeatPanel)
    shown = draw(frames[0]).axes[2].get_window_extent()
    assert shown.width == pytest.approx(shown.height)


def test_what_cannot_slide_is_refused():
    with pytest.raises(ArgumentError, match="an animation has at least one frame; got most=0"):
        slide(KERNEL, NINE, most=0)
    with pytest.raises(ArgumentError, match="slide takes the layer as well"):
        slide(net_c(), np.ones((32, 32, 3), np.float32))
    with pytest.raises(ArgumentError, match="the output of layer 'dense' has no places for a window"):
        slide(net_c(), np.ones((32, 32, 3), np.float32), "dense")
