from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import striate
from striate import losses, metrics, optimizers, regularizers
from striate.artifacts import read_model_file, write_model_file
from striate.core.errors import (
    ArgumentError,
    FileAccessError,
    FileFormatError,
    ShapeError,
    StateError,
    UnknownNameError,
)
from striate.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, Layer, TorchModule
from striate.models import Model, Sequential, clone_model, load_model
from striate.models.saving import fill_weights, load
from striate.utils import set_random_seed

ROWS = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)
IMAGES = np.random.default_rng(1).random((4, 6, 6, 1), np.float32)


class Scale(Layer):
    """A layer of a person's own: multiplies by a factor and a weight."""

    def __init__(self, factor=2.0, **options):
        super().__init__(**options)
        self.factor = factor

    def build(self, input_shape):
        self.gain = self.add_weight((), initializer="ones", name="gain")

    def call(self, inputs):
        return inputs * self.factor * self.gain

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


class Own(Model):
    """A subclassed model that says how it is made."""

    def __init__(self, units=3, name=None):
        super().__init__(name=name)
        self.units = units
        self.hidden = Dense(units, activation="relu")
        self.answer = Dense(2)

    def call(self, inputs):
        return self.answer(self.hidden(inputs))

    def get_config(self):
        return {"units": self.units, "name": self.name}


class Sum(Layer):
    """Adds a list of tensors."""

    def call(self, inputs):
        return sum(inputs)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])


def stack():
    layers = [
        Input((6, 6, 1)),
        Conv2D(2, 3, activation="relu"),
        BatchNormalization(),
        Flatten(),
        Dropout(0.5),
    ]
    return Sequential(
        [*layers, Dense(3, activation="softmax", kernel_regularizer="l2")], name="stack"
    ), IMAGES


def several():
    left, right = Input((4,), name="left"), Input((4,), name="right")
    shared = Dense(3, name="shared")
    both = Sum(name="both")([shared(left), shared(right)])
    return Model([left, right], {"one": Dense(1)(both), "two": both}, name="several"), [
        ROWS,
        ROWS[::-1].copy(),
    ]


def nested():
    inner = Sequential([Input((4,)), Dense(5, activation="relu"), Sequential([Dense(3)])], name="inner")
    inputs = Input((4,))
    return Model(inputs, Dense(2)(inner(inputs, training=False))), ROWS


def intermediate():
    model = Sequential([Input((4,)), Dense(5, activation="relu"), Dense(2)])
    return Model(model.layers[0].output, model.output), np.ones((2, 5), np.float32)


def flat(answers):
    if isinstance(answers, dict):
        return list(answers.values())
    return list(answers) if isinstance(answers, (list, tuple)) else [answers]


@pytest.mark.parametrize("make", [stack, several, nested, intermediate])
def test_weights_and_answers_come_back_bit_for_bit(make, tmp_path):
    model, data = make()
    model.save(tmp_path / "model.striate")
    again = load(tmp_path / "model.striate", custom={"Sum": Sum})
    assert again.get_config() == model.get_config()
    for old, new in zip(model.get_weights(), again.get_weights(), strict=True):
        assert old.dtype == new.dtype
        assert np.array_equal(old, new)
    for old, new in zip(flat(model(data)), flat(again(data)), strict=True):
        assert np.array_equal(old, new)


def test_a_shared_layer_is_shared_again(tmp_path):
    model, _ = several()
    model.save(tmp_path / "model.striate")
    again = load(tmp_path / "model.striate", custom={"Sum": Sum})
    assert len(again.get_layer("shared").nodes) == 2
    assert again.count_params() == model.count_params()
    assert [tensor.name for tensor in again.inputs] == ["left", "right"]


def test_frozen_layers_come_back_frozen(tmp_path):
    model, _ = stack()
    model.layers[0].trainable = False
    model.save(tmp_path / "model.striate")
    assert [layer.trainable for layer in load(tmp_path / "model.striate").layers] == [
        False, True, True, True, True,
    ]  # fmt: skip
    functional = Model(model.input, model.output)
    functional.save(tmp_path / "model.striate")
    again = load(tmp_path / "model.striate")
    assert len(again.trainable_weights) == 4


def test_what_compile_holds_comes_back(tmp_path):
    model, _ = stack()
    model.compile(
        optimizers.Adam(0.02, beta_1=0.8, clipnorm=1.0),
        losses.SparseCategoricalCrossentropy(ignore_class=-1),
        metrics=["accuracy", metrics.SparseTopKCategoricalAccuracy(k=2, name="top2")],
        precision="float32",
    )
    model.save(tmp_path / "model.striate")
    again = load(tmp_path / "model.striate").compiled
    assert again.get_config() == model.compiled.get_config()
    assert again.optimizer.beta_1 == 0.8
    assert again.loss.ignore_class == -1
    assert (again.metrics[0], again.metrics[1].k, again.metrics[1].name) == ("accuracy", 2, "top2")
    assert again.precision == "float32"
    assert load(tmp_path / "model.striate", compile=False).compiled is None


def test_a_loaded_model_trains_on(tmp_path):
    model, images = stack()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], precision="float32")
    model.fit(images, [0, 1, 2, 0], verbose=0)
    model.save(tmp_path / "model.striate")
    again = load_model(tmp_path / "model.striate")
    assert again.evaluate(images, [0, 1, 2, 0], verbose=0) == model.evaluate(images, [0, 1, 2, 0], verbose=0)
    again.fit(images, [0, 1, 2, 0], verbose=0)


def test_lists_and_dicts_of_losses_come_back(tmp_path):
    model, _ = several()
    model.compile("adam", {"one": "mse", "two": None}, loss_weights={"one": 0.5}, metrics={"two": ["mae"]})
    model.save(tmp_path / "model.striate")
    again = load(tmp_path / "model.striate", custom={"Sum": Sum}).compiled
    assert again.loss["one"].name == "mean_squared_error"
    assert again.loss["two"] is None
    assert (again.loss_weights, again.metrics) == ({"one": 0.5}, {"two": ["mae"]})


def furthest(y_true, y_pred):
    return (y_true - y_pred).abs().amax(-1)


def test_functions_of_a_persons_own_are_offered_by_name(tmp_path):
    model = Sequential([Input((4,)), Dense(2)])
    model.compile("sgd", furthest, metrics=[furthest])
    model.save(tmp_path / "model.striate")
    again = load(tmp_path / "model.striate", custom={"furthest": furthest})
    assert again.compiled.loss.fn is furthest
    assert again.evaluate(ROWS, ROWS[:, :2], verbose=0)
    with pytest.raises(UnknownNameError, match=r"furthest.*offered as load\(path, custom="):
        load(tmp_path / "model.striate")


def test_a_lambda_as_loss_cannot_be_written(tmp_path):
    model = Sequential([Input((4,)), Dense(2)])
    model.compile("sgd", lambda y_true, y_pred: y_pred.mean(-1))
    with pytest.raises(ArgumentError, match=r"this loss cannot be written to a file"):
        model.save(tmp_path / "model.striate")
    assert list(tmp_path.iterdir()) == []


def test_class_names_preprocessing_range_and_provenance_come_back(tmp_path):
    model, images = stack()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(images, [0, 1, 2, 0], verbose=0)
    model.class_names = ["ant", "bee", "cat"]
    model.preprocessing = {"rescale": 1 / 255}
    model.provenance = {"data": "made up"}
    model.save(tmp_path / "model.striate")
    again = load(tmp_path / "model.striate")
    assert again.class_names == ["ant", "bee", "cat"]
    assert again.preprocessing == {"rescale": 1 / 255}
    assert again.provenance["data"] == "made up"
    assert again.provenance["torch"]
    assert again.input_range == model.input_range == (float(images.min()), float(images.max()))


def test_a_layer_of_a_persons_own_comes_back_through_custom(tmp_path):
    model = Sequential([Input((4,)), Scale(3.0), Dense(2)])
    model.layers[0].set_weights([np.float32(5)])
    model.save(tmp_path / "model.striate")
    again = load(tmp_path / "model.striate", custom={"Scale": Scale})
    assert again.layers[0].factor == 3.0
    assert np.array_equal(again(ROWS), model(ROWS))


def test_without_custom_the_missing_layer_is_named(tmp_path):
    Sequential([Input((4,)), Scale()]).save(tmp_path / "model.striate")
    with pytest.raises(UnknownNameError, match=r"model\.striate: there is no layer called 'Scale'") as caught:
        load(tmp_path / "model.striate")
    assert "load(path, custom={'Name': Name})" in str(caught.value)


def test_custom_takes_layer_classes(tmp_path):
    Sequential([Input((4,)), Scale()]).save(tmp_path / "model.striate")
    with pytest.raises(FileFormatError, match=r"'Scale' is offered in custom=.* but is no Layer class"):
        load(tmp_path / "model.striate", custom={"Scale": dict})


def test_a_subclassed_model_comes_back_through_custom(tmp_path):
    model = Own(units=5)
    before = model(ROWS)
    model.save(tmp_path / "model.striate")
    again = load(tmp_path / "model.striate", custom={"Own": Own})
    assert isinstance(again, Own)
    assert again.units == 5
    assert np.array_equal(again(ROWS), before)
    with pytest.raises(UnknownNameError, match=r"no layer called 'Own'"):
        load(tmp_path / "model.striate")


def test_a_layer_of_two_models_at_once_is_not_saved_as_two(tmp_path):
    shared, first, second = Dense(3, name="shared"), Input((4,)), Input((4,))
    inner = Model(first, shared(first), name="inner")
    outer = Model(second, [inner(second), shared(second)], name="outer")
    for use in (lambda: outer.save(tmp_path / "model.striate"), lambda: clone_model(outer)):
        with pytest.raises(ArgumentError, match=r"layer 'shared' belongs to two models at once"):
            use()
    outer.save_weights(tmp_path / "some.safetensors")
    outer.load_weights(tmp_path / "some.safetensors")


def test_a_model_without_weights_is_not_saved(tmp_path):
    with pytest.raises(StateError, match=r"model 'early' has no weights yet.*before saving"):
        Sequential([Dense(2)], name="early").save(tmp_path / "model.striate")


def test_a_torch_module_inside_is_not_saved(tmp_path):
    model = Sequential([Input((4,)), TorchModule(torch.nn.Linear(4, 2), data_format="channels_last")])
    with pytest.raises(ArgumentError, match=r"whose code cannot be saved"):
        model.save(tmp_path / "model.striate")


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_foreign_suffix_gets_advice(name, tmp_path):
    model, _ = stack()
    with pytest.raises(ArgumentError, match=r"\.striate"):
        model.save(tmp_path / name)
    with pytest.raises(ArgumentError, match=r"\.(keras|h5)"):
        model.save_weights(tmp_path / name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"absent\.striate"):
        striate.load(tmp_path / "absent.striate")


def test_every_one_of_2000_flipped_bits_is_noticed(tmp_path):
    path = tmp_path / "model.striate"
    model = Sequential([Input((4,)), Dense(3, activation="relu"), Dense(2)])
    model.compile("adam", "mse")
    model.save(path)
    whole = bytearray(path.read_bytes())
    draw = np.random.default_rng(0)
    for bit in draw.choice(len(whole) * 8, 2000, replace=False):
        whole[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(whole)
        with pytest.raises(FileFormatError, match=r"model\.striate"):
            load(path)
        whole[bit // 8] ^= 1 << (bit % 8)
    path.write_bytes(whole)
    assert load(path).count_params() == 23


def set_units(graph, value):
    graph["model"]["config"]["layers"][0]["config"]["units"] = value


NONSENSE = {
    "no model": lambda graph: graph.pop("model"),
    "no layers": lambda graph: graph["model"]["config"].pop("layers"),
    "layers that are no list": lambda graph: graph["model"]["config"].update(layers=7),
    "a layer without a class": lambda graph: graph["model"]["config"]["layers"][0].pop("class_name"),
    "a class that is a list": lambda graph: graph["model"]["config"]["layers"][0].update(class_name=[]),
    "units of text": lambda graph: set_units(graph, "many"),
    "units that no machine can hold": lambda graph: set_units(graph, 2**60),
    "units beyond 64 bits": lambda graph: set_units(graph, 10**30),
    "an input without sizes": lambda graph: graph["model"]["config"]["input"].update(batch_shape=[]),
    "a range of three": lambda graph: graph.update(input_range=[1, 2, 3]),
    "a compile entry that is a number": lambda graph: graph.update(compile=3),
    "an optimizer without a class": lambda graph: graph.update(compile={"optimizer": {}}),
    "a loss of another kind": lambda graph: graph.update(compile={"loss": {"class_name": "Dense"}}),
    "another network": lambda graph: set_units(graph, 4),
    "a model in itself that is text": lambda graph: graph.update(model="Sequential"),
}


@pytest.mark.parametrize("change", NONSENSE.values(), ids=NONSENSE.keys())
def test_a_graph_that_makes_no_sense_is_refused_in_words(change, tmp_path):
    path = tmp_path / "model.striate"
    model = Sequential([Input((4,)), Dense(3), Dense(2)])
    model.save(path)
    content = read_model_file(path)
    graph = json.loads(json.dumps(content.graph))
    change(graph)
    write_model_file(path, replace(content, graph=graph))
    with pytest.raises((FileFormatError, ArgumentError, ShapeError), match=r"model\.striate: "):
        load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config["calls"][0].update(layer="absent"),
        lambda config: config["calls"][0].update(inputs={"$call": 5, "part": 0}),
        lambda config: config.update(outputs={"$call": 0, "part": 3}),
        lambda config: config.update(outputs=3),
        lambda config: config.update(inputs=[]),
        lambda config: config.pop("calls"),
    ],
)
def test_a_functional_graph_that_makes_no_sense_is_refused_in_words(change, tmp_path):
    path = tmp_path / "model.striate"
    inputs = Input((4,))
    Model(inputs, Dense(2)(inputs)).save(path)
    content = read_model_file(path)
    change(content.graph["model"]["config"])
    write_model_file(path, content)
    with pytest.raises((FileFormatError, ArgumentError, ShapeError), match=r"model\.striate: "):
        load(path)


def test_the_error_of_a_senseless_graph_says_what_went_wrong(tmp_path):
    path = tmp_path / "model.striate"
    Sequential([Input((4,)), Dense(2)]).save(path)
    content = read_model_file(path)
    content.graph["model"]["config"]["layers"][0]["config"]["kernel_initializer"]["config"] = [1]
    write_model_file(path, content)
    with pytest.raises(FileFormatError, match=r"in this file makes no sense \(TypeError: .*dictionary"):
        load(path)


def test_weights_of_another_network_are_refused(tmp_path):
    path = tmp_path / "model.striate"
    Sequential([Input((4,)), Dense(2, name="only")]).save(path)
    content = read_model_file(path)
    content.weights["only/bios"] = content.weights.pop("only/bias")
    write_model_file(path, content)
    with pytest.raises(FileFormatError, match=r"do not belong to this network: missing \['only/bias'\]"):
        load(path)


def test_fill_weights_writes_all_or_none():
    model = Sequential([Input((4,)), Dense(2, name="only")])
    before = model.get_weights()
    with pytest.raises(ShapeError, match=r"here: weight 'only/bias' has shape \(2,\) but got \(3,\)"):
        fill_weights(model, {"only/kernel": np.ones((4, 2)), "only/bias": np.ones(3)}, "here")
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("make", [stack, several, nested])
def test_a_clone_has_the_structure_and_new_weights(make):
    model, data = make()
    cloned = clone_model(model)
    assert cloned.get_config() == model.get_config()
    kernels = [weight.ndim > 1 for weight in model.get_weights()]
    changed = [
        not np.array_equal(old, new)
        for old, new in zip(model.get_weights(), cloned.get_weights(), strict=True)
    ]
    assert changed == kernels
    assert len(flat(cloned(data))) == len(flat(model(data)))


def test_a_clone_finds_the_classes_of_the_model_itself():
    model = Sequential([Input((4,)), Scale(3.0), Dense(2, kernel_regularizer=regularizers.L2(0.1))])
    assert clone_model(model).layers[0].factor == 3.0
    assert clone_model(Own(units=7)).units == 7


def test_training_goes_on_after_loading_as_if_it_had_not_stopped(tmp_path):
    x = np.random.default_rng(0).random((8, 4), np.float32)
    y = x[:, :1]

    def make():
        set_random_seed(1)
        model = Sequential([Input((4,)), Dense(3, activation="tanh"), Dense(1)])
        model.compile("adam", "mse", precision="float32")
        return model

    def train(model, epochs):
        model.fit(x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=0)

    whole, first = make(), make()
    train(whole, 4)
    train(first, 2)
    first.save(tmp_path / "half.striate")
    second = load(tmp_path / "half.striate")
    train(second, 2)
    for one, other in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert second.optimizer.iterations == 8


def test_a_file_that_is_only_to_be_used_leaves_the_optimiser_out(tmp_path):
    model = Sequential([Input((40,)), Dense(40)])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 40)), np.ones((4, 40)), verbose=0)
    model.save(tmp_path / "whole.striate")
    model.save(tmp_path / "lean.striate", include_optimizer=False)
    sizes = [(tmp_path / name).stat().st_size for name in ("whole.striate", "lean.striate")]
    assert sizes[0] > 2 * sizes[1]
    assert load(tmp_path / "lean.striate").optimizer.iterations == 0


def test_what_was_remembered_of_other_weights_is_not_written(tmp_path):
    model = Sequential([Input((4,)), Dense(3), Dense(1)])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0)
    model.layers[0].trainable = False
    model.save(tmp_path / "frozen.striate")
    assert load(tmp_path / "frozen.striate").optimizer.iterations == 0


def test_an_optimiser_of_torch_is_left_out_and_that_is_said(tmp_path, capsys):
    model = Sequential([Input((4,)), Dense(1)])
    model.compile(torch.optim.SGD(model.parameters(), lr=0.1), "mse")
    model.save(tmp_path / "plain.striate")
    assert "compile again after loading" in capsys.readouterr().out
    assert load(tmp_path / "plain.striate").compiled is None


def test_weights_of_another_kind_of_number_are_refused(tmp_path):
    path = tmp_path / "model.striate"
    Sequential([Input((4,)), Dense(2, name="only")]).save(path)
    content = read_model_file(path)
    content.weights["only/bias"] = np.zeros(2, np.int64)
    write_model_file(path, content)
    with pytest.raises(FileFormatError, match=r"weight 'only/bias' is of float32, but the file has int64"):
        load(path)


def test_a_place_in_the_graph_that_is_none_is_refused(tmp_path):
    path = tmp_path / "model.striate"
    inputs = Input((4,))
    Model(inputs, Dense(2)(inputs)).save(path)
    for changes, words in (
        ({"outputs": {"$call": True, "part": 0}}, r"a call takes part 0 of call True, and no earlier one"),
        ({"outputs": {"$input": 7}}, r"a call takes part 0 of input 7, and no earlier one has such a part"),
        ({"outputs": "call"}, r"expected places in the graph, or lists and tables of them; got 'call'"),
    ):
        content = read_model_file(path)
        content.graph["model"]["config"].update(changes)
        write_model_file(path, content)
        with pytest.raises(FileFormatError, match=words):
            load(path)
        path.unlink()
        Model(inputs, Dense(2)(inputs)).save(path)


def test_a_graph_that_is_no_model_or_has_no_input_is_refused(tmp_path):
    path = tmp_path / "model.striate"
    for change in (
        lambda graph: graph["model"]["config"].update(input=None),
        lambda graph: graph.update(model={"class_name": "ReLU", "config": {"name": "a"}}),
    ):
        Sequential([Input((4,)), Dense(2)]).save(path)
        content = read_model_file(path)
        change(content.graph)
        write_model_file(path, content)
        with pytest.raises(FileFormatError, match=r"the graph holds no model with the shape of its input"):
            load(path)


def test_more_weights_than_the_file_holds_are_refused_before_they_are_made(tmp_path):
    path = tmp_path / "model.striate"
    Sequential([Input((4,)), Dense(3), Dense(2)]).save(path)
    content = read_model_file(path)
    set_units(content.graph, 10**12)
    write_model_file(path, content)
    with pytest.raises(FileFormatError, match=r"'kernel' would take 4,000,000,000,000 numbers, but the file"):
        load(path)


def test_metrics_from_a_file_may_take_so_much_and_no_more(tmp_path):
    path = tmp_path / "model.striate"
    model = Sequential([Input((4,)), Dense(2)])
    model.compile("sgd", "mse", metrics=[metrics.MeanIoU(num_classes=3)])
    model.save(path)
    assert load(path).compiled.metrics[0].num_classes == 3
    content = read_model_file(path)
    content.graph["compile"]["metrics"][0]["config"]["num_classes"] = 10_000
    write_model_file(path, content)
    with pytest.raises(
        FileFormatError, match=r"would take 100,000,000 numbers, but those from a file may take"
    ):
        load(path)
    assert load(path, compile=False).compiled is None


def test_what_a_file_says_cannot_steer_a_terminal_and_has_an_end(tmp_path):
    path = tmp_path / "model.striate"
    Sequential([Input((4,)), Dense(2)]).save(path)
    for name in ("\x1b[2J\n", "x" * 90_000):
        content = read_model_file(path)
        content.graph["model"]["config"]["layers"][0]["class_name"] = name
        write_model_file(path, content)
        with pytest.raises(UnknownNameError, match=r"there is no layer called") as caught:
            load(path)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 2000


def test_loading_draws_nothing_at_random(tmp_path):
    model, _ = stack()
    model.save(tmp_path / "model.striate")
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    load(tmp_path / "model.striate")
    assert torch.equal(torch.rand(4), expected)
