"""Depthwise and separable convolution layers against plain loops, their gradients and their errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, ShapeError
from tests.reference.closeness import gradients_are_right, largest_difference
from tests.reference.convolution import convolution
from tests.reference.transposed_convolution import depthwise_convolution

DEPTHWISE = {1: layers.DepthwiseConv1D, 2: layers.DepthwiseConv2D}
SEPARABLE = {1: layers.SeparableConv1D, 2: layers.SeparableConv2D}


def draw(rank, seed):
    """Draw a layer's arguments at random, and an input into which its kernel fits."""
    random = np.random.default_rng([rank, seed])
    strides, dilation = [1] * rank, [1] * rank
    chosen = strides if random.random() < 0.6 else dilation
    chosen[:] = random.integers(1, 4, rank).tolist()
    window = random.integers(1, 5, rank).tolist()
    options = {
        "kernel_size": tuple(window),
        "strides": tuple(strides),
        "dilation_rate": tuple(dilation),
        "depth_multiplier": int(random.integers(1, 4)),
        "padding": str(random.choice(["valid", "same"])),
        "data_format": str(random.choice(["channels_last", "channels_first"])),
        "use_bias": bool(random.random() < 0.7),
    }
    lengths = [
        (size - 1) * gap + 1 + int(random.integers(0, 5)) for size, gap in zip(window, dilation, strict=True)
    ]
    return options, random.normal(size=(2, *lengths, int(random.integers(1, 4)))).astype(np.float32)


def put(inputs, data_format):
    return np.moveaxis(inputs, -1, 1) if data_format == "channels_first" else inputs


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("rank", [1, 2])
def test_a_depthwise_convolution_is_one_convolution_a_channel(rank, seed):
    options, inputs = draw(rank, seed)
    layer = DEPTHWISE[rank](**options, bias_initializer="random_normal")
    given = put(inputs, options["data_format"])
    outputs = layer(given).numpy()
    kernel, *bias = layer.get_weights()
    assert kernel.shape == (*options["kernel_size"], inputs.shape[-1], options["depth_multiplier"])
    rules = [options[name] for name in ("strides", "padding", "dilation_rate")]
    wanted = depthwise_convolution(inputs, kernel, bias[0] if bias else None, *rules)
    assert largest_difference(outputs, put(wanted, options["data_format"])) < 1e-5
    assert layer.compute_output_shape(given.shape) == outputs.shape


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("rank", [1, 2])
def test_a_separable_convolution_mixes_the_channels_afterwards(rank, seed):
    options, inputs = draw(rank, seed)
    layer = SEPARABLE[rank](3, **options, bias_initializer="random_normal")
    given = put(inputs, options["data_format"])
    outputs = layer(given).numpy()
    depthwise, pointwise, *bias = layer.get_weights()
    assert pointwise.shape == (*(1,) * rank, inputs.shape[-1] * options["depth_multiplier"], 3)
    rules = [options[name] for name in ("strides", "padding", "dilation_rate")]
    between = depthwise_convolution(inputs, depthwise, None, *rules)
    wanted = convolution(between, pointwise, bias[0] if bias else None, (1,) * rank, "valid", (1,) * rank)
    assert largest_difference(outputs, put(wanted, options["data_format"])) < 1e-5
    assert layer.compute_output_shape(given.shape) == outputs.shape


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", [*DEPTHWISE.values(), *SEPARABLE.values()])
def test_the_gradient_is_that_of_finite_differences(kind, seed):
    options, inputs = draw(kind.rank, seed)
    filters = [2] if "Separable" in kind.__name__ else []
    layer = kind(*filters, **options, dtype="float64")
    given = torch.from_numpy(put(inputs[:1], options["data_format"]).astype(np.float64))
    layer.build(tuple(given.shape))
    assert gradients_are_right(layer, given)


def test_the_activation_follows_the_bias():
    layer = layers.DepthwiseConv1D(1, activation="relu", bias_initializer="ones")
    layer.build((None, 1, 1))
    layer.set_weights([np.zeros((1, 1, 1)), [-1.0]])
    assert layer(np.zeros((1, 1, 1))).item() == 0


def test_regularizers_and_constraints_reach_their_weights():
    layer = layers.SeparableConv2D(
        2, 1, depthwise_regularizer="l2", pointwise_constraint="non_neg", bias_constraint="max_norm"
    )
    layer.build((None, 3, 3, 2))
    specs = layer._specs
    assert specs["depthwise_kernel"].regularizer is not None
    assert specs["depthwise_kernel"].constraint is None
    assert specs["pointwise_kernel"].constraint is not None
    assert specs["bias"].constraint is not None


def test_strides_with_dilation_are_refused():
    text = r"strides above 1 and dilation_rate above 1 cannot be combined; got strides=\(2, 2\)"
    with pytest.raises(ArgumentError, match=text):
        layers.DepthwiseConv2D(3, strides=2, dilation_rate=2)


def test_a_kernel_larger_than_its_input_is_refused_with_advice():
    with pytest.raises(ShapeError, match=r"the kernel \(5,\) .* does not fit into \(1, 3, 2\)\. Use padding"):
        layers.SeparableConv1D(2, 5)(np.zeros((1, 3, 2)))


def test_an_unknown_number_of_channels_is_refused():
    with pytest.raises(ShapeError, match=r"must know the number of channels; got \(None, 4, 4, None\)"):
        layers.DepthwiseConv2D(3).build((None, 4, 4, None))
