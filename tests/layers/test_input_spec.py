"""What a layer wants of its input, and the words for an input that does not fit."""

import pytest

from striate.core.errors import ShapeError
from striate.layers import InputSpec

IMAGES = ("batch", "height", "width", "channels")
SIGNALS = ("batch", "steps", "channels")


@pytest.mark.parametrize("shape", [(2, 8, 8, 3), (None, None, None, 3), (None, None, None, None)])
def test_what_fits_or_may_fit_passes(shape):
    InputSpec(IMAGES, {-1: 3}).check("layer 'a' (Conv2D)", shape)


def test_a_size_that_does_not_fit_is_refused_by_its_axis():
    text = r"^layer 'a' \(Conv2D\) was built for 3 channels but got 4: \(None, 8, 8, 4\)\.$"
    with pytest.raises(ShapeError, match=text):
        InputSpec(IMAGES, {-1: 3}).check("layer 'a' (Conv2D)", (None, 8, 8, 4))


@pytest.mark.parametrize(
    ("axes", "shape", "advice"),
    [
        (IMAGES, (32, 784), r" Rows of pixels can be folded first: Reshape\(\(28, 28, 1\)\)\."),
        (IMAGES, (32, 785), ""),
        (IMAGES, (32, 1), ""),
        (IMAGES, (None, None), ""),
        (
            IMAGES,
            (28, 28, 1),
            r" One image needs a batch axis, image\[None\]; grey images need a channel axis,",
        ),
        (SIGNALS, (32, 50), r" Signals of one channel need a channel axis: signals\[\.\.\., None\]\."),
        (SIGNALS, (32, 50, 1, 1), ""),
        (
            ("batch", "features"),
            (32, 6, 6, 4),
            r" Put a Flatten\(\) or a global pooling layer in front of it\.",
        ),
        (("batch", "features"), (32,), ""),
    ],
)
def test_another_number_of_axes_is_refused_with_advice_where_there_is_some(axes, shape, advice):
    names = ", ".join(axes)
    text = rf"^x takes {len(axes)} axes \({names}\) but got {len(shape)}: \(.*\)\.{advice}"
    with pytest.raises(ShapeError, match=text if advice else text + "$"):
        InputSpec(axes).check("x", shape)


def test_a_layer_can_add_advice_of_its_own():
    with pytest.raises(ShapeError, match=r"but got 1: \(3,\)\. Ask a friend\.$"):
        InputSpec(SIGNALS, advice="Ask a friend.").check("x", (3,))


@pytest.mark.parametrize(
    ("shape", "fits"),
    [((2, 8, 8, 3), True), ((None, None, None, None), True), ((2, 8, 8, 4), False), ((2, 8, 3), False)],
)
def test_fits_says_whether_check_would_pass(shape, fits):
    assert InputSpec(IMAGES, {-1: 3}).fits(shape) is fits
