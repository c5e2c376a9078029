"""An image as it is, and under the usual kernels."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import DataError
from striate.visualize import imshow, plot_with_kernels


def test_an_image_is_shown_as_it_is():
    image = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    sheet = imshow(image)
    np.testing.assert_allclose(sheet.panels[0].pixels, image / 255)
    assert sheet.caption.startswith("6 by 5 pixels, 3 channels, values from ")
    assert imshow(np.eye(4), "One").title == "One"
    digit = np.array([[0, 4], [8, 16]], np.uint8)
    np.testing.assert_allclose(imshow(digit).panels[0].pixels[..., 0], digit / 16)


def test_the_usual_kernels_stand_side_by_side_in_the_images_own_size():
    sheet = plot_with_kernels(np.random.default_rng(0).random((20, 24, 3)))
    assert len(sheet.panels) == 2 + 2 * 8
    sizes = {
        getattr(panel, "values", getattr(panel, "pixels", None)).shape[:2] for panel in sheet.panels[3::2]
    }
    assert sizes == {(20, 24)}


def test_a_signal_is_no_image():
    with pytest.raises(DataError, match=r"imshow shows images; got a signal of shape \(9, 1\)"):
        imshow(np.zeros(9))
