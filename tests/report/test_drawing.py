from __future__ import annotations

import re

from striate.applications import net_c
from striate.layers import Add, Conv2D, Input
from striate.models import Model
from striate.report.drawing import draw_network
from striate.visualize.architecture import plot_model
from striate.visualize.base import Block, Diagram


def test_every_layer_stands_in_the_drawing_with_its_shape_and_in_its_words():
    markup = draw_network(plot_model(net_c()))
    for name in ("conv1", "pool1", "30×30×32", "Conv2D", ">convolution<", ">pooling<"):
        assert name in markup
    assert "Conv2D 30×30×32" in re.search(r'aria-label="([^"]*)"', markup)[1]


def test_every_arrow_is_drawn_also_past_layers_and_to_the_next_row():
    inputs = Input((8, 8, 2))
    hidden = inputs
    for _ in range(12):
        hidden = Add()([hidden, Conv2D(2, 3, padding="same")(hidden)])
    picture = plot_model(Model(inputs, hidden))
    markup = draw_network(picture)
    ways = re.findall(r'class="way" points="([^"]*)"', markup)
    assert len(ways) == len(picture.arrows) == markup.count('class="head"')
    assert {len(way.split()) for way in ways} == {2, 6}


def test_a_long_name_is_shortened_and_a_hostile_one_escaped():
    blocks = (Block("<script>x</script>", "Dense", (3,), 1), Block("a" * 40, "Dense", (None, 3), 1, "<b>"))
    markup = draw_network(Diagram("<t>", "", blocks, ((0, 1),)))
    assert "<script>" not in markup
    assert "<b>" not in markup
    assert "a" * 7 + "…" + "a" * 6 in markup
    assert "a" * 15 not in markup
    assert "Dense ?×3" in markup
