"""Grad-CAM and Grad-CAM++ by hand, and the layer that is chosen."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from striate.applications import net_a, net_c, net_d, net_e
from striate.core.errors import ArgumentError, ShapeError, UnknownNameError
from striate.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
)  # fmt: skip
from striate.models import Model, Sequential
from striate.visualize.attribution import explain
from striate.visualize.class_activation import choose_layer, enlarged
from striate.visualize.question import Question
from tests.reference.attribution import (
    SmallImageNet,
    SmallSignalNet,
    averaged_maps,
    grad_cam_plus_plus,
    linear_net,
)

IMAGE = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 2, 2, 1)


def chosen(model, shape):
    return choose_layer(Question(model, np.zeros((1, *shape)))).name


def test_grad_cam_weights_each_map_by_its_mean_gradient():
    # The gradient of class 1 at the second map, 2x, is 4 / 4 places: the sum is 2x.
    found = explain(averaged_maps(), IMAGE, 1, "grad_cam")
    np.testing.assert_allclose(found.values, 2 * IMAGE[..., 0], rtol=1e-6)
    np.testing.assert_allclose(found.maps, 2 * IMAGE[..., 0], rtol=1e-6)
    assert found.layer == "conv2d" or found.layer.startswith("conv2d_")


def test_grad_cam_cuts_off_what_speaks_against_and_says_so():
    # Class 0: 1/4 of x less 1/4 of 2x is -x / 4 everywhere.
    found = explain(averaged_maps(), IMAGE, 0, "grad_cam")
    assert not found.values.any()
    np.testing.assert_allclose(found.maps, -IMAGE[..., 0] / 4, rtol=1e-6)
    assert "weighted for this class, are nowhere above 0" in found.blank[0]


def test_grad_cam_plus_plus_by_hand():
    # One share for all places, 1 / (2 + 2 * 10), times the gradient 1, at 4 places, times the map 2x.
    found = explain(averaged_maps(), IMAGE, 1, "grad_cam_plus_plus")
    np.testing.assert_allclose(found.values, 4 / 22 * 2 * IMAGE[..., 0], rtol=1e-6)


@pytest.mark.parametrize("kind", [SmallImageNet, SmallSignalNet])
def test_grad_cam_plus_plus_against_loops(kind):
    torch.manual_seed(0)
    model = kind()
    x = (
        np.random.default_rng(0)
        .random((2, 10, 8, 3) if kind is SmallImageNet else (2, 24, 2))
        .astype(np.float32)
    )
    found = explain(model, x, 2, "grad_cam_plus_plus", layer="relu2")
    first = torch.from_numpy(x).movedim(-1, 1)
    maps = model.relu2(model.conv2(model.pool(model.relu1(model.conv1(first))))).detach().requires_grad_()
    behind = model.dense(maps.flatten(1) if kind is SmallImageNet else maps.mean(-1))
    (gradient,) = torch.autograd.grad(behind[:, 2].sum(), maps)
    for row in range(2):
        wanted = grad_cam_plus_plus(
            *(part[row].detach().double().movedim(0, -1).numpy() for part in (maps, gradient))
        )
        np.testing.assert_allclose(found.maps[row], wanted, atol=1e-5 * np.abs(wanted).max() + 1e-7)


def test_maps_are_enlarged_along_straight_lines():
    found = enlarged(torch.tensor([[0.0, 4.0]]), (4,))
    assert found.tolist() == [[0, 1, 3, 4]]
    torch.testing.assert_close(enlarged(torch.full((2, 3, 3), 5.0), (7, 4)), torch.full((2, 7, 4), 5.0))


@pytest.mark.parametrize(
    ("model", "shape", "layer"),
    [
        (net_a(), (100, 100, 1), "relu3"),
        (net_c(), (32, 32, 3), "conv3"),
        (net_d(), (100, 100, 3), "block4_conv2"),
        (net_e(), (64, 100), "conv4"),
    ],
    ids=["A", "C", "D", "E"],
)
def test_in_the_reference_networks_the_last_convolution_is_taken(model, shape, layer):
    assert chosen(model, shape) == layer


def test_what_follows_at_the_same_size_belongs_to_the_convolution():
    layers = [
        Conv2D(3, 3),
        BatchNormalization(),
        Activation("relu", name="last"),
        MaxPooling2D(2),
        Flatten(),
        Dense(2),
    ]
    assert chosen(Sequential([Input((8, 8, 1)), *layers]), (8, 8, 1)) == "last"


def test_a_convolution_behind_which_no_places_are_left_is_passed_over():
    layers = [Conv2D(3, 3, name="wide"), MaxPooling2D(2), Conv2D(3, 3, name="single"), Flatten(), Dense(2)]
    assert chosen(Sequential([Input((8, 8, 1)), *layers]), (8, 8, 1)) == "wide"


def test_the_sum_at_the_end_of_a_residual_block_is_taken():
    inputs = Input((6, 6, 2))
    branch = Conv2D(2, 3, padding="same")(inputs)
    joined = Activation("relu", name="after")(Add()([inputs, branch]))
    assert chosen(Model(inputs, Dense(2)(GlobalAveragePooling2D()(joined))), (6, 6, 2)) == "after"


def test_a_layer_inside_a_nested_model_is_found():
    base = Sequential([Input((8, 8, 1)), Conv2D(2, 3, name="inner")], name="base")
    model = Sequential([Input((8, 8, 1)), base, GlobalAveragePooling2D(), Dense(2)])
    assert chosen(model, (8, 8, 1)) == "base.inner"
    assert explain(model, np.ones((1, 8, 8, 1)), 0).layer == "base.inner"


def test_of_a_torch_module_the_rectifier_behind_the_last_convolution_is_taken():
    assert chosen(SmallImageNet(), (10, 8, 3)) == "relu2"
    assert chosen(SmallSignalNet(), (24, 2)) == "relu2"


def test_layers_count_in_the_order_in_which_they_run():
    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.second, self.first = nn.Conv2d(2, 2, 3), nn.Conv2d(1, 2, 3)

        def forward(self, x):
            return F.relu(self.second(self.first(x))).mean((2, 3))

    assert chosen(Backwards(), (9, 9, 1)) == "second"


def test_another_layer_can_be_asked_for_by_name_number_or_itself():
    model = net_c()
    x = np.random.default_rng(0).random((1, 32, 32, 3))
    by_name = explain(model, x, 0, layer="conv2")
    assert by_name.maps.shape == (1, 13, 13)
    for layer in (model.get_layer("conv2"), model.layers.index(model.get_layer("conv2"))):
        np.testing.assert_array_equal(explain(model, x, 0, layer=layer).values, by_name.values)
    assert "maps of layer 'conv2', 13 × 13 places, as asked for" in by_name.notes


def test_a_frozen_network_is_explained_as_well():
    model = net_e()
    x = np.random.default_rng(0).random((1, 64, 100))
    before = explain(model, x).values
    for weight in model.parameters():
        weight.requires_grad_(False)
    np.testing.assert_array_equal(explain(model, x).values, before)


def test_a_wide_network_of_a_single_place_too():
    model = Sequential([Input((5, 1)), Conv1D(2, 3, name="only"), Flatten(), Dense(2)])
    assert chosen(model, (5, 1)) == "only"


def test_networks_and_layers_without_places_are_refused():
    with pytest.raises(
        ArgumentError, match=r"no convolution whose output has places.*'occlusion' works without"
    ):
        explain(linear_net(np.ones((4, 2))), IMAGE)
    with pytest.raises(
        ShapeError, match=r"layer 'dense' hands out \(1, 64\), which has no places in the input"
    ):
        explain(net_c(), np.zeros((1, 32, 32, 3)), layer="dense")
    with pytest.raises(UnknownNameError, match=r"there is no layer called 'conv33'\. Did you mean 'conv3'"):
        explain(net_c(), np.zeros((1, 32, 32, 3)), layer="conv33")


def test_a_layer_that_the_score_does_not_follow_from_is_refused():
    class Aside(nn.Module):
        def __init__(self):
            super().__init__()
            self.aside, self.main = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 2, 1)

        def forward(self, x):
            self.aside(x)
            return self.main(x).mean((2, 3))

    with pytest.raises(
        ArgumentError, match="the score does not follow from layer 'aside' by steps with a gradient"
    ):
        explain(Aside(), IMAGE, 0, layer="aside")
