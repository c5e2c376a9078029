from __future__ import annotations

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import striate
from striate.core.errors import ArgumentError, FileFormatError, UnknownNameError
from striate.layers import Layer
from striate.models import Sequential, load_model
from tests.artifacts.keras_writing import (
    BIAS,
    DENSE,
    KERNEL,
    functional,
    layer,
    sequential,
    write_h5,
    write_keras,
)

FOLDER = Path(__file__).parents[1] / "artifacts" / "keras_files"
NAMES = ("image", "signal", "volume", "words", "graph")
ROWS = np.array([[1.0, 2.0, 3.0, 4.0]], np.float32)


def stored(name):
    """The inputs that Keras was given, and what it answered."""
    with np.load(FOLDER / f"{name}.npz") as arrays:
        inputs = [arrays[key] for key in arrays if key.startswith("input")]
        return inputs if len(inputs) > 1 else inputs[0], [
            arrays[key] for key in arrays if key.startswith("out")
        ]


def farthest(model, name):
    inputs, wanted = stored(name)
    found = model(inputs)
    found = found if isinstance(found, list) else [found]
    return max(np.abs(one.numpy() - other).max() for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_keras_answers_as_keras_did(name, suffix):
    assert farthest(striate.load(FOLDER / (name + suffix)), name) <= 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_an_imported_model_is_saved_and_loaded_as_any_other(name, tmp_path):
    load_model(FOLDER / f"{name}.keras").save(tmp_path / "own.striate")
    assert farthest(striate.load(tmp_path / "own.striate"), name) <= 1e-5


def test_an_imported_model_keeps_names_settings_and_frozen_layers():
    model = striate.load(FOLDER / "image.keras")
    assert isinstance(model, Sequential)
    assert model.name == "image"
    assert model.layers[1].seed == 1
    assert model.get_layer("conv2d").kernel_regularizer.get_config() == {"l2": pytest.approx(0.01)}
    assert model.get_layer("dropout").rate == 0.5
    assert model.provenance["keras"].startswith("3.")
    graph = striate.load(FOLDER / "graph.h5")
    assert [tensor.name for tensor in graph.inputs] == ["left", "right"]
    assert not graph.get_layer("still").layers[0].trainable
    assert graph.get_layer("still").layers[1].trainable


def test_a_layer_used_twice_stays_one_layer():
    graph = striate.load(FOLDER / "graph.keras")
    assert len(graph.get_layer("shared").nodes) == 2
    assert len(graph.get_layer("tower").nodes) == 2


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_loss_metrics_and_optimiser_come_along(suffix):
    model = striate.load(FOLDER / f"image{suffix}")
    assert model.optimizer.learning_rate == pytest.approx(0.01)
    assert type(model.compiled.loss).__name__ == "SparseCategoricalCrossentropy"
    assert model.compiled.metrics == ["accuracy"]
    inputs, _ = stored("image")
    model.fit(inputs, np.array([0, 1]), verbose=0)
    assert striate.load(FOLDER / f"image{suffix}", compile=False).compiled is None


def test_what_has_no_counterpart_is_not_compiled_and_said(capsys):
    assert striate.load(FOLDER / "words.keras").compiled is None
    assert (
        "loaded but not compiled: its loss, metrics or optimiser have no counterpart"
        in capsys.readouterr().err
    )


def test_settings_of_training_that_are_no_table_are_said(tmp_path, capsys):
    assert striate.load(write_h5(tmp_path / "x.h5", training=[1])).compiled is None
    assert "its settings of training cannot be read" in capsys.readouterr().err


def as_keras_2(config):
    """The same network in the words of Keras 2, whose nested models count their first call."""
    if isinstance(config, list):
        return [as_keras_2(part) for part in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "DTypePolicy":
        return config["config"]["name"]
    config = {
        key: as_keras_2(part) for key, part in config.items() if key not in ("module", "registered_name")
    }
    if config.get("class_name") == "InputLayer":
        config["config"]["batch_input_shape"] = config["config"].pop("batch_shape")
    inside = config.get("layers")
    if isinstance(inside, list) and "output_layers" in config:
        _renumber(config, {one["name"] for one in inside if "layers" in one["config"]})
    return config


def _renumber(config, models):
    def old(value, options=None):
        name, node, part = value["config"]["keras_history"]
        return [name, node + (name in models), part, options or {}]

    for one in config["layers"]:
        nodes = []
        for node in one["inbound_nodes"]:
            inputs = node["args"][0]
            options = {key: value for key, value in node["kwargs"].items() if value is not None}
            many = isinstance(inputs, list)
            nodes.append([old(each, options) for each in inputs] if many else [old(inputs, options)])
        one["inbound_nodes"] = nodes
    for key in ("input_layers", "output_layers"):
        ends = config[key]
        config[key] = [ends] if isinstance(ends[0], str) else ends


@pytest.mark.parametrize("name", ["image", "signal", "volume", "words"])
def test_the_words_of_keras_2_mean_the_same(name, tmp_path):
    path = tmp_path / "old.h5"
    shutil.copy(FOLDER / f"{name}.h5", path)
    with h5py.File(path, "r+") as file:
        text = json.dumps(as_keras_2(json.loads(file.attrs["model_config"])))
        file.attrs["model_config"] = text.encode()
        assert "__keras_tensor__" not in text
    assert farthest(striate.load(path), name) <= 1e-5


def old_layer(kind, name, nodes=(), **config):
    return {
        "class_name": kind,
        "name": name,
        "config": {"name": name, **config},
        "inbound_nodes": list(nodes),
    }


def test_a_model_inside_a_graph_of_keras_2_counts_its_first_call(tmp_path):
    inner = functional(
        [
            old_layer("InputLayer", "inside", batch_input_shape=[None, 4]),
            old_layer("Dense", "dense", [[["inside", 0, 0, {}]]], units=4),
        ],
        [["inside", 0, 0]],
        [["dense", 0, 0]],
    )
    layers = [
        old_layer("InputLayer", "entry", batch_input_shape=[None, 4]),
        {
            **inner,
            "name": "net",
            "inbound_nodes": [[["entry", 0, 0, {}]], [["net", 1, 0, {"training": False}]]],
        },
        old_layer("Add", "add", [[["net", 1, 0, {}], ["net", 2, 0, {}]]]),
    ]
    config = functional(layers, [["entry", 0, 0]], [["add", 0, 0]], name="outer")
    square = np.eye(4, dtype=np.float32) * 2
    lists = {"net": {"dense/kernel:0": square, "dense/bias:0": np.zeros(4, np.float32)}}
    model = striate.load(write_h5(tmp_path / "x.h5", config, lists))
    assert model(ROWS).tolist() == [[6.0, 12.0, 18.0, 24.0]]


def test_a_layer_of_ones_own_is_offered_by_name(tmp_path):
    class Doubling(Layer):
        def __init__(self, times=2, **options):
            super().__init__(**options)
            self.times = times

        def call(self, inputs):
            return inputs * self.times

    own = {**layer("Doubling", "own", times=3), "module": "mine", "registered_name": "Mine>Doubling"}
    path = write_keras(tmp_path / "x.keras", sequential(own), {})
    with pytest.raises(
        UnknownNameError, match=r"'Doubling' of the module 'mine', registered as 'Mine>Doubling'"
    ):
        striate.load(path)
    assert striate.load(path, custom={"Doubling": Doubling})(ROWS).tolist() == [[3.0, 6.0, 9.0, 12.0]]
    assert striate.load(path, {"Mine>Doubling": Doubling}).layers[0].times == 3
    with pytest.raises(FileFormatError, match=r"is offered in custom=.* but is no Layer class"):
        striate.load(path, {"Doubling": print})


def refused(path, words, kind=(FileFormatError, UnknownNameError)):
    with pytest.raises(kind, match=words) as caught:
        striate.load(path)
    assert path.name in str(caught.value)


CODE = {"class_name": "__lambda__", "config": {"value": "4wEAAAAAAAAA"}}
HOSTILE = {
    "a Lambda layer": (layer("Lambda", "evil", function=CODE), "'evil' .Lambda. is a Lambda layer"),
    "a lambda as activation": (
        layer("Dense", "d", units=2, activation=CODE),
        "is a function and so holds a program",
    ),
    "a function as activation": (
        layer(
            "Dense", "d", units=2, activation={"module": "builtins", "class_name": "function", "config": "x"}
        ),
        "is a function and so holds a program",
    ),
    "a module to import": (
        {"module": "os", "class_name": "system", "config": {"command": "touch marker"}},
        "of the class 'system' of the module 'os'",
    ),
    "a module of a known name": (
        {**layer("Dense", "d", units=2), "module": "evil.keras"},
        "'Dense' of the module 'evil.keras'",
    ),
    "a registered class of a known name": (
        {**layer("Dense", "d", units=2), "registered_name": "evil>Dense"},
        "'Dense', registered as 'evil>Dense'",
    ),
    "an initializer to import": (
        layer(
            "Dense", "d", units=2, kernel_initializer={"module": "evil", "class_name": "Zeros", "config": {}}
        ),
        "kernel_initializer of layer 'd' .Dense. is of the class 'Zeros' of the module 'evil'",
    ),
    "an unknown layer": (layer("MultiHeadAttention", "m"), "a class that Striate has no layer for"),
    "a layer of ours only": (layer("TorchModule", "m"), "a class that Striate has no layer for"),
    "a name that is no class's": (layer("dense", "d", units=2), "a class that Striate has no layer for"),
    "an absurd size": (
        layer("Dense", "d", units=10**9),
        "would take 4,000,000,000 numbers, but the file holds 10",
    ),
    "an absurd embedding": (layer("Embedding", "d", input_dim=10**6, output_dim=10**6), "would take"),
    "an absurd output": (layer("RepeatVector", "d", n=10**9), "which fits into no memory"),
    "an unknown setting": (layer("Dense", "d", units=2, spin=1), "has the setting spin=1"),
    "quantized weights": (
        layer("Dense", "d", units=2, dtype="int4_from_float32"),
        "has the dtype 'int4_from",
    ),
    "renorm": (layer("BatchNormalization", "b", renorm=True), "has the setting renorm=True"),
    "no config": ({"class_name": "Dense"}, "has no config"),
    "no class": ({"config": {"name": "x"}}, "which names no class"),
    "no description": ("Dense", "a layer is described by Dense"),
    "a setting that is a table": (layer("Dense", "d", units={"x": 1}), "which is no setting of a layer"),
    "a config that is a text": (
        layer("Dense", "d", units=2, kernel_regularizer={"class_name": "L2", "config": "x"}),
        "which is no config",
    ),
    "an activation layer with weights": (
        layer("Dense", "d", units=2, activation=layer("PReLU", "p")),
        "the activation of layer 'd' .Dense. is the layer 'PReLU'",
    ),
    "nonsense": (layer("Dense", "d", units="many"), "units|makes no sense"),
    "a name with a slash": (layer("Dense", "../d", units=2), "without '/'"),
}


@pytest.mark.parametrize(("spec", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_layer_is_refused_by_name(spec, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (
        write_keras(tmp_path / "x.keras", sequential(spec)),
        write_h5(tmp_path / "x.h5", sequential(spec)),
    ):
        refused(path, words, (FileFormatError, ArgumentError))
    assert not (tmp_path / "marker").exists()


INPUTS = {
    "sparse": ({"batch_shape": [None, 4], "sparse": True}, "takes sparse data"),
    "ragged": ({"batch_shape": [None, 4], "ragged": True}, "takes ragged data"),
    "no shape": ({}, "has no shape: None"),
    "text in the shape": ({"batch_shape": [None, "x"]}, "has no shape"),
    "absurd": ({"batch_shape": [None, 10**6, 10**6]}, "which fits into no memory"),
}


@pytest.mark.parametrize(("config", "words"), INPUTS.values(), ids=INPUTS)
def test_an_input_that_there_cannot_be_is_refused(config, words, tmp_path):
    spec = sequential()
    spec["config"]["layers"] = [layer("InputLayer", "entry", **config), layer("Dense", "dense", units=2)]
    refused(write_keras(tmp_path / "x.keras", spec), words)


MODELS = {
    "a class of a model of one's own": (
        {**DENSE, "module": "mine", "class_name": "Mine"},
        "of the module 'mine'",
    ),
    "no model": (layer("Dense", "d", units=2), "is no model that is made of layers"),
    "no layers": ({"class_name": "Sequential", "config": {"name": "x"}}, "has no layers"),
    "models without end": (None, "models deeper inside"),
}


@pytest.mark.parametrize(("config", "words"), MODELS.values(), ids=MODELS)
def test_what_is_no_model_is_refused(config, words, tmp_path, monkeypatch):
    if config is None:
        monkeypatch.setattr("striate.models.keras_import_graph._DEEPEST", 3)
        config = DENSE
        for depth in range(4):
            config = sequential(config, name=f"net_{depth}")
    refused(write_keras(tmp_path / "x.keras", config), words)


def test_very_old_files_list_the_layers_alone(tmp_path):
    first = layer("Dense", "dense", units=2, batch_input_shape=[None, 4])
    model = striate.load(write_h5(tmp_path / "x.h5", {"class_name": "Sequential", "config": [first]}))
    assert model(ROWS).tolist() == (ROWS @ KERNEL + BIAS).tolist()


def test_an_activation_layer_inside_a_layer_follows_it(tmp_path):
    spec = layer("Dense", "dense", units=2, activation=layer("LeakyReLU", "x", negative_slope=0.5))
    model = striate.load(write_keras(tmp_path / "x.keras", sequential(spec)))
    assert [one.name for one in model.layers] == ["dense", "dense_activation"]
    wanted = -ROWS @ KERNEL + BIAS
    assert (wanted < 0).all()
    assert model(-ROWS).tolist() == (wanted / 2).tolist()
