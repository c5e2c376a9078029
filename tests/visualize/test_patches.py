"""Patches that excite filters most, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.core.errors import ArgumentError, DataError, StateError
from striate.layers import Conv1D, Conv2D, Dense, Flatten, Input, Layer, MaxPooling2D
from striate.models import Sequential
from striate.visualize.base import ImagePanel, LinePanel
from striate.visualize.patches import exciting_patches, find_exciting_patches

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((11, 9, 8, 2)).astype(np.float32)


def one_layer():
    model = Sequential([Input((9, 8, 2)), Conv2D(3, (3, 2), activation="relu", name="conv")])
    kernel = RANDOM.normal(size=(3, 2, 2, 3)).astype(np.float32)
    model.get_layer("conv").set_weights([kernel, np.full(3, -50.0)])
    return model, kernel


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_they_are_the_windows_with_the_largest_sums_one_an_example(batch_size):
    model, kernel = one_layer()
    found = find_exciting_patches(model, "conv", IMAGES, count=4, batch_size=batch_size)
    for number in range(3):
        sums = np.array(
            [
                [
                    [(image[y : y + 3, x : x + 2] * kernel[..., number]).sum() - 50 for x in range(7)]
                    for y in range(7)
                ]
                for image in IMAGES
            ]
        )
        order = np.argsort(-sums.reshape(11, -1).max(1))[:4]
        np.testing.assert_array_equal(found.examples[number], order)
        # Far below zero: what is measured lies before the ReLU.
        np.testing.assert_allclose(found.values[number], sums.reshape(11, -1).max(1)[order], rtol=1e-4)
        for place, example in enumerate(order):
            y, x = np.unravel_index(sums[example].argmax(), (7, 7))
            np.testing.assert_array_equal(found.windows[number, place], [[y, y + 3], [x, x + 2]])
            np.testing.assert_array_equal(found.patches[number][place], IMAGES[example, y : y + 3, x : x + 2])


def test_windows_grow_with_depth_and_end_at_the_border():
    model = Sequential(
        [
            Input((12, 12, 1)),
            Conv2D(2, 3, padding="same", name="first"),
            MaxPooling2D(2, name="pool"),
            Conv2D(2, 3, padding="same", strides=2, name="second"),
        ]
    )
    images = np.zeros((1, 12, 12, 1), np.float32)
    images[0, 0, 0] = 1e3
    second = model.get_layer("second")
    second.set_weights([np.ones((3, 3, 2, 2)), np.zeros(2)])
    model.get_layer("first").set_weights([np.ones((3, 3, 1, 2)), np.zeros(2)])
    found = find_exciting_patches(model, "second", images, [0])
    # Worked out by hand: 'same' with stride 2 on 6 cells pads one after, so cell 0 sees the pooled
    # 0 to 2, these the first map's 0 to 5, these the input's 0 to 6.
    np.testing.assert_array_equal(found.windows[0, 0], [[0, 7], [0, 7]])
    assert found.kernels == ()
    assert found.reach == (8, 8)
    panel = found.sheet.panels[0]
    # Cell 1 sees the input's 3 to 10, eight of them; of cell 0 the one before the border is missing.
    assert panel.pixels.shape == (8, 8, 1)
    assert panel.pixels[1, 1, 0] == 1.0
    np.testing.assert_allclose(np.unique(panel.pixels[:1]), [0.62, 0.88])
    assert found.sheet.caption.endswith("What lies beyond the border of an example is hatched.")


def test_a_unit_without_places_sees_the_whole_input():
    model = Sequential([Input((9, 8, 2)), Flatten(), Dense(2, name="dense")])
    found = find_exciting_patches(model, "dense", IMAGES, count=1)
    np.testing.assert_array_equal(found.windows[0, 0], [[0, 9], [0, 8]])
    assert found.examples[0, 0] == model(IMAGES).numpy()[:, 0].argmax()


def test_torch_modules_and_signals():
    signals = RANDOM.normal(size=(5, 20, 3)).astype(np.float32)
    net = nn.Sequential(nn.Conv1d(3, 4, 5, dilation=2), nn.ReLU(inplace=True))
    found = find_exciting_patches(net, 0, signals, [2], count=2)
    maps = net[0](torch.tensor(signals).movedim(-1, 1)).detach().numpy()[:, 2]
    best = maps.max(1).argsort()[::-1][:2]
    np.testing.assert_array_equal(found.examples[0], best)
    begin = maps[best[0]].argmax()
    np.testing.assert_array_equal(found.windows[0, 0], [[begin, begin + 9]])
    first = found.sheet.panels[0]
    assert isinstance(first, LinePanel)
    assert first.lines[0].x[0] == begin


def test_each_row_has_the_filter_then_its_patches_with_their_names():
    model = Sequential([Input((9, 8, 3)), Conv2D(2, 3, name="conv")])
    images = RANDOM.random((4, 9, 8, 3)).astype(np.float32)
    names = [f"clothes/a-very-long-folder/picture-{number}.png" for number in range(4)]
    sheet = exciting_patches(model, "conv", images, count=3, names=names)
    assert sheet.columns == 4
    assert len(sheet.panels) == 8
    assert all(isinstance(panel, ImagePanel) for panel in sheet.panels)
    assert sheet.panels[4].title == "filter 1"
    found = find_exciting_patches(model, "conv", images, count=3, names=names)
    value, name = sheet.panels[1].note.split("\n")
    assert value == f"{found.values[0, 0]:.3g}"
    assert name == f"picture-{found.examples[0, 0]}.png"
    assert found.names[0][0] == names[found.examples[0, 0]]
    assert "cut from 4 examples" in sheet.caption


def test_where_the_filter_is_no_picture_of_the_input_patches_stand_alone():
    model = Sequential([Input((9, 8, 2)), Conv2D(2, 3), Conv2D(2, 3, name="second")])
    sheet = exciting_patches(model, "second", list(IMAGES), count=20)
    assert sheet.columns == 11
    assert sheet.panels[0].title == "filter 0"
    assert sheet.panels[1].title == ""
    assert isinstance(sheet.panels[0], ImagePanel)
    assert sheet.caption.endswith("Of the 2 bands the mean is shown.")


def test_a_long_name_keeps_both_ends():
    model, _ = one_layer()
    sheet = exciting_patches(model, "conv", IMAGES[:1], filters=[0], names=["a-name-of-many-letters.jpeg"])
    assert sheet.panels[-1].note.split("\n")[1] == "a-name-o…ters.jpeg"


class Constant(Layer):
    """Hands out the same map whatever comes."""

    def call(self, inputs):
        return torch.ones(len(inputs), 2, 2, 1)


def test_mistakes_are_said():
    model, _ = one_layer()
    with pytest.raises(ArgumentError, match="conv has 3 filters, counted from 0; there is no 7"):
        find_exciting_patches(model, "conv", IMAGES, [7])
    with pytest.raises(ArgumentError, match="there are 11 examples but 2 names"):
        find_exciting_patches(model, "conv", IMAGES, names=["a", "b"])
    with pytest.raises(DataError, match=r"patches are cut from images .* got \(9, 8\)"):
        find_exciting_patches(model, "conv", IMAGES[0, ..., 0])
    with pytest.raises(DataError, match="patches are cut from images"):
        find_exciting_patches(model, "conv", IMAGES[:0])
    with pytest.raises(StateError, match="no part of the input was found that layer 'constant' depends on"):
        find_exciting_patches(Sequential([Input((9, 8, 2)), Constant(name="constant")]), "constant", IMAGES)


def test_patches_of_signals_have_one_scale_and_one_length():
    model = Sequential([Input((20, 1)), Conv1D(1, 3, padding="same", name="conv")])
    model.get_layer("conv").set_weights([np.ones((3, 1, 1)), np.zeros(1)])
    signals = np.zeros((3, 20, 1), np.float32)
    signals[0, 0] = signals[1, 19] = signals[2, 10] = [5.0]
    signals[0, 1] = signals[1, 17:19] = signals[2, 9] = signals[2, 11] = [-1.0]
    found = find_exciting_patches(model, "conv", signals, count=3)
    panels = found.sheet.panels[1:]
    assert {panel.y_limits for panel in panels} == {(-1.0, 5.0)}
    assert {len(panel.lines[0].x) for panel in panels} == {3}
    assert "left empty" in found.sheet.caption
    first, last = panels[list(found.examples[0]).index(0)], panels[list(found.examples[0]).index(1)]
    assert np.isnan(first.lines[0].y[0])
    assert first.lines[0].x.tolist() == [-1, 0, 1]
    assert np.isnan(last.lines[0].y[2])


def test_signals_of_1d_filters_have_the_filter_as_lines():
    model = Sequential([Input((20, 3)), Conv1D(2, 4, name="conv")])
    sheet = exciting_patches(model, "conv", RANDOM.normal(size=(5, 20, 3)), count=2)
    assert sheet.columns == 3
    assert all(isinstance(panel, LinePanel) for panel in sheet.panels)
    assert sheet.panels[0].title == "filter 0"
