from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.augment import (
    Augment,
    MixUp,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomErasing,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
    example_keys,
)
from striate.core.errors import ArgumentError, DataError, ShapeError, UnknownNameError
from tests.contracts.rooms import through_json

KEYS = example_keys(0, 0, np.arange(12))
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 9, 8, 3), dtype=np.uint8)


def full():
    return Augment(
        RandomFlip(),
        RandomRotation(0.1),
        RandomZoom(0.2),
        RandomBrightness(0.2),
        RandomContrast(0.3),
        RandomErasing(),
    )


def test_a_draw_can_be_replayed_and_cut_into_parts():
    augment = full()
    draw = augment.draw(KEYS, (9, 8, 3))
    once = augment.apply(IMAGES, draw)
    np.testing.assert_array_equal(augment.apply(IMAGES, draw), once)
    np.testing.assert_array_equal(augment(IMAGES, KEYS), once)
    parts = [augment.apply(IMAGES[at : at + 5], draw.part(at, at + 5)) for at in (0, 5, 10)]
    np.testing.assert_array_equal(np.concatenate(parts), once)


def test_epochs_differ():
    again = full()(IMAGES, example_keys(0, 1, np.arange(12)))
    assert (again != full()(IMAGES, KEYS)).any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.float32, np.float64, np.float16, np.int32, np.uint16, np.int8]
)
def test_arrays_keep_their_dtype_and_floats_what_is_between_levels(dtype):
    images = (IMAGES // 4).astype(dtype)
    changed = full()(images, KEYS)
    assert (changed.dtype, changed.shape) == (images.dtype, images.shape)
    wanted = full()(images.astype(np.float32), KEYS)
    if np.dtype(dtype).kind != "f":
        wanted = np.rint(wanted)
    quiet = np.abs(wanted) < 120  # int8 holds no more
    np.testing.assert_allclose(changed[quiet], wanted[quiet], atol=1.01 if dtype != np.float64 else 1e-4)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_tensors_are_changed_as_arrays_are(dtype):
    tensor = torch.from_numpy(IMAGES).to(dtype)
    changed = full()(tensor, KEYS)
    assert (changed.dtype, changed.shape) == (dtype, tensor.shape)
    wanted = full()(tensor.float().numpy() if dtype != torch.uint8 else IMAGES, KEYS)
    np.testing.assert_allclose(changed.float().numpy(), wanted, atol=1.0, rtol=0.005)


def test_what_is_given_is_left_as_it_is():
    before = IMAGES.copy()
    full()(IMAGES, KEYS)
    Augment(RandomBrightness((0.5, 0.5)))(IMAGES, KEYS)
    np.testing.assert_array_equal(IMAGES, before)


def test_views_read_only_arrays_and_empty_batches_work():
    view = np.ascontiguousarray(IMAGES[:, ::-1].transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3)[:, ::-1]
    view.flags.writeable = False
    np.testing.assert_array_equal(full()(view, KEYS), full()(IMAGES, KEYS))
    assert full()(IMAGES[:0], KEYS[:0]).shape == (0, 9, 8, 3)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 7, 1), (5, 1, 4), (40, 33, 2)])
@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "reflect", "wrap"])
def test_any_size_and_number_of_channels_works(shape, fill_mode):
    images = np.random.default_rng(1).integers(0, 256, (4, *shape), dtype=np.uint8)
    augment = Augment(
        RandomRotation(0.3), RandomTranslation(0.5, 0.5), RandomContrast(0.5), fill_mode=fill_mode
    )
    assert augment(images, KEYS[:4]).shape == images.shape


def test_the_order_is_geometry_then_light_then_erasing():
    mixed = Augment(RandomErasing((1, 1), (1, 1), 7), RandomBrightness((0.5, 0.5)), RandomCrop(4, 4))
    changed = mixed(IMAGES, KEYS)
    assert changed.shape == (12, 4, 4, 3)
    assert (changed == 7).all()


def test_nothing_to_do_gives_a_copy():
    changed = Augment()(IMAGES, KEYS)
    np.testing.assert_array_equal(changed, IMAGES)
    assert not np.shares_memory(changed, IMAGES)
    assert Augment().describe() == "nothing"


def test_the_output_shape_is_known_beforehand():
    assert Augment(RandomCrop(4, 5), RandomFlip()).output_shape((9, 8, 3)) == (4, 5, 3)
    assert full().output_shape((9, 8, 3)) == (9, 8, 3)


def test_a_config_makes_the_same_again():
    augment = Augment(
        RandomFlip("vertical"),
        RandomBrightness(0.2, (0, 1)),
        MixUp(0.3),
        fill_mode="wrap",
        interpolation="nearest",
        rotation_range=20,
        cval=3.0,
        rescale=0.5,
    )
    config = through_json(augment.get_config())
    again = Augment.from_config(config)
    assert through_json(again.get_config()) == config
    floats = (IMAGES / 255).astype(np.float32)
    np.testing.assert_array_equal(again(floats, KEYS), augment(floats, KEYS))
    assert again.value_range == (0.0, 1.0)
    assert again.mixes


def test_a_persons_own_change_comes_back_by_its_name():
    class Darker(RandomBrightness):
        """Never lighter."""

    config = through_json(Augment(Darker((-0.5, 0))).get_config())
    with pytest.raises(UnknownNameError, match="there is no change called 'Darker'"):
        Augment.from_config(config)
    assert type(Augment.from_config(config, {"Darker": Darker}).changes[0]) is Darker


def test_all_is_said_in_one_line():
    augment = Augment(RandomFlip("horizontal"), RandomRotation(0.05), rescale=0.5)
    assert augment.describe() == "flips left-right; turns -18° to 18°; rescale=0.5"
    assert repr(augment) == f"Augment({augment.describe()})"


def test_the_range_of_values_is_that_of_the_changes_unless_said():
    assert Augment(RandomFlip()).value_range == (0.0, 255.0)
    assert Augment(RandomBrightness(0.1, (0, 1)), RandomContrast(0.1, (0, 1))).value_range == (0.0, 1.0)
    both = RandomBrightness(0.1, (0, 1)), RandomContrast(0.1)
    with pytest.raises(ArgumentError, match=r"the changes name different value ranges, \[\(0.0, 1.0\), \(0"):
        Augment(*both)
    augment = Augment(RandomBrightness((0.5, 0.5)), value_range=(0, 1))
    assert augment(np.zeros((1, 2, 2, 1), np.float32), KEYS[:1]).max() == 0.5


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: Augment("flip"), ArgumentError, r"Augment takes changes such as RandomFlip\('horizontal'\)"),
        (lambda: Augment(fill_mode="mirror"), ArgumentError, "Augment: fill_mode must be one of"),
        (lambda: Augment(interpolation="area"), ArgumentError, "Augment: interpolation must be one of"),
        (lambda: Augment(value_range=(1, 1)), ArgumentError, "Augment: value_range is two numbers"),
        (
            lambda: full().apply(IMAGES[:4], full().draw(KEYS, (9, 8, 3))),
            ShapeError,
            r"this draw is for 12 examples of shape \(9, 8, 3\); got a batch of shape \(4, 9, 8, 3\)",
        ),
        (
            lambda: full()(IMAGES.astype(object), KEYS),
            DataError,
            "expected numbers to change; got an array of dtype object",
        ),
    ],
)
def test_mistakes_are_answered_in_words(run, error, message):
    with pytest.raises(error, match=message):
        run()


def test_bytes_lie_in_the_range_that_is_given_and_else_from_0_to_255():
    dim = np.full((4, 6, 6, 1), 8, np.uint8)
    keys = example_keys(0, 0, np.arange(4))
    told = Augment(RandomBrightness((0.25, 0.25)), value_range=(0, 16))
    assert set(np.unique(told(dim, keys)).tolist()) == {12}
    assert set(np.unique(Augment.from_config(told.get_config())(dim, keys)).tolist()) == {12}
    untold = Augment(RandomBrightness((0.25, 0.25), value_range=(0, 1)))
    assert set(np.unique(untold(dim, keys)).tolist()) == {72}
    assert set(np.unique(Augment.from_config(untold.get_config())(dim, keys)).tolist()) == {72}
