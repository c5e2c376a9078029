"""How an image becomes an array is written down, read back, and refused where it cannot work."""

from __future__ import annotations

import json

import pytest

from striate.core.errors import ArgumentError
from striate.datasets.decoding.image_input import ImageInput

CHOSEN = ImageInput(64, 96, 3, "pad", "bicubic", 0, (0.0, 4095.0))


@pytest.mark.parametrize("chosen", [CHOSEN, ImageInput(8, 8, 1)])
def test_it_comes_back_from_its_table_by_way_of_json(chosen):
    table = json.loads(json.dumps(chosen.as_table()))
    assert ImageInput.from_table(table) == chosen
    assert None not in table.values()


def test_the_shape_is_that_of_one_example():
    assert CHOSEN.shape == (64, 96, 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"heigth": 3}, "image_input has no argument 'heigth'. Did you mean 'height'"),
        ({"height": 0}, "height of an image is a whole number from 1 up; got 0"),
        ({"width": 2.5}, r"width of an image is a whole number from 1 up; got 2\.5"),
        ({"fit": "cut"}, "fit must be one of 'crop', 'pad', 'stretch'; got 'cut'"),
        ({"interpolation": "cubic"}, "interpolation must be one of"),
        ({"background": 256}, r"background is a whole number from 0 \(black\) to 255 \(white\); got 256"),
        ({"value_range": [5, 5]}, "value_range goes from what becomes 0 to what becomes 255"),
        ({"value_range": [5]}, r"value_range of image_input is two numbers; got \[5\]"),
    ],
)
def test_a_table_that_cannot_work_is_refused(change, words):
    with pytest.raises(ArgumentError, match=words):
        ImageInput.from_table({**CHOSEN.as_table(), **change})


def test_a_table_that_lacks_the_size_says_so():
    with pytest.raises(ArgumentError, match="does not say height, channels of the images"):
        ImageInput.from_table({"width": 3})
