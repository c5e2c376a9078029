from __future__ import annotations

import numpy as np
import pytest

from striate.augment import Augment, Chance, RandomCrop, RandomPerspective, example_keys
from striate.core.errors import ArgumentError

KEYS = example_keys(0, 0, np.arange(300))


def test_a_window_is_cut_out_at_every_place_equally_often():
    image = np.arange(30, dtype=np.uint8).reshape(1, 5, 6, 1)
    cut = Augment(RandomCrop(3, 4))(np.repeat(image, 300, axis=0), KEYS)
    assert cut.shape == (300, 3, 4, 1)
    places, counts = np.unique(cut[:, 0, 0, 0], return_counts=True)
    assert places.tolist() == [0, 1, 2, 6, 7, 8, 12, 13, 14]
    assert counts.min() > 15
    for window in cut:
        top, left = divmod(int(window[0, 0, 0]), 6)
        np.testing.assert_array_equal(window, image[0, top : top + 3, left : left + 4])


def test_of_a_smaller_image_the_middle_is_brought_to_the_size_of_the_window():
    image = np.arange(4, dtype=np.float32).reshape(1, 1, 4, 1)
    cut = Augment(RandomCrop(2, 4), fill_mode="nearest")(image, KEYS[:1])[0]
    # Half the width fits the proportions: columns 1 and 2, stretched to four.
    np.testing.assert_allclose(cut[0, :, 0], [0.75, 1.25, 1.75, 2.25], atol=1e-6)
    np.testing.assert_allclose(cut[1], cut[0])


def test_a_crop_of_the_images_own_size_changes_nothing():
    image = np.random.default_rng(0).integers(0, 256, (1, 7, 5, 3), dtype=np.uint8)
    np.testing.assert_array_equal(Augment(RandomCrop(7, 5))(image, KEYS[:1]), image)
    assert RandomCrop(7, 5).describe() == "cuts out 7x5"


def test_the_corners_of_the_new_image_are_read_where_they_moved():
    change = RandomPerspective(1.0, 0.8)
    drawn = change.draw(Chance(KEYS, 0), (11, 21, 3))
    matrices = change.matrices(drawn, (11, 21, 3))
    corners = np.array([[0, 0, 1], [20, 0, 1], [20, 10, 1], [0, 10, 1]], float)
    places = np.einsum("nij,kj->nki", matrices, corners)
    places = places[..., :2] / places[..., 2:]
    np.testing.assert_allclose(places, corners[:, :2] + drawn["moves"] * [20, 10], atol=1e-9)
    assert abs(drawn["moves"]).max() < 0.25 * 0.8
    assert change.describe() == "moves corners up to 20%"


def test_no_image_folds_over_even_at_full_scale():
    change = RandomPerspective((1.0, 1.0), 1.0)
    matrices = change.matrices(change.draw(Chance(KEYS, 0), (11, 21, 3)), (11, 21, 3))
    y, x = np.mgrid[0:11, 0:21]
    depth = np.einsum("nj,jhw->nhw", matrices[:, 2], np.stack([x, y, np.ones_like(x)]))
    assert (depth > 0).all()
    assert (np.linalg.det(matrices) > 0).all()


def test_perspective_happens_as_often_as_said():
    drawn = RandomPerspective((0.3, 0.3)).draw(Chance(KEYS, 0), (11, 21, 3))
    assert (drawn["moves"] != 0).any(axis=(1, 2)).mean() == pytest.approx(0.3, abs=0.08)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomCrop(0, 3), "RandomCrop: height takes one whole number"),
        (lambda: RandomPerspective(1.5), "RandomPerspective: factor must lie from 0 to 1, both included"),
        (lambda: RandomPerspective(1.0, 2.0), "RandomPerspective: scale is a number from 0 to 1; got 2"),
    ],
)
def test_a_value_that_cannot_work_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()
