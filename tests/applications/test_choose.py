"""Networks by name, and which one is chosen."""

from __future__ import annotations

import numpy as np
import pytest

from striate.applications.choose import NAMES, build, choose
from striate.core.errors import ArgumentError, ShapeError, UnknownNameError

# For each name an example's shape that it takes.
SHAPES = dict.fromkeys(NAMES, (53, 53, 3)) | {"net_e": (20, 4), "fcn1d": (20, 4)}


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("vgg")])
@pytest.mark.parametrize("rescale", [None, 1 / 255])
def test_every_name_builds_a_network_for_the_data(name, rescale):
    model = build(name, SHAPES[name], 3, rescale)
    assert model(np.ones((1, *SHAPES[name]), np.float32)).shape == (1, 3)
    assert NAMES[name].about


def test_the_small_network_is_built_for_images_and_for_signals():
    assert build("small", (8, 8, 1), 2).name == "small_cnn"
    assert build("small", (50, 1), 2).name == "small_cnn_1d"


def test_a_scaled_vgg_rescales_what_goes_in():
    scaled, plain = (build("vgg16", (32, 32, 3), 2, rescale) for rescale in (1 / 255, None))
    scaled.set_weights(plain.get_weights())
    pixels = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3)).astype(np.float32)
    np.testing.assert_allclose(scaled(pixels).numpy(), plain(pixels / 255).numpy(), rtol=1e-3)
    assert (scaled.name, plain.name) == ("vgg16", "vgg16")


def test_a_name_that_is_not_known_gets_the_nearest():
    with pytest.raises(UnknownNameError, match=r"no network called 'vgg61'\. Did you mean 'vgg1"):
        build("vgg61", (32, 32, 3), 2)


@pytest.mark.parametrize(
    ("kind", "shape"), [("images", (8, 8, 1)), ("signals", (50, 1)), ("images", (150, 150, 3))]
)
def test_what_is_chosen_can_be_built_and_says_why(kind, shape):
    name, reason = choose(kind, shape, 2)
    assert build(name, shape, 2).output.shape == (None, 2)
    assert reason.startswith(f"{kind} of {shape[0]}")


def test_the_reason_counts_channels_and_classes():
    assert "28 x 28 pixels with 1 channel in 10 classes" in choose("images", (28, 28, 1), 10)[1]
    assert "50 steps with 3 channels in 2 classes" in choose("signals", (50, 3), 2)[1]


def test_an_unknown_kind_and_a_shape_of_another_kind_are_refused():
    with pytest.raises(ArgumentError, match="kind must be one of 'images', 'signals'; got 'text'"):
        choose("text", (8, 8, 1), 2)
    with pytest.raises(ShapeError, match=r"images have the axes \(height, width, channels\); got \(50, 1\)"):
        choose("images", (50, 1), 2)
