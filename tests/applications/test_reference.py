"""The reference networks: their sizes are facts, written down here digit by digit."""

from __future__ import annotations

import numpy as np
import pytest

from striate.applications import net_a, net_b, net_c, net_d, net_e
from striate.core.errors import ArgumentError, ShapeError
from striate.layers.input import InputLayer

COUNTS = {net_a: 1_484_161, net_b: 5_550_273, net_c: 94_890, net_d: 10_865_724, net_e: 105_729}
ENDS = {net_a: (1, "sigmoid"), net_b: (1, "sigmoid"), net_c: (10, "linear"), net_d: (60, "softmax")}
ENDS[net_e] = (1, "sigmoid")

# The smallest example that a network takes.
LEAST = {net_a: (53, 53, 1), net_b: (16, 16, 3), net_c: (18, 18, 3), net_d: (16, 16, 3), net_e: (19, 4)}
NETWORKS = pytest.mark.parametrize("make", COUNTS, ids=lambda make: make.__name__)


@NETWORKS
def test_a_network_has_exactly_its_number_of_parameters(make):
    assert make().count_params() == COUNTS[make]


@NETWORKS
def test_a_network_ends_as_its_task_asks(make):
    last = make().layers[-1]
    assert (last.units, last.activation.__name__) == ENDS[make]


def test_network_a_trains_all_but_the_moving_statistics():
    model = net_a()
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    assert trainable == 1_482_369


def test_network_a_follows_the_order_convolution_normalisation_relu_pooling_dropout():
    kinds = [type(layer).__name__ for layer in net_a().layers]
    block = ["Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Dropout"]
    assert kinds == [*block * 3, "Flatten", "Dense"]


def test_network_d_is_functional_and_has_eighteen_layers():
    model = net_d()
    assert type(model).__name__ == "Model"
    assert sum(not isinstance(layer, InputLayer) for layer in model.layers) == 18


@NETWORKS
def test_the_smallest_example_passes_and_more_than_two_classes_end_in_one_value_a_class(make):
    model = make(LEAST[make], classes=3)
    outputs = model(np.ones((2, *LEAST[make]), np.float32)).numpy()
    assert outputs.shape == (2, 3)
    if make is not net_c:
        np.testing.assert_allclose(outputs.sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("make", [net_a, net_b, net_e], ids=lambda make: make.__name__)
def test_two_classes_are_answered_by_one_probability(make):
    assert make(LEAST[make], classes=2).output.shape == (None, 1)


@NETWORKS
def test_rescaling_in_front_multiplies_what_goes_in(make):
    plain, scaled = make(LEAST[make]), make(LEAST[make], rescale=1 / 255)
    scaled.set_weights(plain.get_weights())
    pixels = np.random.default_rng(0).integers(0, 256, (2, *LEAST[make])).astype(np.float32)
    np.testing.assert_allclose(scaled(pixels).numpy(), plain(pixels / 255).numpy(), rtol=1e-4, atol=1e-6)


@NETWORKS
def test_weights_of_one_copy_fit_another_by_their_names(make, tmp_path):
    first, second = make(LEAST[make]), make(LEAST[make])
    first.save_weights(tmp_path / "weights.striate")
    second.load_weights(tmp_path / "weights.striate")
    example = np.ones((1, *LEAST[make]), np.float32)
    np.testing.assert_array_equal(first(example).numpy(), second(example).numpy())


@NETWORKS
def test_an_example_too_small_by_one_is_refused_with_the_least_size(make):
    *sides, channels = LEAST[make]
    small = (*(side - 1 for side in sides), channels)
    with pytest.raises(ShapeError, match=rf"needs at least {sides[0]} .*; got \({small[0]}, "):
        make(small)


def test_the_wrong_number_of_axes_is_refused_with_the_axes_wanted():
    with pytest.raises(ShapeError, match=r"network A takes .*\(height, width, channels\); got \(64, 100\)\."):
        net_a((64, 100))
    with pytest.raises(ShapeError, match=r"network E takes .*\(steps, channels\); got \(8, 8, 1\)\."):
        net_e((8, 8, 1))


@pytest.mark.parametrize(("make", "classes", "least"), [(net_b, 0, 1), (net_c, 1, 2), (net_d, 2.0, 2)])
def test_an_impossible_number_of_classes_is_refused(make, classes, least):
    with pytest.raises(ArgumentError, match=rf"a whole number, at least {least}; got {classes}\."):
        make(classes=classes)
