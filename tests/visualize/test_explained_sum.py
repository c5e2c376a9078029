"""A number of a feature map, explained term by term, equals the layer's own."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from striate.applications import net_a, net_b, net_c, net_d, net_e
from striate.core.errors import ArgumentError, UnknownNameError
from striate.layers import (
    Activation,
    AveragePooling1D,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    Input,
    LeakyReLU,
    MaxPooling2D,
    Rescaling,
    SeparableConv1D,
    SeparableConv2D,
    Softmax,
    SumPooling2D,
)
from striate.models import Sequential
from striate.visualize import sum_at
from striate.visualize.convolution import filter_values
from striate.visualize.explained_sum import LayerSums
from striate.visualize.kernels import read_kernel
from striate.visualize.probes import watch

NINE = np.arange(9).reshape(3, 3)
# Of the layer's largest value. Sums are made in double precision; what is left is the rounding of the
# layer itself, which adds up in fp32: at 4,608 terms (network A) PyTorch is off by 2e-6 in places.
CLOSE, CLOSE_OF_MANY_TERMS, EXACT = 1e-6, 3e-6, 1e-10


def stir(model):
    """Give biases and moving statistics values that would be missed if they were left out."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            if parameter.ndim == 1:
                parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator)
        for name, buffer in module.named_buffers(recurse=False):
            if "var" in name:
                buffer += torch.rand(buffer.shape, generator=generator)
            elif "mean" in name:
                buffer += 0.2 * torch.randn(buffer.shape, generator=generator)
    return model


def own_values(layer, source):
    """The layer's own values before and after its activation, for the input that it got in the network.

    From a batch: for a single example PyTorch multiplies matrix and vector in another order, in
    which 10,000 terms are rounded by twice as much as is allowed here.
    """
    found = []
    for before in (True, False):
        with torch.no_grad(), watch(layer.module, layer.module, before_activation=before) as seen:
            seen.run(source.repeat(8, *[1] * (source.ndim - 1)) if source.ndim == 2 else source)
            found.append(seen.maps[seen.layers[0].name][0].double().numpy())
    return found


def in_double(layer):
    """The same layer in double precision."""
    module = copy.deepcopy(layer.module).double()
    if hasattr(module, "dtype"):
        module.dtype = torch.float64
    return dataclasses.replace(layer, module=module)


def assert_all_equal(model, x, most=None, seed=0, close=CLOSE):
    """Hold sums at all places of all layers, or at `most` of each, against the layers' own values."""
    generator = np.random.default_rng(seed)
    with torch.no_grad(), watch(model, inputs=True) as seen:
        seen.run(x[None])
    for layer in seen.layers:
        sums = LayerSums(model, x, layer)
        # The very numbers that the sums were made of: another run may round them differently.
        source = seen.entering[layer.name]
        if layer.kind != "Flatten":
            source = torch.from_numpy(sums.source).float()[None]
        before, after = own_values(layer, source)
        few = most is not None and before.size > most
        chosen = (
            [0, before.size - 1, *generator.integers(0, before.size, most)] if few else range(before.size)
        )
        where = np.unravel_index(np.array(chosen), before.shape)
        found = [sums.at(int(which), *map(int, place)) for *place, which in zip(*where, strict=True)]
        compared = [("total", before, close), ("after", after, close)]
        if any(True for _ in layer.module.parameters(recurse=False)):
            exact = own_values(in_double(layer), source)[0]
            compared.append(("total", exact, EXACT))
        for name, own, close_enough in compared:
            away = np.abs([getattr(value, name) for value in found] - own[where]).max() / np.abs(own).max()
            assert away <= close_enough, f"{layer.name}: {name}"


@pytest.mark.parametrize("make", [net_c, net_e])
def test_every_place_of_every_layer_of_the_small_reference_networks(make):
    torch.manual_seed(0)
    model = stir(make())
    x = np.random.default_rng(0).random(model.input.shape[1:], np.float32)
    assert_all_equal(model, x)


@pytest.mark.parametrize("make", [net_a, net_b, net_d])
def test_places_of_every_layer_of_the_large_reference_networks(make):
    torch.manual_seed(0)
    model = stir(make())
    x = np.random.default_rng(0).random(model.input.shape[1:], np.float32)
    assert_all_equal(model, x, most=60, close=CLOSE_OF_MANY_TERMS)


LAYERS = {
    "strides": ((9, 8, 3), [Conv2D(4, (3, 2), strides=(2, 3), padding="same", activation="tanh")]),
    "dilation": ((9, 8, 3), [Conv2D(4, 3, dilation_rate=2, padding="same")]),
    "groups": ((6, 6, 4), [Conv2D(6, 3, groups=2, activation="gelu")]),
    "depthwise": (
        (7, 6, 3),
        [DepthwiseConv2D(3, depth_multiplier=2, padding="same", strides=2, activation="relu")],
    ),
    "separable": ((7, 6, 3), [SeparableConv2D(5, 3, depth_multiplier=2, padding="same")]),
    "channels first": ((3, 7, 6), [Conv2D(4, 3, data_format="channels_first")]),
    "causal": ((9, 2), [Conv1D(3, 3, padding="causal", dilation_rate=2)]),
    "depthwise 1-D": ((9, 2), [DepthwiseConv1D(3, strides=2, padding="same")]),
    "separable 1-D": ((9, 2), [SeparableConv1D(3, 3)]),
    "max": ((7, 6, 2), [MaxPooling2D(3, strides=2, padding="same")]),
    "average": ((7, 6, 2), [AveragePooling2D(3, strides=2, padding="same")]),
    "average 1-D": ((7, 2), [AveragePooling1D(2)]),
    "sum": ((7, 6, 2), [SumPooling2D(2, padding="same")]),
    "global": ((7, 6, 2), [GlobalAveragePooling2D()]),
    "global 1-D": ((7, 2), [GlobalMaxPooling1D()]),
    "normalised": (
        (5, 4, 3),
        [Rescaling(2.0, offset=-1.0), BatchNormalization(), Dropout(0.5), LeakyReLU(0.1)],
    ),
    "softmax": ((5, 3), [Dense(4, activation="softmax"), Softmax(), Activation("relu")]),
    "flat": ((3, 4, 2), [Flatten(), Dense(3, activation="sigmoid", use_bias=False)]),
}


@pytest.mark.parametrize(("shape", "layers"), LAYERS.values(), ids=LAYERS)
def test_every_kind_of_layer_at_every_place(shape, layers):
    torch.manual_seed(0)
    model = stir(Sequential([Input(shape), *layers]))
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    channels_first = any(getattr(layer, "data_format", "") == "channels_first" for layer in layers)
    assert_all_equal(model, np.moveaxis(x, 0, -1).copy() if channels_first else x)


TORCH_LAYERS = {
    "2-D": (
        (9, 8, 4),
        [
            nn.Conv2d(4, 6, (3, 2), stride=2, padding=1, groups=2), nn.BatchNorm2d(6), nn.ReLU(inplace=True),
            nn.MaxPool2d(2, padding=1), nn.Conv2d(6, 4, 3, padding="same", padding_mode="reflect"),
            nn.AvgPool2d(2, stride=1, padding=1), nn.Flatten(), nn.Linear(64, 3),
        ],
    ),
    "uncounted padding": ((6, 6, 2), [nn.AvgPool2d(3, padding=1, count_include_pad=False)]),
    "valid": ((6, 6, 2), [nn.Conv2d(2, 2, 3, padding="valid", bias=False), nn.GELU()]),
    "replicate and wrap": (
        (6, 5, 2),
        [
            nn.Conv2d(2, 2, 3, padding=1, padding_mode="replicate"),
            nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"),
        ],
    ),
    "1-D": ((9, 2), [nn.Conv1d(2, 3, 3, dilation=2), nn.AvgPool1d(2), nn.LeakyReLU()]),
}  # fmt: skip


@pytest.mark.parametrize(("shape", "layers"), TORCH_LAYERS.values(), ids=TORCH_LAYERS)
def test_every_kind_of_torch_module_at_every_place(shape, layers):
    torch.manual_seed(0)
    model = stir(nn.Sequential(*layers))
    assert_all_equal(model, np.random.default_rng(0).normal(size=shape).astype(np.float32))


def test_the_parts_of_a_sum_are_worked_out_by_hand():
    model = Sequential([Input((3, 3, 1)), Conv2D(1, 2, padding="same", activation="relu", name="conv")])
    model.set_weights([np.array([0.0, 1, 2, -3]).reshape(2, 2, 1, 1), np.array([0.5])])
    value = sum_at(model, NINE[..., None].astype(np.float32), "conv", 0, 1, 1)
    np.testing.assert_array_equal(value.window[..., 0], [[4, 5], [7, 8]])
    np.testing.assert_array_equal(value.kernel[..., 0], [[0, 1], [2, -3]])
    np.testing.assert_array_equal(value.products[..., 0], [[0, 5], [14, -24]])
    assert (value.bias, value.total, value.after, value.activation) == (0.5, -4.5, 0.0, "relu")
    assert (value.start, value.place, value.inside.all()) == ((1, 1), (1, 1), True)
    corner = sum_at(model, NINE.astype(np.float32), "conv", row=2, column=2)
    np.testing.assert_array_equal(corner.inside, [[True, False], [False, False]])
    assert corner.total == 0.5
    assert "3 of the window's 4 places lie in the padding" in corner.sheet.caption


def test_the_check_number_of_a_kernel_is_19():
    assert sum_at("[[0,1],[2,3]]", NINE, row=0, column=0).total == 19.0
    assert sum_at("[[0,1],[2,3]]", NINE, flip=True).total == 5.0


@pytest.mark.parametrize("padding", ["valid", "same", "edge", "reflect"])
def test_a_kernels_sums_are_those_of_convolve(padding):
    image = np.random.default_rng(0).normal(size=(7, 6, 2))
    kernel = read_kernel(np.random.default_rng(1).normal(size=(3, 2)), 2)
    expected = filter_values(image, kernel, 2, padding, 1)
    for row, column, channel in np.ndindex(*expected.shape):
        value = sum_at(kernel, image, None, channel, row, column, strides=2, padding=padding)
        assert value.total == pytest.approx(expected[row, column, channel], abs=1e-12)
    with pytest.raises(ArgumentError, match=rf"has {len(expected)} places along its row axis"):
        sum_at(kernel, image, row=len(expected), strides=2, padding=padding)


def test_the_picture_shows_the_strongest_channels_and_says_what_the_rest_adds():
    torch.manual_seed(0)
    model = net_c()
    value = sum_at(model, np.random.default_rng(0).random((32, 32, 3), np.float32), "conv2", 3, 4, 5)
    sheet = value.sheet
    assert sheet.operators == ("→", "×", "=", "Σ")
    assert len(sheet.panels) == 15
    shown = sum(panel.values[0, 0] for panel in sheet.panels[4::5])
    assert "the other 29 channels, not drawn, add" in sheet.caption
    rest = float(sheet.caption.partition("not drawn, add ")[2].partition(")")[0])
    assert shown + rest + value.bias == pytest.approx(value.total, rel=1e-4)
    for window, kernel, products in zip(
        sheet.panels[1::5], sheet.panels[2::5], sheet.panels[3::5], strict=True
    ):
        np.testing.assert_allclose(window.values * kernel.values, products.values)


def test_a_dense_layers_picture_shows_the_strongest_terms():
    model = net_c()
    sheet = sum_at(model, np.ones((32, 32, 3), np.float32), "dense", 2).sheet
    assert [panel.title for panel in sheet.panels] == ["input number", "value", "weight", "product", "sum"]
    assert "the other 1,016 terms, not drawn" in sheet.caption


def test_pictures_of_poolings_signals_and_large_windows():
    image = np.random.default_rng(0).random((32, 32, 3), np.float32)
    pooled = sum_at(net_c(), image, "pool1", 3, 4, 5).sheet
    assert [panel.title for panel in pooled.panels] == ["input", "window", "max"]
    signal = sum_at(net_e(), np.ones((64, 100), np.float32), "average", 3).sheet
    assert "the mean of a window of 16" in signal.caption
    wide = sum_at("blur:size=11", image, row=1, column=1).sheet
    assert type(wide.panels[1]).__name__ == "HeatPanel"
    same = sum_at(net_c(), image, "flatten", 7).sheet
    assert "taken as it is" in same.caption
    assert sum_at(net_c(), image, "conv1")._repr_png_().startswith(b"\x89PNG")


def test_every_place_is_reached_by_number():
    model = net_c()
    image = np.random.default_rng(0).random((32, 32, 3), np.float32)
    one, other = sum_at(model, image, 0, 1, 2, 3), sum_at(model, image[None], "conv1", 1, 2, 3)
    assert (one.layer, one.total) == ("conv1", other.total)


def test_what_cannot_be_explained_is_refused():
    model, image = net_c(), np.zeros((32, 32, 3), np.float32)
    with pytest.raises(ArgumentError, match="sum_at takes the layer as well: its name, or its number"):
        sum_at(model, image)
    with pytest.raises(UnknownNameError, match=r"no layer called 'conv11'"):
        sum_at(model, image, "conv11")
    with pytest.raises(ArgumentError, match="layer 'conv1' has filters 0 to 31; got 32"):
        sum_at(model, image, "conv1", 32)
    with pytest.raises(
        ArgumentError, match="has 30 places along its column axis, counted from 0; got column=30"
    ):
        sum_at(model, image, "conv1", 0, 0, 30)
    with pytest.raises(ArgumentError, match="'contrast' is no sum of products"):
        sum_at("contrast", NINE)
    with pytest.raises(ArgumentError, match="the kernel 'blur:size=5' does not fit into this input once"):
        sum_at("blur:size=5", NINE)
    up = Sequential([Input((3, 3, 1)), Conv2DTranspose(2, 3, name="up")])
    with pytest.raises(
        ArgumentError, match=r"layer 'up' \(Conv2DTranspose\) cannot be explained by a window"
    ):
        sum_at(up, NINE, "up")
    volumes = Sequential([Input((3, 3, 3, 1)), Conv3D(2, 3, name="volume")])
    with pytest.raises(ArgumentError, match="layer 'volume' works on volumes"):
        sum_at(volumes, np.zeros((3, 3, 3, 1), np.float32), "volume")
    loose = nn.Sequential(nn.BatchNorm2d(1, track_running_stats=False))
    with pytest.raises(ArgumentError, match="without moving statistics depends on the batch"):
        sum_at(loose, np.zeros((3, 3, 1), np.float32), "0")
