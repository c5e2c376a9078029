"""The older generator's words for one change, against SciPy's affine transform with the older formula."""

import numpy as np
import pytest
from scipy import ndimage

from striate.augment import Augment
from striate.datasets.generator.older_transform import transformed


def by_scipy(image, theta=0, tx=0, ty=0, shear=0, zx=1, zy=1):
    """Rotation, shift, slant and zoom as matrices over (row, column), about the image's centre."""
    turn, slant = np.deg2rad(theta), np.deg2rad(shear)
    matrix = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    matrix = matrix @ np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    matrix = matrix @ np.array([[1, -np.sin(slant), 0], [0, np.cos(slant), 0], [0, 0, 1]])
    matrix = matrix @ np.diag([zx, zy, 1])
    centre = np.eye(3)
    centre[:2, 2] = (np.array(image.shape[:2]) - 1) / 2
    matrix = centre @ matrix @ np.linalg.inv(centre)
    channels = [
        ndimage.affine_transform(image[..., channel], matrix[:2, :2], matrix[:2, 2], order=1, mode="nearest")
        for channel in range(image.shape[-1])
    ]
    return np.stack(channels, -1)


@pytest.mark.parametrize(
    "words",
    [
        {"theta": 25},
        {"tx": 3.5, "ty": -2},
        {"shear": 20},
        {"zx": 1.3, "zy": 0.8},
        {"theta": -15, "tx": 2, "ty": 3, "shear": 10, "zx": 0.9, "zy": 1.2},
    ],
)
def test_it_is_the_older_formula(words):
    random = np.random.default_rng(0)
    image = ndimage.gaussian_filter(random.uniform(0, 255, (40, 33, 3)), (2, 2, 0)).astype(np.float32)
    found = transformed(image, words, Augment(fill_mode="nearest"))
    np.testing.assert_allclose(found, by_scipy(image, **words), atol=0.05)


def test_bytes_come_out_as_numbers():
    image = np.full((4, 4, 1), 7, np.uint8)
    found = transformed(image, {"theta": 10}, Augment())
    assert found.dtype == np.float32
    assert (found == 7).all()
