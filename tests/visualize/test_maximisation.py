"""Inputs found for parts of networks of which it is known by hand what excites them most."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.core.errors import ArgumentError, ShapeError, UnknownNameError
from striate.layers import Conv1D, Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input, Rescaling
from striate.models import Sequential
from striate.visualize.base import ImagePanel, LinePanel
from striate.visualize.maximisation import maximise
from striate.visualize.transformations import Robustness

# Brighter at the right; brighter below; bright all over; dark all over.
EDGE = np.array([[-1.0, 0, 1]] * 3)
KERNELS = np.stack([EDGE, EDGE.T, np.ones((3, 3)), -np.ones((3, 3))], axis=-1)[:, :, None]
# Without restraint, and with larger steps: so the best there is can be reached, which is known by hand.
FAST = {"learning_rate": 0.2, "smoothness": 0, "moderation": 0}


def edge_net(scale: float = 1 / 255, bias: float = 0.0) -> Sequential:
    """Four filters on grey images of 12 x 12 pixels, with a ReLU inside."""
    layers = [Input((12, 12, 1)), Rescaling(scale), Conv2D(4, 3, activation="relu", name="edges")]
    model = Sequential([*layers, GlobalAveragePooling2D(), Dense(2)])
    model.get_layer("edges").set_weights([KERNELS, np.full(4, bias)])
    return model


def test_a_neuron_of_an_edge_template_gets_that_edge():
    found = maximise(edge_net(), "edges", [0, 1], at=(4, 5), steps=200, robustness=Robustness())
    # The neuron at (4, 5) sees rows 4 to 6 and columns 5 to 7; three pixels of 255 are the most there is.
    upright, level = found.images[:, 4:7, 5:8, 0]
    assert upright[:, 0].max() < 20
    assert upright[:, 2].min() > 235
    assert level[0].max() < 20
    assert level[2].min() > 235
    assert found.activations.min() > 2.8
    assert found.activations.max() <= 3
    assert found.names == ("0 at 4, 5", "1 at 4, 5")


def test_whole_channels_get_edges_light_and_darkness():
    found = maximise(edge_net(), "edges", steps=200, **FAST)
    assert found.images.shape == (4, 12, 12, 1)
    assert found.images.min() >= 0
    assert found.images.max() <= 255
    across, down = (np.abs(np.diff(found.images, axis=axis)).mean(axis=(1, 2, 3)) for axis in (2, 1))
    assert across[0] > 2 * down[0]
    assert down[1] > 2 * across[1]
    assert found.images[2].mean() > 250
    assert found.images[3].mean() < 5
    # Nine white pixels give 9 everywhere; black gives 0, the most that a filter of minus ones can have.
    assert found.activations[2] == pytest.approx(9, rel=0.02)
    assert np.all(found.activations[:3] > found.before[:3])


def test_the_range_is_the_model_s_own_or_as_told():
    found = maximise(edge_net(scale=1.0), "edges", 2, at="centre", steps=100, value_range=(-4.0, 2.0), **FAST)
    assert found.images.max() == pytest.approx(2.0)
    assert found.activations[0] == pytest.approx(18, rel=0.05)
    bands = maximise(
        Sequential([Input((8, 8, 2)), Conv2D(1, 1, kernel_initializer="ones", name="sum")]), "sum", steps=100,
        **FAST, value_range=(np.array([0.0, 5.0]), np.array([1.0, 6.0])),
    )  # fmt: skip
    np.testing.assert_allclose(bands.images.max(axis=(0, 1, 2)), [1, 6], atol=1e-5)


def test_a_filter_silent_behind_its_activation_is_still_climbed():
    found = maximise(edge_net(bias=-5.0), "edges", 2, steps=150, **FAST)
    assert found.before[0] == 0
    # At most 4, nine white pixels and the bias, and less where the borders lag behind.
    assert 2.5 < found.activations[0] <= 4


def test_each_input_is_found_as_if_it_were_alone_and_the_same_each_time():
    together = maximise(edge_net(), "edges", steps=20, seed=3)
    np.testing.assert_array_equal(maximise(edge_net(), "edges", steps=20, seed=3).images, together.images)
    alone = maximise(edge_net(), "edges", 1, steps=20, seed=3)
    np.testing.assert_allclose(alone.images[0], together.images[1], atol=2)
    parts = maximise(edge_net(), "edges", steps=20, seed=3, batch_size=3)
    np.testing.assert_allclose(parts.images, together.images, atol=2)
    assert np.abs(maximise(edge_net(), "edges", 1, steps=20, seed=4).images - alone.images).max() > 20


def test_the_model_is_as_it_was():
    model = edge_net()
    model.train(True)
    before = [weight.copy() for weight in model.get_weights()]
    torch.manual_seed(0)
    drawn = torch.rand(1)
    torch.manual_seed(0)
    maximise(model, "edges", steps=3)
    assert torch.equal(torch.rand(1), drawn)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(module.training for module in model.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_copies_differ_the_more_the_more_diversity_is_wanted():
    torch.manual_seed(0)
    model = Sequential([Input((16, 16, 1)), Conv2D(6, 3, activation="relu"), Conv2D(3, 3, name="second")])

    def likeness(diversity):
        found = maximise(model, "second", [1], copies=3, diversity=diversity, steps=80)
        assert found.images.shape == (3, 16, 16, 1)
        assert found.names == ("1", "1", "1")
        maps = model(found.images / 1.0).numpy().reshape(3, -1, 3)
        textures = np.einsum("npc,npd->ncd", maps, maps).reshape(3, -1)
        textures = textures / np.linalg.norm(textures, axis=1, keepdims=True)
        return (textures @ textures.T)[np.triu_indices(3, 1)].mean()

    assert likeness(5.0) < likeness(0.0) - 0.05


def test_directions_and_the_whole_layer():
    model = edge_net()
    towards = maximise(model, "edges", direction=[[0, 0, 1.0, 0], [0, 0, 0, 2.0]], steps=150, **FAST)
    assert towards.images[0].mean() > 250
    assert towards.images[1].mean() < 5
    assert towards.names == ("direction 0", "direction 1")
    whole = maximise(model, "edges", whole=True, steps=150, **FAST)
    # White is the best: 9 of one filter and -9 of the other, squared, over four filters.
    assert whole.activations[0] == pytest.approx(162 / 4, rel=0.1)
    assert whole.measure == "the mean square of the layer's values"


def test_a_torch_module_with_its_channels_first_is_searched_as_well():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(3, 2, 3)
            self.rectifier = nn.ReLU(inplace=True)

        def forward(self, x):
            return self.rectifier(self.first(x)).mean((2, 3))

    net = Net()
    with torch.no_grad():
        net.first.weight.zero_()
        net.first.bias.zero_()
        net.first.weight[0, 0] = 1.0  # the red channel
        net.first.weight[1, 2] = 1.0  # the blue one
    found = maximise(net, "first", size=10, steps=150, **FAST)
    assert found.images.shape == (2, 10, 10, 3)
    assert found.images[0, ..., 0].mean() > 0.98
    assert found.images[1, ..., 2].mean() > 0.98
    assert found.images[0, ..., 2].mean() < 0.8
    assert net.training


def test_a_signal_gets_the_step_that_its_filter_is_a_template_of():
    model = Sequential([Input((20, 1)), Conv1D(1, 4, activation="relu", name="step"), Flatten()])
    model.get_layer("step").set_weights([np.array([-1, -1, 1, 1.0]).reshape(4, 1, 1), np.zeros(1)])
    found = maximise(model, "step", at="centre", value_range=(-1.0, 1.0), robustness=Robustness(), **FAST)
    assert found.activations[0] == pytest.approx(4, rel=0.05)
    np.testing.assert_allclose(found.images[0, 8:12, 0], [-1, -1, 1, 1], atol=0.1)
    (panel,) = found.sheet.panels
    assert isinstance(panel, LinePanel)
    assert panel.title == "0 at 8"


def test_a_dense_unit_gets_its_own_weights_signs():
    model = Sequential([Input((4, 4, 1)), Flatten(), Dense(1, name="dense")])
    signs = np.sign(np.random.default_rng(0).normal(size=16))
    model.get_layer("dense").set_weights([signs[:, None], np.zeros(1)])
    found = maximise(model, "dense", **FAST)
    assert found.activations[0] == pytest.approx((signs > 0).sum(), rel=0.02)
    assert found.measure == "its value"


@pytest.mark.parametrize(("channels", "kind"), [(1, ImagePanel), (3, ImagePanel), (5, ImagePanel)])
def test_found_inputs_are_drawn_by_their_number_of_channels(channels, kind):
    model = Sequential([Input((8, 8, channels)), Conv2D(3, 3, name="conv")])
    sheet = maximise(model, "conv", steps=2).sheet
    assert [panel.title for panel in sheet.panels] == ["0", "1", "2"]
    assert all(isinstance(panel, kind) for panel in sheet.panels)
    assert "the mean of what is above zero in its map" in sheet.caption
    assert sheet.caption.startswith("3 of 3 channels. ")
    assert ("0, 1 and 2 are shown as red" in sheet.caption) == (channels == 5)


def test_unless_named_only_the_first_channels_may_be_sought_and_shapes_may_have_channels():
    model = Sequential([Input((None, None, 3)), Conv2D(3, 3, name="conv")])
    found = maximise(model, "conv", most=2, size=(9, 10, 3), steps=2)
    assert found.images.shape == (2, 9, 10, 3)
    assert found.sheet.caption.startswith("2 of 3 channels. ")
    assert found._repr_png_().startswith(b"\x89PNG")
    assert len(maximise(model, "conv", [2], most=2, size=8, steps=2).names) == 1


def test_what_cannot_be_searched_is_refused():
    model = edge_net()
    with pytest.raises(UnknownNameError, match=r"no layer called 'edge'.*Did you mean 'edges'"):
        maximise(model, "edge")
    with pytest.raises(ArgumentError, match="the layer has 4 channels, counted from 0; there is no 4"):
        maximise(model, "edges", 4)
    with pytest.raises(ArgumentError, match="copies is a whole number from 1 up; got 0"):
        maximise(model, "edges", copies=0)
    with pytest.raises(ShapeError, match="say size=, such as size=64"):
        maximise(nn.Sequential(nn.Conv2d(1, 2, 3)), 0)
