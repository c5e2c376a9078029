"""The weights of a layer: layout, order, freezing, and the words for arrays that do not fit."""

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, OutOfMemoryError, ShapeError
from striate.layers import BatchNormalization, Conv2D, Dense, Layer, TorchModule
from striate.layers.weights import WeightSpec, named_weights


@pytest.fixture
def convolution():
    layer = Conv2D(8, (3, 2), name="c")
    layer.build((None, 9, 9, 4))
    return layer


def test_a_kernel_is_shown_in_kerass_layout_and_stored_in_pytorchs(convolution):
    kernel = convolution.get_weights()[0]
    assert kernel.shape == (3, 2, 4, 8)
    assert kernel.flags.c_contiguous
    assert convolution.kernel.shape == (8, 4, 3, 2)
    np.testing.assert_array_equal(kernel[2, 1, 3], convolution.kernel.detach()[:, 3, 2, 1])


def test_both_layouts_of_a_kernel_are_the_same_memory(convolution):
    spec = WeightSpec("kernel", (3, 2, 4, 8), is_kernel=True)
    shown = spec.to_public(convolution.kernel)
    assert shown.data_ptr() == convolution.kernel.data_ptr()
    assert torch.equal(spec.to_stored(shown), convolution.kernel)


def test_the_arrays_handed_out_are_copies(convolution):
    convolution.get_weights()[0][:] = 7
    assert not (convolution.get_weights()[0] == 7).any()


def test_weights_can_be_set_from_what_was_got(convolution):
    arrays = [np.random.default_rng(0).normal(size=weight.shape) for weight in convolution.get_weights()]
    kernel = convolution.kernel
    convolution.set_weights(arrays)
    assert convolution.kernel is kernel
    for found, wanted in zip(convolution.get_weights(), arrays, strict=True):
        np.testing.assert_array_equal(found, wanted.astype(np.float32))


def test_another_number_of_arrays_is_refused(convolution):
    with pytest.raises(
        ShapeError, match=r"layer 'c' \(Conv2D\) has 2 weights but got 1 arrays\. The order is that"
    ):
        convolution.set_weights([np.zeros((3, 2, 4, 8))])


def test_an_array_of_another_shape_is_refused_and_nothing_is_changed(convolution):
    before = convolution.get_weights()
    with pytest.raises(ShapeError, match=r"weight 'bias' has shape \(8,\) but got \(9,\)\."):
        convolution.set_weights([np.zeros((3, 2, 4, 8)), np.zeros(9)])
    np.testing.assert_array_equal(convolution.get_weights()[0], before[0])


def test_batch_normalization_keeps_kerass_order():
    layer = BatchNormalization()
    layer.build((None, 4))
    assert [name for name, _, _ in named_weights(layer)] == [
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
    ]
    assert [len(part) for part in (layer.trainable_weights, layer.non_trainable_weights)] == [2, 2]


def test_freezing_reaches_the_weights_before_and_after_they_are_made():
    layer = Dense(3, trainable=False)
    layer.build((None, 4))
    assert layer.trainable_weights == []
    layer.trainable = True
    assert len(layer.trainable_weights) == 2
    layer.trainable = False
    assert [weight.requires_grad for weight in layer.weights] == [False, False]
    assert layer.count_params() == 15


class Own(Layer):
    """Makes weights of every kind, without build."""

    def __init__(self):
        super().__init__()
        self.scale = self.add_weight(4, "ones")
        self.count = self.add_weight((), "zeros", dtype="int64", name="count")
        self.moving = self.add_weight((2, 2), trainable=False, name="moving")


def test_weights_are_parameters_or_buffers_and_each_is_counted_once():
    layer = Own()
    assert [tuple(weight.shape) for weight in layer.weights] == [(4,), (), (2, 2)]
    assert [weight.requires_grad for weight in layer.weights] == [True, False, False]
    assert layer.get_weights()[1].dtype == np.int64
    assert layer.count_params() == 9


def test_a_weight_takes_the_place_of_none():
    layer = Own()
    layer.bias = None
    layer.add_weight((3,), name="bias")
    assert layer.bias.shape == (3,)
    assert layer.count_params() == 12


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("call", "there is an attribute of that name"),
        ("input", "there is an attribute of that name"),
        ("dtype", "there is an attribute of that name"),
        ("inner", "there is an attribute of that name"),
        ("block/kernel", "names of weights have no '.' and no '/'"),
        ("block.kernel", "names of weights have no '.' and no '/'"),
    ],
)
def test_a_weights_name_that_cannot_be_is_refused(name, reason):
    layer = Own()
    layer.inner = Dense(1)
    with pytest.raises(
        ArgumentError, match=rf"layer 'own.*' \(Own\): a weight cannot be called '{name}': {reason}"
    ):
        layer.add_weight((3,), name=name)


def test_a_weight_shared_by_two_layers_inside_is_listed_once():
    class Pair(Layer):
        def __init__(self):
            super().__init__()
            self.first = self.second = Dense(3)
            self.first.build((None, 4))

    assert [name for name, _, _ in named_weights(Pair())] == ["first/kernel", "first/bias"]


def test_weights_of_a_torch_module_are_shown_as_they_are_stored():
    layer = TorchModule(torch.nn.Linear(4, 3))
    assert [(name, spec) for name, _, spec in named_weights(layer)] == [
        ("module/weight", None),
        ("module/bias", None),
    ]
    assert layer.get_weights()[0].shape == (3, 4)


def test_bf16_weights_are_handed_out_as_single_precision():
    layer = Dense(3)
    layer.build((None, 4))
    assert layer.bfloat16().get_weights()[0].dtype == np.float32


def test_buffers_that_torch_does_not_save_are_no_weights():
    layer = Dense(3)
    layer.build((None, 4))
    layer.register_buffer("scratch", torch.zeros(5), persistent=False)
    assert layer.count_params() == 15


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_a_weight_that_does_not_fit_into_memory_is_said_with_its_size(error):
    def draw(shape, dtype=None):
        raise error

    with pytest.raises(
        OutOfMemoryError,
        match=r"layer 'big' .*: the weight 'kernel' of \(3, 4\) takes 48\.00 B, which does not fit",
    ):
        Dense(4, kernel_initializer=draw, name="big").build((None, 3))


def test_another_mistake_of_an_initializer_stays_what_it_is():
    def draw(shape, dtype=None):
        raise RuntimeError("no such distribution")

    with pytest.raises(RuntimeError, match=r"^no such distribution$"):
        Dense(4, kernel_initializer=draw).build((None, 3))
