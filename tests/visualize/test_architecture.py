"""The drawing of a network: blocks, shapes, branches, nested networks."""

from __future__ import annotations

import pytest
from torch import nn

from striate.applications import EfficientNetLite0, net_c
from striate.core.errors import ArgumentError
from striate.layers import Add, Conv2D, Dense, Flatten, Input, ReLU
from striate.models import Model, Sequential
from striate.utils import plot_model as by_keras_name
from striate.visualize import plot_model


def branched():
    inputs = Input((8, 8, 3), name="pixels")
    left = Conv2D(4, 3, padding="same", name="left")(inputs)
    right = Conv2D(4, 1, name="right")(inputs)
    return Model(
        inputs, Dense(2, name="end")(Flatten(name="flat")(Add(name="sum")([left, right]))), name="fork"
    )


def test_blocks_have_the_shapes_of_the_layers_and_arrows_lead_on():
    picture = plot_model(net_c())
    assert [block.name for block in picture.blocks][:3] == ["input", "conv1", "pool1"]
    assert [block.shape for block in picture.blocks][-2:] == [(64,), (10,)]
    assert picture.arrows == tuple((place, place + 1) for place in range(8))
    assert picture.caption.startswith("8 layers with 94,890 weights.")
    assert picture.blocks[1].detail == "30×30×32\nConv2D"


def test_branches_part_and_join():
    picture = plot_model(branched())
    assert [block.name for block in picture.blocks] == ["pixels", "left", "right", "sum", "flat", "end"]
    assert set(picture.arrows) == {(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (4, 5)}


def test_nested_networks_are_one_block_or_all_their_layers():
    base = Sequential([Input((8, 8, 1)), Conv2D(2, 3, name="conv"), Flatten(name="flat")], name="base")
    model = Sequential([Input((8, 8, 1), name="pixels"), base, Dense(2, name="end")])
    assert [block.name for block in plot_model(model).blocks] == ["pixels", "base", "end"]
    opened = plot_model(model, expand_nested=True)
    assert [block.name for block in opened.blocks] == ["pixels", "base.conv", "base.flat", "end"]
    assert opened.arrows == ((0, 1), (1, 2), (2, 3))


def test_what_is_told_of_a_layer_can_be_chosen():
    block = plot_model(
        net_c(), show_shapes=False, show_dtype=True, show_layer_names=False, show_layer_activations=True,
        show_trainable=True,
    ).blocks[1]  # fmt: skip
    assert (block.name, block.detail) == ("", "Conv2D\nrelu\nfloat32\ntrainable")
    model = net_c()
    model.trainable = False
    assert "frozen" in plot_model(model, show_trainable=True).blocks[1].detail
    assert plot_model(net_c(), rankdir="tb").blocks_a_row == 1


def test_a_torch_network_is_drawn_with_the_shapes_of_an_input():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    picture = plot_model(model, input_shape=(8, 8, 3))
    assert [block.shape for block in picture.blocks] == [(8, 8, 3), (6, 6, 4), (6, 6, 4), (144,), (2,)]
    assert len(picture.arrows) == 4
    assert "branches of a plain torch module are not traced" in picture.caption
    assert "not traced" not in plot_model(net_c()).caption


def test_of_a_deep_network_neighbours_with_names_alike_are_one_box():
    model = EfficientNetLite0(input_shape=(64, 64, 3))
    picture = plot_model(model)
    names = [block.name for block in picture.blocks]
    assert names[1:4] == ["stem", "block1a", "block2a"]
    assert len(names) == 22
    block = picture.blocks[names.index("block2b")]
    # Three convolutions with normalisation, two activations, and the sum: 9 layers.
    assert (block.detail, block.shape, block.kind) == ("16×16×24\n9 layers", (16, 16, 24), "Conv2D")
    assert "stand in one box together" in picture.caption
    assert sum(block.parameters for block in picture.blocks) == sum(p.numel() for p in model.parameters())
    # A shortcut inside a box is not drawn, one around it neither: the boxes are a chain.
    assert picture.arrows == tuple((place, place + 1) for place in range(21))
    assert len(plot_model(model, max_blocks=None).blocks) > 100


def test_where_names_do_not_tell_a_box_is_a_convolution_with_what_follows():
    layers = [Input((8, 8, 1), name="pixels")]
    for number in range(3):
        layers += [Conv2D(2, 1, name=f"one{number}"), ReLU(name=f"two{number}")]
    picture = plot_model(Sequential(layers), max_blocks=4, show_shapes=False)
    assert [block.name for block in picture.blocks] == ["pixels", "one0", "one1", "one2"]
    assert picture.blocks[1].detail == "2 layers"


def test_a_file_is_written_where_one_is_named(tmp_path):
    by_keras_name(net_c(), to_file=tmp_path / "net.svg", show_shapes=True)
    assert "<svg" in (tmp_path / "net.svg").read_text(encoding="utf-8")


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ArgumentError, match="rankdir is 'LR', rows from left to right, or 'TB'; got 'up'"):
        plot_model(net_c(), rankdir="up")
    with pytest.raises(ArgumentError, match="plot_model draws a model or a torch module; got list"):
        plot_model([])
    with pytest.raises(ArgumentError, match="the size of this network's input is not known: say it"):
        plot_model(nn.Sequential(nn.Conv2d(3, 4, 3)))
