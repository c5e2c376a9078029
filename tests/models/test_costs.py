from __future__ import annotations

import torch

from striate.layers import (
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv2D,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    MaxPooling2D,
    Reshape,
    SeparableConv2D,
    TorchModule,
)
from striate.models import Model, Sequential
from striate.models.costs import LayerCost, costs_of


def costs(*layers):
    model = Sequential(list(layers))
    found = costs_of(model.graph)
    return [found[layer.name] for layer in model.layers]


def test_a_convolution_costs_two_for_each_product():
    # 6 x 6 places, 4 filters, windows of 3 x 3 x 2, a product and a sum each; 4 bytes a value.
    assert costs(Input((8, 8, 2)), Conv2D(4, 3)) == [LayerCost(2 * 36 * 4 * 18, 36 * 4 * 4, "3 x 3")]


def test_groups_share_the_work():
    assert costs(Input((8, 8, 2)), Conv2D(4, 3, groups=2))[0].flops == 2 * 36 * 4 * 9


def test_receptive_fields_by_hand():
    # 3; then a pooling of 2 adds 1 and doubles the step; 3 more adds 2 x 2; a dilated 3 adds 4 x 2.
    found = costs(
        Input((32, 32, 1)),
        Conv2D(1, 3),
        MaxPooling2D(2),
        Conv2D(1, (3, 1)),
        Conv2D(1, 3, dilation_rate=2),
        GlobalAveragePooling2D(),
        Dense(2),
    )
    assert [cost.field for cost in found] == ["3 x 3", "4 x 4", "8 x 4", "16 x 12", "all", "all"]


def test_strides_widen_what_follows():
    assert [cost.field for cost in costs(Input((64, 3)), Conv1D(1, 5, strides=4), Conv1D(1, 3))] == [
        "5",
        "13",
    ]


def test_pooling_flatten_and_dense():
    found = costs(Input((4, 4, 2)), MaxPooling2D(2), Flatten(), Dense(3))
    assert [cost.flops for cost in found] == [8 * 4, 0, 2 * 3 * 8]
    assert [cost.memory for cost in found] == [32, 32, 12]
    assert [cost.field for cost in found] == ["2 x 2", "all", "all"]


def test_a_global_pooling_looks_at_every_value_once():
    assert costs(Input((4, 4, 2)), GlobalAveragePooling2D())[0].flops == 32


def test_sizes_that_are_not_known_cost_an_unknown_amount():
    assert costs(Input((None, None, 2)), Conv2D(4, 3)) == [LayerCost(None, None, "3 x 3")]


def test_a_foreign_module_and_a_reshape_hide_what_they_see():
    foreign = TorchModule(torch.nn.Conv2d(1, 1, 3, padding=1), data_format="channels_first")
    assert costs(Input((4, 4, 1)), foreign)[0] == LayerCost(None, 64, "")
    assert costs(Input((4, 4, 1)), Reshape((16, 1)), Conv1D(1, 3))[1].field == ""


def test_branches_see_as_far_as_the_widest():
    class Sum(Layer):
        def call(self, inputs):
            return sum(inputs)

        def compute_output_shape(self, input_shape):
            return tuple(input_shape[0])

    inputs = Input((8, 8, 1))
    near, far = Conv2D(1, 3, padding="same")(inputs), Conv2D(1, 5, padding="same")(inputs)
    model = Model(inputs, Sum(name="meet")([near, far]))
    assert costs_of(model.graph)["meet"].field == "5 x 5"


def test_a_nested_model_costs_and_sees_what_its_layers_do():
    inner = Sequential([Input((8, 8, 1)), Conv2D(2, 3), MaxPooling2D(2)], name="inner")
    outer = Sequential([Input((8, 8, 1)), inner, Conv2D(1, 2)])
    found = costs_of(outer.graph)
    assert found["inner"] == LayerCost(2 * 36 * 2 * 9 + 18 * 4, 18 * 4, "4 x 4")
    assert [cost.field for cost in found.values()] == ["4 x 4", "6 x 6"]


def test_a_nested_model_with_an_unknown_part_costs_an_unknown_amount():
    inner = Sequential([Input((4,)), TorchModule(torch.nn.Tanh())])
    assert costs(Input((4,)), inner)[0].flops is None


def test_a_shared_layer_works_once_for_each_call():
    shared = Dense(3)
    left, right = Input((4,)), Input((4,))
    model = Model([left, right], [shared(left), shared(right)])
    assert costs_of(model.graph)[shared.name].flops == 2 * (2 * 4 * 3)


def test_a_transposed_convolution_costs_a_kernel_for_each_input_value():
    found = costs(Input((4, 5, 3)), Conv2DTranspose(2, 3, strides=2))
    assert found == [LayerCost(2 * 60 * 9 * 2, 9 * 11 * 2 * 4, "")]


def test_depthwise_and_separable_convolutions_cost_less():
    # 6 x 6 places, 2 kernels of 3 x 3 for each of 3 channels; then 6 kernels at 4 x 4 places, mixed 5 times.
    found = costs(
        Input((8, 8, 3)), DepthwiseConv2D(3, depth_multiplier=2), SeparableConv2D(5, 3), Conv2D(1, 3)
    )
    assert [cost.flops for cost in found[:2]] == [2 * 36 * 6 * 9, 2 * 16 * 6 * (9 + 5)]
    assert [cost.field for cost in found] == ["3 x 3", "5 x 5", "7 x 7"]
