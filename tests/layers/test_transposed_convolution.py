"""Transposed convolution layers against plain loops, their gradients and their errors."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import ArgumentError, ShapeError
from striate.ops.transposed_convolution import convolve_transposed, transposed_crop
from tests.reference.closeness import gradients_are_right, largest_difference
from tests.reference.transposed_convolution import transposed_convolution

KINDS = {1: layers.Conv1DTranspose, 2: layers.Conv2DTranspose, 3: layers.Conv3DTranspose}


def draw(rank, seed):
    """Draw a layer's arguments at random, and an input that leaves an output."""
    random = np.random.default_rng([rank, seed])
    strides, dilation = [1] * rank, [1] * rank
    chosen = strides if random.random() < 0.6 else dilation
    chosen[:] = random.integers(1, 4, rank).tolist()
    added = tuple(int(random.integers(0, step)) for step in strides) if random.random() < 0.5 else None
    options = {
        "filters": int(random.integers(1, 4)),
        "kernel_size": tuple(random.integers(1, 5, rank).tolist()),
        "strides": tuple(strides),
        "dilation_rate": tuple(dilation),
        "output_padding": added,
        "padding": str(random.choice(["valid", "same"])),
        "data_format": str(random.choice(["channels_last", "channels_first"])),
        "use_bias": bool(random.random() < 0.7),
    }
    inputs = random.normal(size=(2, *random.integers(2, 5, rank), int(random.integers(1, 4))))
    return options, inputs.astype(np.float32)


def put(inputs, data_format):
    return np.moveaxis(inputs, -1, 1) if data_format == "channels_first" else inputs


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_each_input_value_lays_a_copy_of_the_kernel_into_the_output(rank, seed):
    options, inputs = draw(rank, seed)
    layer = KINDS[rank](**options, bias_initializer="random_normal")
    given = put(inputs, options["data_format"])
    outputs = layer(given).numpy()
    kernel, *bias = layer.get_weights()
    assert kernel.shape == (*options["kernel_size"], options["filters"], inputs.shape[-1])
    names = ("strides", "padding", "dilation_rate", "output_padding")
    wanted = transposed_convolution(
        inputs, kernel, bias[0] if bias else None, *(options[name] for name in names)
    )
    assert largest_difference(outputs, put(wanted, options["data_format"])) < 1e-5
    assert layer.compute_output_shape(given.shape) == outputs.shape


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_gradient_is_that_of_finite_differences(rank, seed):
    options, inputs = draw(rank, seed)
    layer = KINDS[rank](**options, dtype="float64")
    given = torch.from_numpy(put(inputs[:1], options["data_format"]).astype(np.float64))
    layer.build(tuple(given.shape))
    assert gradients_are_right(layer, given)


def test_the_gradient_of_one_filter_and_one_column_is_that_in_double_precision():
    torch.manual_seed(0)
    inputs, kernel = torch.randn(2, 5, 1, 3), torch.randn(3, 1, 2, 4)
    weights = torch.randn(2, 6, 4, 1)

    def gradient(dtype):
        given = inputs.detach().clone().to(dtype).requires_grad_()
        outputs = convolve_transposed(
            given, kernel.to(dtype), torch.ones(1, dtype=dtype), strides=(1, 3), dilation=(1, 1),
            crops=[(0, 0), (0, 0)],
        )  # fmt: skip
        (outputs * weights.to(dtype)).sum().backward()
        return given.grad

    assert largest_difference(gradient(torch.float32), gradient(torch.float64)) < 1e-5


def test_it_goes_the_way_of_a_convolution_back():
    forward = layers.Conv2D(3, (3, 2), strides=2, padding="same", use_bias=False, dtype="float64")
    images = torch.randn(1, 8, 6, 2, dtype=torch.float64, requires_grad=True)
    maps = forward(images)
    back = layers.Conv2DTranspose(2, (3, 2), strides=2, padding="same", use_bias=False, dtype="float64")
    back.build(tuple(maps.shape))
    back.set_weights(forward.get_weights())
    values = torch.randn_like(maps)
    (maps * values).sum().backward()
    torch.testing.assert_close(back(values), images.grad)


def test_what_is_cut_off_can_be_worked_out_by_hand():
    assert transposed_crop(3, 1, "same") == (1, 1)
    assert transposed_crop(3, 2, "same", output_padding=1) == (0, 1)
    assert transposed_crop(2, 3, "valid") == (0, -1)
    assert transposed_crop(2, 2, "valid", output_padding=1) == (0, -1)


def test_the_one_for_volumes_takes_data_format_before_output_padding():
    layer = layers.Conv3DTranspose(2, 3, 2, "same", "channels_first", 1)
    assert (layer.data_format, layer.output_padding) == ("channels_first", (1, 1, 1))
    assert layers.Conv2DTranspose(2, 3, 2, "same", 1, "channels_first").output_padding == (1, 1)


def test_the_long_names_are_the_same_classes():
    assert layers.Convolution1DTranspose is layers.Conv1DTranspose
    assert layers.Convolution2DTranspose is layers.Conv2DTranspose
    assert layers.Convolution3DTranspose is layers.Conv3DTranspose


def test_groups_are_refused():
    with pytest.raises(ArgumentError, match=r"Conv2DTranspose has no groups: every filter sees all channels"):
        layers.Conv2DTranspose(2, 3, groups=2)


def test_output_padding_of_a_whole_stride_is_refused():
    text = r"output_padding must be below the strides; got output_padding=\(2,\) and strides=\(2,\)"
    with pytest.raises(ArgumentError, match=text):
        layers.Conv1DTranspose(2, 3, strides=2, output_padding=2)


def test_an_output_of_no_length_is_refused_with_advice():
    layer = layers.Conv1DTranspose(2, 4, padding="same", output_padding=0)
    with pytest.raises(ShapeError, match=r"would leave nothing of \(1, 1, 3\)\. Use a larger input"):
        layer(np.zeros((1, 1, 3)))


def test_an_unknown_number_of_channels_is_refused():
    with pytest.raises(ShapeError, match=r"must know the number of channels; got \(None, 4, None\)"):
        layers.Conv1DTranspose(2, 3).build((None, 4, None))


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (layers.Conv1DTranspose, (1, 4, 1)),
        (layers.Conv2DTranspose, (1, 6, 3, 1)),
        (layers.Conv3DTranspose, (1, 3, 2, 4, 1)),
    ],
)
def test_one_input_channel_has_a_gradient_too(kind, shape):
    # Raised "grad_weight needs to be contiguous" inside PyTorch 2.13 before the kernel was laid out for it.
    layer = kind(3, 2, strides=3)
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    layer(inputs).square().sum().backward()
    exact = kind(3, 2, strides=3, dtype="float64")
    exact.build(shape)
    exact.set_weights(layer.get_weights())
    exact(inputs.double()).square().sum().backward()
    torch.testing.assert_close(layer.kernel.grad, exact.kernel.grad.float(), rtol=1e-5, atol=1e-5)
