import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, ShapeError
from striate.preprocessing.image import array_to_img, img_to_array, load_img, save_img


@pytest.fixture
def photo(tmp_path):
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png", pixels


def test_an_image_comes_back_as_it_was_saved(photo):
    path, pixels = photo
    array = img_to_array(load_img(path))
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, pixels)


def test_size_is_height_and_width_and_one_number_means_a_square(photo):
    assert load_img(photo[0], target_size=(2, 3)).size == (3, 2)
    assert load_img(photo[0], target_size=5).size == (5, 5)


def test_grey_images_have_one_channel_and_channels_can_come_first(photo):
    grey = load_img(photo[0], color_mode="grayscale")
    assert img_to_array(grey).shape == (4, 6, 1)
    assert img_to_array(grey, data_format="channels_first").shape == (1, 4, 6)
    assert img_to_array(load_img(photo[0]), "channels_first", "float64").dtype == np.float64


def test_an_array_becomes_an_image_stretched_or_as_it_is():
    array = np.array([[[0.0], [1.0]], [[2.0], [4.0]]])
    np.testing.assert_array_equal(np.asarray(array_to_img(array)), [[0, 63], [127, 255]])
    np.testing.assert_array_equal(np.asarray(array_to_img(array, scale=False)), [[0, 1], [2, 4]])
    assert array_to_img(np.zeros((3, 4, 5)), data_format="channels_first").size == (5, 4)


def test_files_are_written_by_suffix_and_transparency_is_dropped_for_jpeg(tmp_path):
    save_img(tmp_path / "a.png", np.ones((3, 3, 1)), scale=False)
    assert img_to_array(load_img(tmp_path / "a.png", "grayscale")).max() == 1
    save_img(tmp_path / "b.jpg", np.zeros((3, 3, 4)))
    assert load_img(tmp_path / "b.jpg").size == (3, 3)


def test_a_colour_mode_that_there_is_not_is_refused(photo):
    with pytest.raises(ArgumentError, match="color_mode must be one of 'rgb', 'grayscale'; got 'cmyk'"):
        load_img(photo[0], color_mode="cmyk")


def test_arrays_that_are_no_images_are_refused():
    with pytest.raises(ShapeError, match=r"2 or 3 axes .* got \(2, 2, 2, 2\)"):
        img_to_array(np.zeros((2, 2, 2, 2)))
    with pytest.raises(ShapeError, match=r"1, 3 or 4 channels; got \(2, 2, 7\)"):
        array_to_img(np.zeros((2, 2, 7)))


def test_a_kind_of_file_that_cannot_be_written_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"cannot write .*a\.what: .* Name it \.png or \.jpg"):
        save_img(tmp_path / "a.what", np.zeros((2, 2, 3)))
