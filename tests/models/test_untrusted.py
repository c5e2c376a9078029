"""Only a graph that Striate would have written goes on to the layers."""

from __future__ import annotations

import copy

import pytest

from striate.core.errors import FileFormatError
from striate.models.untrusted import check_graph

RELU = {"class_name": "ReLU", "config": {"name": "relu"}}
STACK = {"name": "s", "trainable": True, "layers": [RELU], "input": None}
FUNCTIONAL = {
    "class_name": "Model",
    "config": {
        "name": "m",
        "trainable": True,
        "inputs": {"name": "in", "batch_shape": [None, 4], "dtype": "float32"},
        "layers": [RELU],
        "calls": [{"layer": "relu", "inputs": {"$input": 0}, "options": {}}],
        "outputs": {"$call": 0, "part": 0},
    },
}
GRAPH = {
    "model": {"class_name": "Sequential", "config": STACK},
    "built_shape": None,
    "compile": None,
    "input_range": None,
}


def changed(**entries):
    return {**copy.deepcopy(GRAPH), **entries}


def stack_of(layers, **others):
    return changed(model={"class_name": "Sequential", "config": {**STACK, "layers": layers, **others}})


def model_with(**entries):
    return changed(model={"class_name": "Model", "config": {**FUNCTIONAL["config"], **entries}})


@pytest.mark.parametrize(
    "graph",
    [
        GRAPH,
        changed(model=FUNCTIONAL, input_range=[0, 1.5], built_shape=[[None, 4], {"a": [None, 2]}]),
        # Somebody's own class may call its arguments as it likes.
        changed(model={"class_name": "Own", "config": {"layers": [64, 64], "calls": 3}}),
        changed(model={"class_name": "Own", "config": {"layers": [RELU, RELU, {"class_name": "ReLU"}]}}),
        changed(model={"class_name": "ReLU", "config": {"seed": 2**64 - 1}}),
    ],
)
def test_graphs_as_they_are_written_pass(graph):
    check_graph(graph)


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (changed(modell=1), r"the graph has no entry 'modell'\. Did you mean 'model'\?"),
        ({"model": RELU}, "the graph lacks 'built_shape'"),
        (changed(model=[]), "a layer is a list, not a table of class_name, config"),
        (
            changed(model={"class_name": "ReLU", "config": []}),
            "not written as the name of a class and a table",
        ),
        (changed(model={"class_name": 1, "config": {}}), "not written as the name of a class and a table"),
        (stack_of([RELU], layer=1), r"a Sequential has no entry 'layer'\. Did you mean 'layers'"),
        (stack_of({}), "the layers of a network are not a list"),
        (stack_of([RELU, RELU]), "have names of their own; 'relu' is none"),
        (stack_of([{"class_name": "ReLU", "config": {}}]), "have names of their own; 'None' is none"),
        (model_with(calls={}), "the calls of a network are not a list"),
        (model_with(calls=[{"layer": "relu"}]), "a call lacks 'inputs'"),
        (
            model_with(calls=[{"layer": "rely", "inputs": [], "options": {}}]),
            r"a call is of layer 'rely', which the network has not\. Did you mean 'relu'",
        ),
        (changed(compile={"x" * 201: 1}), r"the graph has a name of 201 characters: 'x{40}'\.\.\."),
        (changed(compile={"loss": "x" * 100_001}), "'loss' in the graph is a text of 100,001 characters"),
        (changed(compile={"loss": [-(2**64)]}), "'loss' in the graph is a number beyond 64 bits"),
        (changed(compile={"dtype": "complex64"}), "'complex64' is no dtype of a file; there are float64"),
        (changed(built_shape=[None, "4"]), "the shape that the network was built for holds '4'"),
        (changed(built_shape=[None, True]), "the shape that the network was built for holds True"),
        (changed(input_range=[0]), r"the range of the inputs is not two numbers: \[0\]"),
        (changed(input_range=[0, "1"]), "the range of the inputs is not two numbers"),
    ],
)
def test_others_are_refused_in_words(graph, words):
    with pytest.raises(FileFormatError, match=words):
        check_graph(graph)


def test_more_layers_than_any_network_has_are_refused():
    layers = [{"class_name": "ReLU", "config": {"name": f"r{number}"}} for number in range(10_000)]
    check_graph(stack_of(layers[:-1]))
    with pytest.raises(FileFormatError, match=r"the graph names 10,001 layers; Striate reads up to 10,000"):
        check_graph(stack_of(layers))


def test_steps_of_networks_that_are_called_many_times_multiply():
    inner = RELU
    name = "relu"
    for level in range(6):
        call = {"layer": name, "inputs": {"$input": 0}, "options": {}}
        config = {**FUNCTIONAL["config"], "name": f"m{level}", "layers": [inner], "calls": [call] * 10}
        if level < 4:
            check_graph(changed(model={"class_name": "Model", "config": config}))
        inner, name = {"class_name": "Model", "config": config}, f"m{level}"
    with pytest.raises(FileFormatError, match=r"takes more than 30,000 steps, as networks in it are called"):
        check_graph(changed(model=inner))
