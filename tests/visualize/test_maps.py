"""Feature maps of images and signals: which, in what order, before and after, trained and not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.applications import net_c, net_e
from striate.core.errors import ArgumentError, UnknownNameError
from striate.layers import Conv3D, Input
from striate.models import Sequential
from striate.visualize import feature_maps
from striate.visualize.maps import untrained_copy

IMAGE = np.random.default_rng(0).random((32, 32, 3), np.float32)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return net_c()


def maps_of(model, name, image=IMAGE):
    layer = model.get_layer(name)
    before = model.layers[: model.layers.index(layer) + 1]
    values = torch.from_numpy(image[None])
    for one in before:
        values = one(values).detach()
    return values[0].numpy()


def test_the_sheet_has_the_original_and_the_first_eight_maps(model):
    sheet = feature_maps(model, IMAGE, "conv1")
    assert [panel.title for panel in sheet.panels] == ["Original", *(f"Feature {n}" for n in range(1, 9))]
    assert sheet.columns == 3
    np.testing.assert_allclose(sheet.panels[0].pixels, IMAGE)
    expected = maps_of(model, "conv1")
    for number, panel in enumerate(sheet.panels[1:]):
        np.testing.assert_allclose(panel.values, expected[..., number], atol=1e-6)
        assert panel.scale == "positive"
    assert sheet.caption.startswith("Layer conv1 (Conv2D) makes 32 maps of 30×30.")


def test_maps_are_chosen_by_number_or_sorted(model):
    chosen = feature_maps(model, IMAGE, "conv1", filters=[5, 2])
    assert [panel.title for panel in chosen.panels] == ["Original", "Feature 6", "Feature 3"]
    expected = maps_of(model, "conv2")
    for word, measure in (("mean", np.mean), ("max", np.max), ("spread", np.std)):
        sheet = feature_maps(model, IMAGE, "conv2", sort=word, rows=2, columns=2)
        order = np.argsort(-measure(expected, axis=(0, 1)), kind="stable")[:3]
        assert [panel.title for panel in sheet.panels[1:]] == [f"Feature {number + 1}" for number in order]
        assert f"largest {word}" in sheet.caption


def test_chosen_filters_are_sorted_as_well_and_keep_their_numbers(model):
    expected = maps_of(model, "conv2")
    chosen = [4, 9, 1, 7]
    sheet = feature_maps(model, IMAGE, "conv2", filters=chosen, sort="mean")
    order = sorted(chosen, key=lambda number: -expected[..., number].mean())
    assert [panel.title for panel in sheet.panels[1:]] == [f"Feature {number + 1}" for number in order]
    assert [panel.note.split(":")[0] for panel in sheet.panels[1:]] == [f"filter {n}" for n in order]
    assert "Those of the largest mean come first" in sheet.caption


def test_one_sheet_has_one_kind_of_colours():
    net = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False))
    net[0].weight.data[:] = torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1)
    image = np.random.default_rng(0).random((6, 6, 1)) + 0.1
    both = feature_maps(net, image, 0)
    assert [panel.scale for panel in both.panels[1:]] == ["signed", "signed"]
    assert "blue is above 0, orange below" in both.caption
    # The sheet's own maps count, not those that it leaves out.
    first = feature_maps(net, image, 0, filters=[0])
    assert [panel.scale for panel in first.panels[1:]] == ["positive"]
    assert "the brighter, the stronger" in first.caption


@pytest.mark.parametrize("asked", [True, "both"])
def test_a_layer_without_an_activation_points_to_the_next_that_is_one(asked):
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Conv2d(2, 2, 3))
    sheet = feature_maps(net, np.zeros((8, 8, 1)), 0, before_activation=asked)
    assert sheet.panels[1].title == "Feature 1"
    assert "0 has no activation inside" in sheet.caption
    assert sheet.caption.endswith("the next that is one is the layer 2.")
    last = feature_maps(net, np.zeros((8, 8, 1)), 3, before_activation=asked)
    assert last.caption.endswith("so that before and after are the same.")
    itself = feature_maps(net, np.zeros((8, 8, 1)), 2, before_activation="both")
    assert itself.panels[2].title == "Feature 1, before"


def test_of_five_bands_the_caption_says_which_are_shown():
    net = nn.Sequential(nn.Conv2d(5, 2, 3))
    sheet = feature_maps(net, np.zeros((8, 8, 5)), 0)
    assert sheet.panels[0].pixels.shape == (8, 8, 3)
    assert "Of the 5 bands, 0, 1 and 2 are shown as red, green and blue." in sheet.caption


def test_before_and_after_an_activation_inside_the_layer_stand_side_by_side(model):
    sheet = feature_maps(model, IMAGE, "conv1", before_activation="both")
    assert [panel.title for panel in sheet.panels[2:6]] == [
        "Feature 1, before", "Feature 1, after", "Feature 2, before", "Feature 2, after",
    ]  # fmt: skip
    assert sheet.columns == 4
    for before, after in zip(sheet.panels[2::2], sheet.panels[3::2], strict=True):
        np.testing.assert_array_equal(np.maximum(before.values, 0), after.values)
    assert min(panel.values.min() for panel in sheet.panels[2::2]) < 0
    alone = feature_maps(model, IMAGE, "conv1", before_activation=True)
    np.testing.assert_array_equal(alone.panels[1].values, sheet.panels[2].values)


def test_an_untrained_network_of_the_same_build_stands_beside(model):
    weights = model.get_weights()
    sheet = feature_maps(model, IMAGE, "conv1", untrained=True)
    assert [panel.title for panel in sheet.panels[2:4]] == ["Feature 1, trained", "Feature 1, untrained"]
    assert not np.array_equal(sheet.panels[2].values, sheet.panels[3].values)
    same = feature_maps(model, IMAGE, "conv1", untrained=model)
    np.testing.assert_array_equal(same.panels[2].values, same.panels[3].values)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    torch_model = nn.Sequential(nn.Conv2d(3, 4, 3))
    assert not torch.equal(untrained_copy(torch_model)[0].weight, torch_model[0].weight)


def test_maps_of_a_signal_are_lines_on_the_signals_axis():
    signal = np.random.default_rng(0).random((64, 100), np.float32)
    sheet = feature_maps(net_e(), signal, "conv3")
    assert sheet.panels[0].values.shape == (100, 64)
    np.testing.assert_allclose(sheet.panels[1].lines[0].x, 6 + 3 * np.arange(18))
    one_channel = nn.Sequential(nn.Conv1d(1, 9, 3, stride=2, padding=1))
    sheet = feature_maps(one_channel, np.arange(8.0)[:, None], 0)
    assert sheet.panels[0].lines[0].y.tolist() == list(range(8))
    assert sheet.panels[1].lines[0].x.tolist() == [0, 2, 4, 6]


def test_a_layer_without_places_shows_its_units(model):
    sheet = feature_maps(model, IMAGE, "dense")
    assert sheet.panels[1].lines[0].y.shape == (64,)
    assert "one number for each of its 64 units" in sheet.caption


def test_a_grey_image_may_leave_out_its_channel_and_silent_maps_are_said():
    plain = nn.Sequential(nn.Conv2d(1, 9, 3), nn.ReLU(inplace=True))
    plain[0].bias.data.fill_(-100.0)
    sheet = feature_maps(plain, np.zeros((8, 8, 1)), 1)
    assert "9 of them are 0 everywhere" in sheet.caption
    assert sheet.panels[1].note == "filter 0: 0 everywhere"


def test_what_cannot_be_shown_is_refused(model):
    with pytest.raises(UnknownNameError, match="no layer called 'convolution1'"):
        feature_maps(model, IMAGE, "convolution1")
    with pytest.raises(ArgumentError, match="the layer has filters 0 to 31; got 32"):
        feature_maps(model, IMAGE, "conv1", filters=[0, 32])
    with pytest.raises(
        ArgumentError, match=r"the model takes one example of shape \(32, 32, 3\).*got \(8, 8, 3\)"
    ):
        feature_maps(model, IMAGE[:8, :8], "conv1")
    with pytest.raises(ArgumentError, match="sort must be one of 'mean', 'max', 'spread'; got 'size'"):
        feature_maps(model, IMAGE, "conv1", sort="size")
    with pytest.raises(ArgumentError, match="before with after, not both"):
        feature_maps(model, IMAGE, "conv1", before_activation="both", untrained=True)
    with pytest.raises(ArgumentError, match="before_activation is True, False or 'both'; got 'before'"):
        feature_maps(model, IMAGE, "conv1", before_activation="before")
    volumes = Sequential([Input((4, 4, 4, 1)), Conv3D(2, 3, name="volume")])
    with pytest.raises(ArgumentError, match="layer 'volume' makes volumes"):
        feature_maps(volumes, np.zeros((4, 4, 4, 1), np.float32), "volume")
    with pytest.raises(ArgumentError, match="the layers of this Sequential cannot draw new weights"):
        untrained_copy(nn.Sequential(nn.ReLU()))
