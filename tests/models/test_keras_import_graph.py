from __future__ import annotations

import numpy as np
import pytest

import striate
from striate.core.errors import FileFormatError, UnknownNameError
from tests.artifacts.keras_writing import call, functional, layer, sequential, tensor, write_h5, write_keras

ROWS = np.array([[1.0, -2.0]], np.float32)


def operation(kind, name, *arguments, module="keras.src.ops.numpy", **config):
    full = {"module": module, "class_name": kind, "config": {"name": name, **config}, "registered_name": kind}
    return {**full, "name": name, "inbound_nodes": [call(*arguments)]}


def node(kind, name, *calls, **config):
    return {**layer(kind, name, **config), "name": name, "inbound_nodes": list(calls)}


ENTRY = node("InputLayer", "entry", batch_shape=[None, 2])
X = tensor("entry")


def graph(*layers, output="last", **config):
    return functional([ENTRY, *layers], ["entry", 0, 0], [output, 0, 0], **config)


def answer(path):
    return striate.load(path)(ROWS).tolist()


OPERATIONS = {
    "x + 1": (operation("Add", "last", X, 1), [[2, -1]]),
    "1 - x": (operation("Subtract", "last", 1, X), [[0, 3]]),
    "x - x": (operation("Subtract", "last", X, X), [[0, 0]]),
    "2 * x": (operation("Multiply", "last", 2.0, X), [[2, -4]]),
    "x / 2": (operation("TrueDivide", "last", X, 2), [[0.5, -1]]),
    "x / x": (operation("Divide", "last", X, X), [[1, 1]]),
    "x ** 2": (operation("Power", "last", X, 2), [[1, 4]]),
    "-x": (operation("Negative", "last", X), [[-1, 2]]),
    "relu": (operation("Relu", "last", X, module="keras.src.ops.nn"), [[1, 0]]),
    "leaky relu": (operation("LeakyRelu", "last", X, module="keras.ops.nn", negative_slope=0.5), [[1, -1]]),
}


@pytest.mark.parametrize(("spec", "wanted"), OPERATIONS.values(), ids=OPERATIONS)
def test_arithmetic_on_tensors_becomes_layers(spec, wanted, tmp_path):
    assert answer(write_keras(tmp_path / "x.keras", graph(spec), {})) == wanted
    del spec["module"]  # as in the older file
    if spec["class_name"] != "LeakyRelu":
        assert answer(write_h5(tmp_path / "x.h5", graph(spec), {})) == wanted


def test_inputs_may_come_by_name_and_outputs_in_any_structure(tmp_path):
    named = node("Rescaling", "last", {"args": [], "kwargs": {"inputs": X, "mask": None}}, scale=2.0)
    config = functional([ENTRY, named], {"one": ["entry", 0, 0]}, {"all": [["last", 0, 0], ["entry", 0, 0]]})
    found = striate.load(write_keras(tmp_path / "x.keras", config, {}))({"one": ROWS})
    assert [one.tolist() for one in found["all"]] == [[[2, -4]], [[1, -2]]]


def test_layers_may_stand_in_any_order(tmp_path):
    later = [node("Rescaling", name, call(tensor(of)), scale=2.0) for name, of in (("last", "b"), ("b", "a"))]
    config = graph(*later, node("Rescaling", "a", call(X), scale=2.0))
    assert answer(write_keras(tmp_path / "x.keras", config, {})) == [[8, -16]]


def double(name, *calls):
    inner = functional(
        [ENTRY, node("Rescaling", "scale", call(X), scale=2.0)], ["entry", 0, 0], ["scale", 0, 0], name=name
    )
    return {**inner, "name": name, "inbound_nodes": list(calls)}


@pytest.mark.parametrize("first", [0, 1])
def test_calls_of_a_model_inside_are_counted_from_0_or_from_1(first, tmp_path):
    inner = double("double", call(X), call(tensor("double", first)))
    added = node("Add", "sum", call([tensor("double", first), tensor("double", first + 1)]))
    assert answer(write_keras(tmp_path / "x.keras", graph(inner, added, output="sum"), {})) == [[6, -12]]


def test_an_output_that_is_a_model_inside_is_counted_from_1(tmp_path):
    config = graph(double("double", call(X), call(tensor("double"))))
    config["config"]["output_layers"] = ["double", 2, 0]
    assert answer(write_keras(tmp_path / "x.keras", config, {})) == [[4, -8]]


def refused(config, words, tmp_path):
    path = write_keras(tmp_path / "x.keras", config, {})
    with pytest.raises((FileFormatError, UnknownNameError), match=words):
        striate.load(path)


def last(*arguments, **options):
    return node("Add", "last", {"args": list(arguments), "kwargs": options})


BROKEN = {
    "a circle": (
        graph(node("ReLU", "a", call(tensor("last"))), node("ReLU", "last", call(tensor("a")))),
        "goes in a circle, or needs what there is not, at 'a'",
    ),
    "nothing before it": (graph(node("ReLU", "last", call(tensor("other")))), "at 'last'"),
    "a part too many": (
        graph(node("ReLU", "last", call(tensor("entry", 0, 1)))),
        "an output of 'entry' that there is",
    ),
    "an output too many": (graph(output="other"), "an output of 'other' that there is not"),
    "two of a name": (
        graph(node("ReLU", "last", call(X)), node("ReLU", "last", call(X))),
        "two layers called 'last'",
    ),
    "a mask": (graph(last([X, X], mask=X)), "takes masks or further inputs"),
    "a second input": (graph(last(X, X)), "takes 2 inputs, not one or a list"),
    "no dict": (graph({**last(), "inbound_nodes": [7]}), "a call of 'last' is described by 7"),
    "no arguments": (graph({**last(), "inbound_nodes": [{"args": 1}]}), "a call of 'last' is described by"),
    "an odd tensor": (
        graph(last({"class_name": "__keras_tensor__", "config": {"keras_history": [1]}})),
        "a tensor is",
    ),
    "an odd argument": (graph(last({"class_name": "Evil", "config": {}})), "no tensor and no number"),
    "an old call with half a reference": (
        graph({**last(), "inbound_nodes": [[["entry", 0, 0, {}], ["x"]]]}),
        "described",
    ),
    "an unknown operation": (graph(operation("Fft", "last", X)), "operation 'last' .Fft. has no layer"),
    "an operation with settings": (
        graph(operation("Gelu", "last", X, module="keras.src.ops.nn", approximate=True)),
        "no layer in Striate with .'approximate': True",
    ),
    "an operation on a number": (graph(operation("Relu", "last", 3)), "on something else than a tensor"),
    "an operation on three": (graph(operation("Add", "last", X, X, X)), "takes two things, not 3"),
    "a power of two tensors": (
        graph(operation("Power", "last", X, X)),
        "has no layer here for what it is called on",
    ),
}


@pytest.mark.parametrize(("config", "words"), BROKEN.values(), ids=BROKEN)
def test_a_graph_that_there_cannot_be_is_refused(config, words, tmp_path):
    refused(config, words, tmp_path)


def test_models_that_call_models_many_times_are_refused_before_they_run(tmp_path):
    inner = double("level", *[call(X)] * 20)
    for level in range(5):
        calls = [call(X)] * 20
        inner = {
            **graph(inner, output="level", name=f"level_{level}"),
            "name": f"level_{level}",
            "inbound_nodes": calls,
        }
        inner["config"]["output_layers"] = [inner["config"]["layers"][1]["name"], 1, 0]
    refused(graph(inner, output="level_4"), "takes more than 100,000 steps", tmp_path)


def test_a_stack_of_models_that_take_too_many_steps_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("striate.models.keras_import_graph._MOST_STEPS", 3)
    layers = [layer("ReLU", f"relu_{number}") for number in range(4)]
    refused(sequential(*layers), "takes more than 3 steps", tmp_path)
