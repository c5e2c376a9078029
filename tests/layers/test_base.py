"""The contract of a layer as a person meets it: names, calls, modes, layers of their own."""

import json
import threading

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, ShapeError, StateError
from striate.layers import Conv1D, Conv2D, Dense, Dropout, Input, Layer, ReLU
from striate.layers.base import clear_session, mode_of, unique_name


class Linear(Layer):
    """As people write their own layers."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True, name="b")

    def call(self, inputs):
        return inputs @ self.w + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Doubling(Layer):
    """Says whether it was told to train, by doubling."""

    def call(self, inputs, training=None):
        return inputs * (2 if training else 1)


class Block(Layer):
    """Holds other layers."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.first = Linear(4)
        self.second = Dense(2)

    def call(self, inputs):
        return self.second(self.first(inputs))


class Failing(Layer):
    def call(self, inputs):
        raise ZeroDivisionError("on purpose")


class Running(Layer):
    """Keeps a sum, under another name than the weight's own."""

    def build(self, input_shape):
        self.total = self.add_weight(shape=(input_shape[-1],), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.total.add_(inputs.sum(0))
        return self.total


VECTORS = np.arange(8, dtype=np.float32).reshape(2, 4)


def test_layers_of_one_kind_are_numbered():
    clear_session()
    assert [Dense(1).name for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    assert Conv2D(1, 1).name == "conv2d"
    clear_session()
    assert Dense(1).name == "dense"
    assert unique_name("dense") == "dense_1"


@pytest.mark.parametrize("name", ["", "a/b", 3, "a\\b", "a\x1b[2J", "a\nb", "a" * 201])
def test_a_name_that_cannot_be_a_path_is_refused(name):
    with pytest.raises(ArgumentError, match=r"a layer's name is a text without '/', .*; got "):
        Dense(1, name=name)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: Dense(3, activaton="relu"),
            r"Dense has no argument 'activaton'\. Did you mean 'activation'",
        ),
        (lambda: Conv1D(3, 3, stride=2), r"Conv1D has no argument 'stride'\. Did you mean 'strides'"),
        (lambda: Linear(unit=2), r"Linear has no argument 'unit'\. Did you mean 'units'"),
        (lambda: ReLU(trainabel=True), r"ReLU has no argument 'trainabel'\. Did you mean 'trainable'"),
        (lambda: ReLU(colour="red"), r"ReLU has no argument 'colour'\.$"),
    ],
)
def test_a_misspelt_argument_is_answered_by_the_one_that_was_meant(make, text):
    with pytest.raises(ArgumentError, match=text):
        make()


def test_wrong_axes_are_named_by_layer_with_advice():
    layer = Conv2D(8, 3, name="conv_3")
    text = (
        r"^layer 'conv_3' \(Conv2D\) takes 4 axes \(batch, height, width, channels\) "
        r"but got 2: \(32, 784\)\. Rows of pixels can be folded first: Reshape\(\(28, 28, 1\)\)\.$"
    )
    with pytest.raises(ShapeError, match=text):
        layer(np.zeros((32, 784)))
    with pytest.raises(ShapeError, match=text.replace("32, 784", "None, 784")):
        layer(Input((784,)))
    assert not layer.built


@pytest.mark.parametrize("data", [np.zeros((2, 8, 8, 1)), torch.zeros(2, 8, 8, 1)])
def test_wrong_channels_are_named_by_layer(data):
    layer = Conv2D(8, 3, name="conv_3")
    layer.build((None, 8, 8, 3))
    text = r"^layer 'conv_3' \(Conv2D\) was built for 3 channels but got 1: \(2, 8, 8, 1\)\.$"
    with pytest.raises(ShapeError, match=text):
        layer(data)


def test_an_array_is_computed_without_gradient_and_a_tensor_with_one():
    layer = Dense(3)
    outputs = layer(VECTORS)
    assert not outputs.requires_grad
    assert outputs.numpy().shape == (2, 3)
    assert layer(torch.from_numpy(VECTORS)).requires_grad


@pytest.mark.parametrize("kind", ["uint8", "int64", "float64", "float16", "bool"])
def test_inputs_of_any_type_are_computed_in_the_layers_own(kind):
    assert Dense(3)(VECTORS.astype(kind)).dtype == torch.float32
    assert Dense(3, dtype="float64")(VECTORS.astype(kind)).dtype == torch.float64


def test_a_list_of_numbers_is_an_array():
    assert Dense(3)([[1.0, 2.0], [3.0, 4.0]]).shape == (2, 3)


def test_a_layer_trains_when_told_and_goes_back():
    layer = Doubling()
    assert layer(np.ones(1)).item() == 1
    assert layer(np.ones(1), training=True).item() == 2
    assert layer(np.ones(1)).item() == 1
    layer.train()
    assert layer(np.ones(1)).item() == 2
    assert layer(torch.ones(1), training=False).item() == 1
    assert layer.training


def test_the_mode_comes_back_after_an_error():
    layer = Failing()
    with pytest.raises(ZeroDivisionError, match="on purpose"):
        layer(np.ones(1), training=True)
    assert not layer.training


def test_each_layer_inside_goes_back_to_its_own_mode():
    block = Block()
    block.second.train()
    with mode_of(block, False):
        assert not block.second.training
    assert (block.training, block.first.training, block.second.training) == (False, False, True)


def test_a_mode_given_to_a_symbolic_call_is_remembered():
    layer = Doubling()
    layer(Input((4,)), training=True)
    layer(Input((4,)))
    assert [node.options for node in layer.nodes] == [{"training": True}, {}]


def test_an_activity_regularizer_keeps_its_penalty_of_the_last_call():
    layer = ReLU(activity_regularizer="l2")
    inputs = torch.tensor([[1.0, -5.0, 2.0]], requires_grad=True)
    layer(inputs)
    layer(inputs)
    (penalty,) = layer.activity_losses
    assert penalty.item() == pytest.approx(0.01 * 5)
    penalty.backward()
    torch.testing.assert_close(inputs.grad, torch.tensor([[0.02, 0.0, 0.04]]))
    assert layer.get_config()["activity_regularizer"]["class_name"] == "L2"


def test_a_persons_own_layer_works_on_arrays_tensors_and_symbols():
    layer = Linear(3)
    assert layer(Input((4,))).shape == (None, 3)
    assert [weight.shape for weight in layer.get_weights()] == [(4, 3), (3,)]
    wanted = VECTORS @ layer.get_weights()[0]
    np.testing.assert_allclose(layer(VECTORS).numpy(), wanted, rtol=1e-5)
    layer(torch.from_numpy(VECTORS)).sum().backward()
    assert layer.w.grad is not None
    assert layer.count_params() == 15


def test_a_persons_own_layer_comes_back_from_its_config():
    config = json.loads(json.dumps(Linear(7, name="mine", trainable=False).get_config()))
    again = Linear.from_config(config)
    assert (again.units, again.name, again.trainable) == (7, "mine", False)


def test_a_layer_built_by_hand_keeps_its_weights_when_called():
    layer = Linear(3)
    layer.build((None, 4))
    layer.set_weights([np.ones((4, 3)), np.zeros(3)])
    assert layer(VECTORS).tolist() == [[6, 6, 6], [22, 22, 22]]


def test_layers_inside_a_layer_are_built_and_counted():
    block = Block()
    assert block(Input((4,))).shape == (None, 2)
    assert block.count_params() == (4 * 4 + 4) + (4 * 2 + 2)
    block.trainable = False
    assert block.trainable_weights == []
    assert not block.first.trainable


class Listed(Layer):
    """Keeps its layers in a list, and one also as an attribute."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.steps = []
        for units in (4, 3):
            self.steps.append(Dense(units))
        self.last = Dense(2)
        self.by_name = {"deep": [self.last, Doubling()]}

    def call(self, inputs):
        for step in self.steps:
            inputs = step(inputs)
        for step in self.by_name["deep"]:
            inputs = step(inputs)
        return inputs


def test_layers_kept_in_lists_and_dicts_are_part_of_the_layer():
    layer = Listed()
    assert layer(Input((4,))).shape == (None, 2)
    assert layer.count_params() == (4 * 4 + 4) + (4 * 3 + 3) + (3 * 2 + 2)
    assert len(list(layer.parameters())) == 6
    assert torch.equal(layer(VECTORS, training=True), 2 * layer(VECTORS))


@pytest.mark.parametrize("kind", [Listed, Block])
def test_a_layer_made_frozen_freezes_the_layers_inside(kind):
    layer = kind(trainable=False)
    layer(VECTORS)
    assert layer.trainable_weights == []
    layer.trainable = True
    assert len(layer.trainable_weights) == len(layer.weights)


def test_a_buffer_under_a_second_name_follows_when_the_layer_changes_its_type():
    layer = Running()
    layer.build((None, 4))
    layer.double()
    layer(torch.ones(2, 4, dtype=torch.float64))
    layer.casts_input = False
    assert layer.get_weights()[0].tolist() == [2, 2, 2, 2]
    assert layer.total is layer.weights[0]


def test_a_layer_that_computes_nothing_says_so():
    class Empty(Layer):
        pass

    with pytest.raises(StateError, match=r"Empty has no call\(inputs\): write what it computes there"):
        Empty()(np.ones(1))


def test_a_second_positional_symbol_is_refused():
    with pytest.raises(
        ArgumentError, match=r"layer 'd' \(Dense\) takes one input, or a list of them, on symbolic"
    ):
        Dense(3, name="d")(Input((4,)), Input((4,)))


def test_an_option_that_the_call_does_not_take_is_refused():
    with pytest.raises(
        ArgumentError, match=r"layer 'd' \(Doubling\) has no option 'trainin'\. Did you mean 'training'"
    ):
        Doubling(name="d")(Input((4,)), trainin=True)


class Sum(Layer):
    """Takes a list or a dict of inputs, gives two outputs."""

    def call(self, inputs):
        parts = list(inputs.values()) if isinstance(inputs, dict) else inputs
        return [sum(parts), parts[0]]


def test_a_layer_may_take_and_give_several():
    first, second = Sum()([Input((4,)), Input((4,))])
    assert first.shape == second.shape == (None, 4)
    total, part = Sum()([VECTORS, VECTORS.astype("float64")])
    assert torch.equal(total, 2 * part)
    total, _ = Sum()({"a": torch.ones(1), "b": torch.ones(1, dtype=torch.float64)})
    assert total.dtype == torch.float32


def test_autocast_computes_in_bf16_and_a_person_gets_an_array():
    layer, images = Conv2D(4, 3), np.ones((1, 6, 6, 2), np.float32)
    layer(images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        maps = layer(torch.from_numpy(images))
        assert maps.dtype == torch.bfloat16
        assert Dense(3)(maps).dtype == torch.bfloat16
        assert layer(images).numpy().dtype == np.float32


def test_threads_compute_what_one_thread_would():
    layer = Conv2D(4, 3)
    random = np.random.default_rng(0)
    batches = [random.normal(size=(2, 8, 8, 3)).astype(np.float32) for _ in range(8)]
    wanted = [layer(batch) for batch in batches]
    found = [None] * len(batches)

    def work(number):
        found[number] = layer(batches[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(batches))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(wanted, found, strict=True):
        assert torch.equal(one, other)


def test_a_layer_is_a_torch_module_whose_hooks_are_called():
    layer, seen = Dropout(0.5), []
    with layer.register_forward_hook(lambda module, inputs, outputs: seen.append(outputs.shape)):
        layer(VECTORS)
    layer(VECTORS)
    assert seen == [(2, 4)]
