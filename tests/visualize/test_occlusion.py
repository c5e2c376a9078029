"""Occlusion against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError
from striate.visualize.attribution import explain
from tests.reference.attribution import linear_net, occluded

RANDOM = np.random.default_rng(0)
KERNEL = RANDOM.normal(size=(7 * 5 * 2, 3)).astype(np.float32)
IMAGES = RANDOM.random((3, 7, 5, 2)).astype(np.float32)


@pytest.mark.parametrize(("window", "stride", "fill"), [(1, 1, 0.0), (3, 2, 0.5), (4, 3, 0.0), (2, 2, -1.0)])
def test_it_is_the_mean_fall_over_the_windows_that_cover_a_place(window, stride, fill):
    for size in (1, 7, 64):
        found = explain(
            linear_net(KERNEL, (7, 5, 2)), IMAGES, [0, 1, 2], "occlusion", batch_size=size,
            window=window, strides=stride, fill=fill,
        )  # fmt: skip
        for row in range(3):
            wanted = occluded(
                lambda x, row=row: x.ravel() @ KERNEL[:, row], IMAGES[row], window, stride, fill
            )
            np.testing.assert_allclose(found.values[row], wanted, atol=1e-5)


def test_of_a_linear_network_single_windows_add_up_to_the_score():
    found = explain(linear_net(KERNEL, (7, 5, 2)), IMAGES[:1], 1, "occlusion", window=1)
    np.testing.assert_allclose(found.values.sum(), found.scores[0], rtol=1e-4)


def test_by_default_a_window_spans_an_eighth_of_each_axis():
    found = explain(
        linear_net(RANDOM.normal(size=(40 * 16, 2)), (40, 16, 1)), np.ones((1, 40, 16, 1)), 0, "occlusion"
    )
    assert found.notes[0] == "a window of 5 × 2 pixels, 285 places"


def test_a_small_image_has_windows_of_two_pixels_by_default():
    found = explain(linear_net(RANDOM.normal(size=(8, 2)), (8, 1, 1)), np.ones((1, 8, 1, 1)), 0, "occlusion")
    assert found.notes[0] == "a window of 2 × 1 pixels, 7 places"


def test_a_signal_has_windows_of_steps():
    found = explain(
        linear_net([[1, 0], [2, 0], [3, 0]], (3, 1)), np.ones((1, 3, 1)), 0, "occlusion", window=2
    )
    # The windows (0, 1) and (1, 2) take 3 and 5 away; the middle is covered by both.
    np.testing.assert_allclose(found.values, [[3, 4, 5]])
    assert found.notes[0] == "a window of 2 values, 2 places"


def test_where_no_window_matters_it_is_said():
    found = explain(
        linear_net([[0, 1], [0, 1], [0, 1]], (3, 1)), np.ones((1, 3, 1)), 0, "occlusion", window=1
    )
    assert found.blank[0].startswith("the fall of the score is zero everywhere: no single window matters")


def test_windows_that_cannot_work_are_refused():
    model = linear_net(KERNEL, (7, 5, 2))
    with pytest.raises(ArgumentError, match=r"a window of \(7, 6\) does not fit into an input of \(7, 5\)"):
        explain(model, IMAGES, method="occlusion", window=(7, 6))
    with pytest.raises(ArgumentError, match=r"strides of \(3, 3\) leave gaps between windows of \(2, 2\)"):
        explain(model, IMAGES, method="occlusion", window=2, strides=3)
