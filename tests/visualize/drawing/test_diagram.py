"""The drawing of a network: sizes in proportion, branches apart, names readable."""

from __future__ import annotations

import itertools

import pytest
from matplotlib.patches import FancyArrowPatch, Polygon

from striate.applications import EfficientNetLite0, net_d
from striate.visualize import Diagram, draw, plot_model
from striate.visualize.base import Block
from striate.visualize.drawing.diagram import family_of, fit_words


def blocks(*shapes):
    return tuple(
        Block(f"layer_{number}", "Conv2D", shape, 0, "x".join(map(str, shape)))
        for number, shape in enumerate(shapes)
    )


def test_higher_maps_are_higher_boxes_and_more_channels_thicker_ones():
    figure = draw(Diagram("net", "caption", blocks((64, 64, 3), (16, 16, 64), (4, 4, 256)), ((0, 1), (1, 2))))
    corners = [patch.get_xy() for patch in figure.axes[0].patches if isinstance(patch, Polygon)][2::3]
    heights = [xy[:, 1].max() - xy[:, 1].min() for xy in corners]
    widths = [xy[:, 0].max() - xy[:, 0].min() for xy in corners]
    assert heights == sorted(heights, reverse=True)
    assert widths == sorted(widths)


def test_branches_stand_one_above_the_other():
    shapes = [(8, 8, 3)] * 4
    figure = draw(Diagram("fork", "caption", blocks(*shapes), ((0, 1), (0, 2), (1, 3), (2, 3), (0, 3))))
    words = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    assert words["layer_1"][0] == words["layer_2"][0]
    assert words["layer_1"][1] != words["layer_2"][1]
    arrows = [patch for patch in figure.axes[0].patches if isinstance(patch, FancyArrowPatch)]
    assert len(arrows) == 5


@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_the_words_of_eighteen_layers_do_not_run_into_each_other(rankdir):
    figure = draw(plot_model(net_d(), rankdir=rankdir, show_layer_activations=True))
    figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in figure.axes[0].texts if text.get_text()]
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        assert not first.overlaps(second), (one, other)


def test_the_words_of_a_deep_network_do_not_run_into_each_other():
    figure = draw(plot_model(EfficientNetLite0()))
    figure.draw_without_rendering()
    boxes = [(text.get_text(), text.get_window_extent()) for text in figure.axes[0].texts if text.get_text()]
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        assert not first.overlaps(second), (one, other)


def test_a_long_line_is_broken_between_words():
    block = Block("a", "x", (4,), 0, "4\nGlobalAveragePooling2D")
    assert fit_words(Diagram("net", "", (block,), ())).blocks[0].detail == "4\nGlobalAverage\nPooling2D"


def test_a_long_name_is_shortened_in_its_middle():
    block = Block("a_very_long_name_of_a_layer", "Dense", (4,), 0, "")
    figure = draw(Diagram("net", "caption", (block,), ()))
    assert figure.axes[0].texts[0].get_text() == "a_very_…_layer"


def test_kinds_fall_into_families_that_the_legend_names():
    assert family_of("MaxPooling2D")[0] == "pooling"
    assert family_of("GlobalAveragePooling1D")[0] == "pooling"
    assert family_of("DepthwiseConv2D")[0] == "convolution"
    assert family_of("Reshape")[0] == "other"
    figure = draw(plot_model(net_d()))
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named == ["input", "convolution", "pooling", "other", "fully connected"]


def test_150_layers_are_drawn_in_rows():
    chain = blocks(*[(8, 8, 4)] * 150)
    figure = draw(Diagram("deep", "caption", chain, tuple(itertools.pairwise(range(150)))))
    assert len({round(text.get_position()[0], 3) for text in figure.axes[0].texts}) == 9
