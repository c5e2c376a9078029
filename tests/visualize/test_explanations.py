"""Attribution as pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.applications import net_e
from striate.core.errors import ArgumentError
from striate.layers import Dense, Flatten, Input
from striate.models import Sequential
from striate.visualize.attribution import METHODS, explain
from striate.visualize.base import HeatPanel, ImagePanel, LinePanel
from striate.visualize.explanations import (
    compare_classes,
    compare_methods,
    show_attribution,
    show_why,
    shown_pixels,
)
from striate.visualize.render import encode
from tests.reference.attribution import SmallImageNet, averaged_maps, linear_net

RANDOM = np.random.default_rng(0)


@pytest.fixture
def model():
    torch.manual_seed(0)
    net = SmallImageNet()
    net.class_names = ["cat", "dog", "owl"]
    return net


def test_each_image_stands_beside_its_own_colours(model):
    images = RANDOM.random((3, 10, 8, 3)).astype(np.float32)
    found = explain(model, images, "owl", "integrated_gradients")
    picture = show_attribution(found)
    assert picture.title == "Why this answer: Integrated gradients"
    assert [type(panel) for panel in picture.panels] == [ImagePanel, HeatPanel] * 3
    assert picture.panels[2].title == f"answer: {found.name_of(int(found.predicted[1]))}"
    assert picture.panels[3].title == f"for owl, score {found.scores[1]:.3g}"
    np.testing.assert_array_equal(picture.panels[2].pixels, images[1])
    np.testing.assert_array_equal(picture.panels[3].values, found.values[1])
    assert picture.panels[3].over.shape == (10, 8, 3)
    assert picture.panels[3].low == -picture.panels[3].high
    assert encode(picture).startswith(b"\x89PNG")


def test_the_caption_says_what_the_colours_mean_how_it_was_made_and_what_the_check_found(model):
    picture = show_why(model, RANDOM.random((1, 10, 8, 3)), method="occlusion", window=2)
    assert picture.caption.startswith(
        "Blue speaks for the class, vermilion against it. A window of 2 × 2 pixels,"
    )
    assert "The score is what the network hands out. Check: With random weights" in picture.caption
    assert "Covering the marked" in picture.caption
    assert "Other methods" in picture.caption
    assert "Check" not in show_why(model, RANDOM.random((1, 10, 8, 3)), check=False).caption


def test_single_bright_pixels_do_not_leave_the_rest_pale(model):
    found = explain(model, RANDOM.random((1, 10, 8, 3)), 0, "saliency")
    found.values[:] = np.linspace(0, 1, 80).reshape(10, 8)
    found.values[0, 0, 0] = 1000
    high = show_attribution(found).panels[1].high
    assert high == pytest.approx(np.percentile(found.values, 99.5))
    assert high < 700


def test_a_probability_is_shown_where_there_is_one():
    model = linear_net([[1], [1], [1], [1]], activation="sigmoid")
    panel = show_attribution(explain(model, np.full((1, 2, 2, 1), 0.25), 1, "saliency")).panels[1]
    assert panel.title == "for class 1, 73.1%"
    for value, shown in ((8.0, ">99.9%"), (-8.0, "<0.1%")):
        panel = show_attribution(explain(model, np.full((1, 2, 2, 1), value), 1, "saliency")).panels[1]
        assert panel.title == f"for class 1, {shown}"


def test_where_there_is_no_gradient_it_is_said_and_no_noise_is_drawn():
    model = Sequential([Input((2, 2, 1)), Flatten(), Dense(1, activation="sigmoid"), Dense(2)])
    model.set_weights([np.full((4, 1), 3.9), np.zeros(1), np.ones((1, 2)), np.zeros(2)])
    images = np.array([1.0, 0.0]).reshape(2, 1, 1, 1) * np.ones((2, 2, 2, 1))
    found = explain(model, images, 0, "saliency")
    # There are values, of the size of rounding, and they are not drawn.
    assert 0 < found.values[0].max() < 1e-5
    picture = show_attribution(found)
    assert not picture.panels[1].values.any()
    assert picture.panels[1].note.startswith("Nothing to be seen: the gradient is next to zero")
    assert picture.panels[3].values.all()
    assert picture.panels[3].note == ""
    assert picture.caption.startswith("For 1 of 2 inputs there is nothing to be seen.")
    alone = show_why(model, images[:1], 0, "saliency")
    assert "Check: nothing is drawn, so there is nothing to check." in alone.caption
    assert encode(alone).startswith(b"\x89PNG")


def test_a_signal_is_seen_through_its_colours():
    found = explain(net_e(), RANDOM.random((2, 64, 100)), method="occlusion")
    picture = show_attribution(found)
    assert [type(panel) for panel in picture.panels] == [LinePanel, LinePanel]
    panel = picture.panels[0]
    assert panel.lines[0].name == "mean of 100 channels"
    np.testing.assert_allclose(panel.lines[0].y, found.images[0].mean(-1))
    assert panel.shade.shape == (64,)
    assert np.abs(panel.shade).max() == 1
    assert encode(picture).startswith(b"\x89PNG")


def test_a_signal_of_few_channels_shows_each():
    for channels, names in ((1, [""]), (3, ["channel 0", "channel 1", "channel 2"])):
        model = linear_net(RANDOM.normal(size=(5 * channels, 2)), (5, channels))
        panel = show_attribution(explain(model, np.ones((1, 5, channels)), 0, "saliency")).panels[0]
        assert [line.name for line in panel.lines] == names


def test_all_methods_are_compared_each_with_its_check(model):
    picture = compare_methods(model, RANDOM.random((1, 10, 8, 3)), "dog")
    assert [panel.title for panel in picture.panels[1:]] == [method.words for method in METHODS.values()]
    drawn = [panel for panel in picture.panels[1:] if not panel.note.startswith("Nothing")]
    assert len(drawn) >= 7
    assert all(panel.note.startswith("random weights ") and "\ncovered " in panel.note for panel in drawn)
    assert "All for dog." in picture.caption


def test_classes_are_compared_in_one_scale(model):
    image = RANDOM.random((1, 10, 8, 3))
    picture = compare_classes(model, image, method="gradient_x_input")
    order = explain(model, image).all_scores[0].argsort()[::-1]
    names = ["cat", "dog", "owl"]
    assert [panel.title.split(",")[0] for panel in picture.panels[1:]] == [
        f"for {names[each]}" for each in order
    ]
    assert len({panel.high for panel in picture.panels[1:]}) == 1
    chosen = compare_classes(model, image, ["owl", 0], method="saliency")
    assert [panel.title.split(",")[0] for panel in chosen.panels[1:]] == ["for owl", "for cat"]


def test_classes_of_which_one_has_nothing_are_compared_as_well():
    picture = compare_classes(averaged_maps(), np.ones((1, 2, 2, 1)), [0, 1])
    assert picture.panels[1].note.startswith("Nothing to be seen")
    assert picture.panels[2].note == ""
    assert picture.caption.startswith("For class 0 there is nothing to be seen, for the reason below.")


def test_a_class_that_stays_faint_beside_others_is_said():
    found = compare_classes(linear_net([[1, 0.001]] * 4), np.ones((1, 2, 2, 1)), [0, 1], method="saliency")
    assert found.panels[1].note == ""
    assert found.panels[2].note == "Nothing is above 2% of the strongest colour."
    assert found.caption.startswith("For class 1 there is nothing to be seen")
    weights = [[1, -1]] * 4
    against = compare_classes(linear_net(weights), np.ones((1, 2, 2, 1)), [0], method="gradient_x_input")
    assert "nothing to be seen" not in against.caption


def test_an_option_goes_to_the_methods_that_take_it(model):
    image = RANDOM.random((1, 10, 8, 3))
    layer = explain(model, image).layer
    picture = compare_methods(model, image, "dog", ("grad_cam", "saliency"), layer=layer)
    assert len(picture.panels) == 3
    with pytest.raises(ArgumentError, match="method 'saliency'"):
        compare_methods(model, image, "dog", ("saliency",), layer=layer)


def test_the_caption_says_which_of_five_bands_are_shown():
    model = linear_net(RANDOM.normal(size=(20, 2)), (2, 2, 5))
    image = RANDOM.random((1, 2, 2, 5))
    words = "Of the 5 bands, 0, 1 and 2 are shown as red, green and blue."
    assert words in show_why(model, image, 0, "saliency").caption
    assert words in compare_classes(model, image, method="saliency").caption


def test_pictures_of_one_example_refuse_more(model):
    for show in (compare_methods, compare_classes):
        with pytest.raises(ArgumentError, match="this picture shows one example; got 2"):
            show(model, RANDOM.random((2, 10, 8, 3)))


def test_images_of_any_range_and_number_of_channels_can_be_drawn():
    small = np.array([0.0, 1.0, 2.0, 4.0], np.float32).reshape(1, 2, 2, 1)
    np.testing.assert_allclose(shown_pixels(small / 4), small / 4)
    np.testing.assert_allclose(shown_pixels(small * 50), small * 50 / 255)
    np.testing.assert_allclose(shown_pixels(small - 2), small / 4)
    assert shown_pixels(np.full((1, 2, 2, 3), 200, np.uint8)).dtype == np.uint8
    digits = np.array([0, 4, 8, 16], np.uint8).reshape(1, 2, 2, 1)
    np.testing.assert_allclose(shown_pixels(digits).reshape(-1), [0, 0.25, 0.5, 1])
    five = np.arange(20, dtype=np.float32).reshape(1, 2, 2, 5)
    np.testing.assert_allclose(shown_pixels(five), five[..., :3] / 19)
    np.testing.assert_allclose(shown_pixels(np.full((1, 2, 2, 1), 300.0)), 0)
