from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.augment import RandomCrop, RandomFlip, RandomRotation, RandomTranslation, RandomZoom
from striate.augment.keys import Chance, example_keys
from striate.augment.on_device import warp_tensor
from striate.augment.warp import Filling, Warp, margins, put_together, warp_images
from tests.reference.warping import warped

MODES = ("constant", "nearest", "reflect", "wrap")
TURN = np.array([[0.8, -0.5, 3.3], [0.6, 0.9, -4.2], [0.0, 0.0, 1.0]])
# Places of which none lies half way between two pixels, where either is the nearest.
SLANT = np.array([[0.8123, -0.5231, 3.3417], [0.6077, 0.9119, -4.2093], [0.0, 0.0, 1.0]])
# Places that lie only a little outside, which a margin is made for, and so do those of TILT.
NUDGE = np.array([[0.97, -0.12, 1.9], [0.11, 1.03, -2.2], [0.0, 0.0, 1.0]])
TILT = np.array([[0.9, 0.1, -2.0], [-0.1, 1.1, 1.0], [0.004, -0.003, 1.0]])


def picture(shape, dtype=np.uint8, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, shape)
    return values.astype(dtype)


def by_opencv(images, warp):
    out = np.empty((len(images), warp.height, warp.width, images.shape[-1]), images.dtype)
    warp_images(images, warp, out)
    return out


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("matrix", [TURN, NUDGE, TILT], ids=["far", "near", "perspective"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
def test_pixels_are_read_between_their_four_neighbours(mode, matrix, channels):
    images = picture((1, 13, 17, channels))
    warp = Warp(matrix[None], 11, 19, Filling(mode, 9.0))
    wanted = warped(images[0], matrix, (11, 19), mode, 9.0)
    np.testing.assert_allclose(by_opencv(images, warp)[0], wanted, atol=0.51)
    floats = by_opencv(images.astype(np.float32), warp)[0]
    np.testing.assert_allclose(floats, wanted, atol=0.01)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("matrix", [TURN, NUDGE, TILT], ids=["far", "near", "perspective"])
@pytest.mark.parametrize("shape", [(1, 13, 17, 3), (2, 32, 32, 1), (1, 5, 4, 6), (1, 1, 1, 3)])
def test_both_engines_give_the_same_picture_within_a_grey_level(mode, matrix, shape):
    images = picture(shape)
    warp = Warp(np.tile(matrix, (shape[0], 1, 1)), 12, 18, Filling(mode, 9.0))
    on_device = warp_tensor(torch.from_numpy(images).float(), warp).numpy()
    np.testing.assert_allclose(by_opencv(images, warp), on_device, atol=0.55)
    np.testing.assert_allclose(by_opencv(images.astype(np.float32), warp), on_device, atol=0.05)


@pytest.mark.parametrize("mode", MODES)
def test_both_engines_find_the_same_nearest_pixel(mode):
    images = picture((1, 13, 17, 3))
    warp = Warp(SLANT[None], 13, 17, Filling(mode, 9.0, "nearest"))
    on_device = warp_tensor(torch.from_numpy(images).float(), warp).numpy()
    np.testing.assert_array_equal(by_opencv(images, warp), on_device)


@pytest.mark.parametrize("mode", MODES)
def test_an_image_of_one_pixel_can_be_turned(mode):
    images = picture((1, 1, 1, 3))
    warp = Warp(np.eye(3)[None], 1, 1, Filling(mode))
    np.testing.assert_array_equal(by_opencv(images, warp), images)


def test_a_margin_is_as_wide_as_what_is_read_and_none_where_it_would_be_huge():
    matrices = np.stack([np.eye(3), NUDGE, TURN * [[9], [9], [1]]])
    x, y = (NUDGE @ [[0, 16, 0, 16], [0, 0, 12, 12], [1, 1, 1, 1]])[:2]
    near = [
        -np.floor(y.min()),
        max(np.floor(y.max()) + 1 - 12, 0),
        max(-np.floor(x.min()), 0),
        np.floor(x.max()) + 1 - 16,
    ]
    found = margins(Warp(matrices, 13, 17, Filling("reflect")), 13, 17)
    assert found.tolist() == [[0, 1, 0, 1], near, [0, 0, 0, 0]]
    assert not margins(Warp(matrices, 13, 17, Filling("constant")), 13, 17).any()


def drawn(*changes, shape=(8, 10, 3), examples=4):
    keys = example_keys(1, 2, np.arange(examples))
    return [(change, change.draw(Chance(keys, place), shape)) for place, change in enumerate(changes)]


def test_changes_in_a_row_become_one_matrix_in_the_order_written():
    changes = drawn(RandomRotation(0.2), RandomTranslation(0.3, 0.3), RandomFlip(), RandomZoom(0.4))
    (found,) = put_together(changes, (8, 10, 3), Filling())
    matrices = [change.matrices(parameters, (8, 10, 3)) for change, parameters in changes]
    np.testing.assert_allclose(found.matrices, matrices[0] @ matrices[1] @ matrices[2] @ matrices[3])


def test_changes_with_other_fillings_become_a_warp_of_their_own():
    changes = drawn(
        RandomFlip(),
        RandomRotation(0.2),
        RandomFlip(),
        RandomZoom(0.2, fill_mode="constant", fill_value=3),
        RandomTranslation(0.1, 0.1, fill_mode="constant", fill_value=3, interpolation="bilinear"),
        RandomRotation(0.2, interpolation="nearest"),
    )
    found = put_together(changes, (8, 10, 3), Filling("wrap"))
    assert [warp.filling for warp in found] == [
        Filling("wrap"),
        Filling("constant", 3),
        Filling("wrap", 0.0, "nearest"),
    ]


def test_a_crop_sets_the_size_for_what_comes_after():
    changes = drawn(RandomCrop(4, 5), RandomZoom(0.2))
    (found,) = put_together(changes, (8, 10, 3), Filling())
    assert (found.height, found.width) == (4, 5)
    inner = changes[1][0].matrices(changes[1][1], (4, 5, 3))
    outer = changes[0][0].matrices(changes[0][1], (8, 10, 3))
    np.testing.assert_allclose(found.matrices, outer @ inner)


def test_no_change_is_no_warp():
    assert put_together([], (8, 10, 3), Filling()) == []
