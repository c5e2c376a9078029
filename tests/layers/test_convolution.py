"""Convolution layers against plain loops, their gradients, their memory and their errors."""

import copy

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError
from striate.layers import Conv1D, Conv2D, Flatten, MaxPooling2D, ReLU
from tests.reference.closeness import gradients_are_right, largest_difference
from tests.reference.convolution import convolution

KINDS = {1: Conv1D, 2: Conv2D}


def draw(rank, seed):
    """Draw a layer's arguments at random, and an input into which its kernel fits."""
    random = np.random.default_rng([rank, seed])
    groups = int(random.choice([1, 1, 2, 3]))
    strides, dilation = [1] * rank, [1] * rank
    if random.random() < 0.6:
        chosen = strides if random.random() < 0.5 else dilation
        chosen[:] = random.integers(1, 4, rank).tolist()
    window = random.integers(1, 5, rank).tolist()
    extents = [(size - 1) * gap + 1 for size, gap in zip(window, dilation, strict=True)]
    options = {
        "filters": groups * int(random.integers(1, 4)),
        "kernel_size": tuple(window),
        "strides": tuple(strides),
        "dilation_rate": tuple(dilation),
        "groups": groups,
        "padding": str(random.choice(KINDS[rank].paddings)),
        "data_format": str(random.choice(["channels_last", "channels_first"])),
        "use_bias": bool(random.random() < 0.7),
    }
    lengths = [extent + int(random.integers(0, 5)) for extent in extents]
    inputs = random.normal(size=(2, *lengths, groups * int(random.integers(1, 3)))).astype(np.float32)
    return options, inputs


def put(inputs, data_format):
    return np.moveaxis(inputs, -1, 1) if data_format == "channels_first" else inputs


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("rank", [1, 2])
def test_a_convolution_is_the_sum_of_products_in_each_window(rank, seed):
    options, inputs = draw(rank, seed)
    layer = KINDS[rank](**options, bias_initializer="random_normal")
    given = put(inputs, options["data_format"])
    outputs = layer(given).numpy()
    kernel, *bias = layer.get_weights()
    names = ("strides", "padding", "dilation_rate", "groups")
    wanted = convolution(inputs, kernel, bias[0] if bias else None, *(options[name] for name in names))
    assert largest_difference(outputs, put(wanted, options["data_format"])) < 1e-5
    assert layer.compute_output_shape(given.shape) == outputs.shape


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("rank", [1, 2])
def test_the_gradient_is_that_of_finite_differences(rank, seed):
    options, inputs = draw(rank, seed)
    layer = KINDS[rank](**options, dtype="float64")
    given = torch.from_numpy(put(inputs[:1], options["data_format"]).astype(np.float64))
    layer.build(tuple(given.shape))
    assert gradients_are_right(layer, given)


def test_the_kernel_is_not_flipped():
    layer = Conv1D(1, 4, use_bias=False)
    layer.build((None, 4, 1))
    layer.set_weights([np.array([0.0, 1, 2, 3]).reshape(4, 1, 1)])
    assert layer(np.array([0.0, 1, 3, 4]).reshape(1, 4, 1)).item() == 19


def test_ten_filters_over_a_padded_image_give_ten_maps_of_its_size():
    layer = Conv2D(10, 5, padding="same")
    assert layer(np.zeros((1, 32, 32, 3), np.float32)).shape == (1, 32, 32, 10)
    assert [weight.shape for weight in layer.get_weights()] == [(5, 5, 3, 10), (10,)]


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (5, 5), (7, 7), (1, 3)])
def test_kernels_of_every_usual_size_span_the_whole_depth(size):
    layer = Conv2D(2, size, padding="same", use_bias=False)
    outputs = layer(np.ones((1, 9, 9, 3), np.float32))
    kernel = layer.get_weights()[0]
    assert kernel.shape == (*size, 3, 2)
    np.testing.assert_allclose(outputs[0, 4, 4], kernel.sum((0, 1, 2)), rtol=1e-4, atol=1e-5)


def test_an_odd_padded_step_goes_after_the_input():
    ones = np.ones((1, 4, 1), np.float32)
    layer = Conv1D(1, 2, padding="same", kernel_initializer="ones")
    assert layer(ones).flatten().tolist() == [2, 2, 2, 1]


def test_a_causal_convolution_sees_no_later_step():
    layer = Conv1D(3, 3, padding="causal", dilation_rate=2)
    before = np.random.default_rng(0).normal(size=(1, 12, 2)).astype(np.float32)
    after = before.copy()
    after[:, 7:] += 1
    assert torch.equal(layer(before)[:, :7], layer(after)[:, :7])
    assert not torch.equal(layer(before)[:, 7:], layer(after)[:, 7:])


def test_a_relu_after_pooling_is_a_relu_before_it():
    images = np.random.default_rng(0).normal(size=(3, 12, 12, 2)).astype(np.float32)
    maps = Conv2D(5, 3)(images)
    pool, relu = MaxPooling2D(2), ReLU()
    assert torch.equal(relu(pool(maps)), pool(relu(maps)))


def test_the_activation_follows_the_bias():
    layer = Conv2D(1, 1, activation="relu", kernel_initializer="zeros", bias_initializer="ones")
    assert layer(np.zeros((1, 1, 1, 1), np.float32)).item() == 1
    layer.set_weights([np.zeros((1, 1, 1, 1)), [-1.0]])
    assert layer(np.zeros((1, 1, 1, 1), np.float32)).item() == 0


def test_what_is_not_a_number_reaches_the_output():
    images = np.ones((1, 5, 5, 1), np.float32)
    images[0, 0, 0, 0] = np.nan
    outputs = Conv2D(1, 3, activation="relu")(images)
    assert outputs.isnan().flatten().tolist() == [True] + [False] * 8


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("groups", [1, 2])
def test_memory_stays_channels_last_forward_and_backward(padding, strides, groups):
    layer = Conv2D(8, 3, strides=strides, padding=padding, groups=groups, activation="relu")
    inputs = torch.randn(2, 9, 9, 4, requires_grad=True)
    outputs = layer(inputs)
    outputs.square().sum().backward()
    assert outputs.is_contiguous()
    assert inputs.grad.is_contiguous()
    assert layer.kernel.grad.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_memory_of_sequences_stays_channels_last_forward_and_backward(padding):
    layer = Conv1D(8, 3, padding=padding)
    inputs = torch.randn(2, 9, 4, requires_grad=True)
    outputs = layer(inputs)
    outputs.square().sum().backward()
    assert outputs.is_contiguous()
    assert inputs.grad.is_contiguous()


def trained(layer):
    layer(torch.randn(2, 9, 9, 4)).square().sum().backward()
    torch.optim.SGD(layer.parameters(), lr=0.01).step()
    return layer


def loaded(layer):
    other = Conv2D(8, 3)
    other.build((None, 9, 9, 4))
    other.load_state_dict({name: values.contiguous() for name, values in layer.state_dict().items()})
    return other


def set_again(layer):
    layer.set_weights(layer.get_weights())
    return layer


@pytest.mark.parametrize(
    "change", [trained, copy.deepcopy, loaded, set_again, Conv2D.double, Conv2D.bfloat16]
)
def test_the_kernel_keeps_its_memory_whatever_happens_to_it(change):
    layer = Conv2D(8, 3)
    layer.build((None, 9, 9, 4))
    kernel = change(layer).kernel
    assert kernel.shape == (8, 4, 3, 3)
    assert kernel.stride() == (36, 1, 12, 4)


def test_an_empty_batch_gives_an_empty_batch():
    assert Conv2D(2, 3)(np.zeros((0, 8, 8, 1), np.float32)).shape == (0, 6, 6, 2)


def test_flatten_goes_over_rows_columns_and_then_channels():
    images = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    np.testing.assert_array_equal(Flatten()(images), images.reshape(2, 60))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"groups": 3},
            r"layer 'c' \(Conv2D\): filters must be a multiple of groups; got 8 filters in 3 groups",
        ),
        (
            {"strides": 2, "dilation_rate": 2},
            r"strides above 1 and dilation_rate above 1 cannot be combined; got strides=\(2, 2\)",
        ),
        ({"padding": "causal"}, r"padding must be one of 'valid', 'same'; got 'causal'"),
        ({"padding": "full"}, r"padding must be one of 'valid', 'same'; got 'full'"),
        ({"data_format": "NHWC"}, r"data_format must be one of 'channels_last', 'channels_first'"),
        ({"strides": 0}, r"strides takes one whole number or 2, each at least 1; got 0"),
        ({"dilation_rate": (1, 2, 3)}, r"dilation_rate takes one whole number or 2"),
        ({"kernel_sise": 3}, r"Conv2D has no argument 'kernel_sise'\. Did you mean 'kernel_size'"),
    ],
)
def test_an_argument_that_cannot_work_is_refused(arguments, text):
    with pytest.raises(ArgumentError, match=text):
        Conv2D(8, **{"kernel_size": 3, "name": "c", **arguments})


@pytest.mark.parametrize("arguments", [{"filters": 0}, {"filters": 2.5}, {"filters": True}, {"groups": 0}])
def test_counts_are_whole_numbers_from_one_up(arguments):
    with pytest.raises(ArgumentError, match=r"takes one whole number, at least 1"):
        Conv2D(**{"filters": 8, "kernel_size": 3, **arguments})


def test_channels_that_the_groups_do_not_divide_are_refused():
    with pytest.raises(
        ArgumentError, match=r"'c' \(Conv2D\): the channels must be .* got 3 channels and 2 groups"
    ):
        Conv2D(8, 3, groups=2, name="c").build((None, 8, 8, 3))


def test_the_number_of_channels_must_be_known():
    with pytest.raises(
        ShapeError, match=r"'c' \(Conv1D\) must know the number of channels; got \(None, 9, None\)"
    ):
        Conv1D(8, 3, name="c").build((None, 9, None))


@pytest.mark.parametrize("images", [np.zeros((1, 2, 9, 1), np.float32), torch.zeros(1, 2, 9, 1)])
def test_a_kernel_larger_than_its_input_is_refused_with_advice(images):
    text = r"the kernel \(3, 3\) with dilation \(1, 1\) does not fit into \(1, 2, 9, 1\)\. Use padding"
    with pytest.raises(ShapeError, match=text):
        Conv2D(8, 3, name="c")(images)


def test_other_channels_than_it_was_built_for_are_refused_by_name():
    layer = Conv2D(8, 3, name="c", data_format="channels_first")
    layer.build((None, 3, 8, 8))
    with pytest.raises(
        ShapeError, match=r"'c' \(Conv2D\) was built for 3 channels but got 1: \(2, 1, 8, 8\)\."
    ):
        layer(np.zeros((2, 1, 8, 8)))
