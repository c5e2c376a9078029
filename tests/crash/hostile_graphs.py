"""Model files that are whole and sealed, and whose contents no honest program would write."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.crash.mutations import Contents, json_text, sealed_zip

Graph = dict[str, Any]
HUGE = 10**12


def first_layer(graph: Graph) -> dict[str, Any]:
    return graph["model"]["config"]["layers"][0]


def with_layer(class_name: Any, config: Any, **beside: Any) -> Callable[[Graph], None]:
    """Put another layer in place of the first."""

    def change(graph: Graph) -> None:
        layers = graph["model"]["config"]["layers"]
        layers[0] = {"class_name": class_name, "config": config, **beside}

    return change


def with_argument(**arguments: Any) -> Callable[[Graph], None]:
    return lambda graph: first_layer(graph)["config"].update(arguments)


def with_compile(**arguments: Any) -> Callable[[Graph], None]:
    return lambda graph: graph.update(compile={"optimizer": "sgd", "loss": "mse", **arguments})


def with_input(shape: Any, *layers: dict[str, Any]) -> Callable[[Graph], None]:
    """Another input, and layers on it in place of those that were there."""

    def change(graph: Graph) -> None:
        config = graph["model"]["config"]
        config["input"]["batch_shape"] = shape
        config["layers"][:] = layers or config["layers"]

    return change


def layer(class_name: str, name: str, **arguments: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": name, **arguments}}


def network(name: str, layers: list[Any], calls: list[Any]) -> dict[str, Any]:
    """A functional network of one input in the words of a file."""
    inputs = {"name": f"input_{name}", "batch_shape": [None, 4], "dtype": "float32"}
    config = {"name": name, "trainable": True, "inputs": inputs, "layers": layers, "calls": calls}
    outputs = {"$call": len(calls) - 1, "part": 0}
    return {"class_name": "Model", "config": {**config, "outputs": outputs}}


def call(name: str, source: Any) -> dict[str, Any]:
    return {"layer": name, "inputs": source, "options": {}}


def called_many_times(depth: int, times: int) -> dict[str, Any]:
    """Networks in networks, each calling the next one several times: the steps multiply."""
    inner = layer("ReLU", "n0")
    for level in range(1, depth):
        sources = [{"$input": 0}, *({"$call": number, "part": 0} for number in range(times - 1))]
        inner = network(f"n{level}", [inner], [call(f"n{level - 1}", source) for source in sources])
    return inner


def ahead(graph: Graph) -> None:
    """Two calls that wait for each other."""
    calls = [call("a", {"$call": 1, "part": 0}), call("b", {"$call": 0, "part": 0})]
    graph["model"] = network("ring", [layer("ReLU", "a"), layer("ReLU", "b")], calls)


def in_itself(graph: Graph) -> None:
    """A network that has itself, by name, among its layers."""
    graph["model"] = network("loop", [layer("ReLU", "a")], [call("loop", {"$input": 0})])


def many_layers(graph: Graph) -> None:
    graph["model"]["config"]["layers"] = [layer("ReLU", f"r{number}") for number in range(50_000)]


def set_model(spec: Any) -> Callable[[Graph], None]:
    return lambda graph: graph.update(model=spec)


NOT_KNOWN = r"there is no layer called"
TOO_MUCH = r"would take [\d,]+ numbers, but the file holds \d+ in its weights"


def graph_attacks(marker: Path) -> dict[str, tuple[Callable[[Graph], None], str]]:
    """Changes to an honest graph, and what is said of each."""
    code = f"__import__('os').system('touch {marker}')"
    shell = [f"touch {marker}"]
    config = {"name": "a", "function": code, "module": "os", "output_shape": [1]}
    marshalled = ["4wEAAAAAAAAA", None, None]
    return {
        "a Lambda with source text": (with_layer("Lambda", config), "a Lambda holds code"),
        "a Lambda with marshalled code": (
            with_layer("Lambda", {"name": "a", "function": marshalled}),
            "a Lambda holds code",
        ),
        "a module of torch": (
            with_layer("TorchModule", {"name": "a", "module": "torch.nn.Linear"}),
            "a TorchModule holds",
        ),
        "the base of layers": (with_layer("Layer", {"name": "a"}), "a Layer holds code"),
        "a function of the system": (with_layer("os.system", {"name": "a", "command": shell}), NOT_KNOWN),
        "a class of a module": (with_layer("subprocess.Popen", {"name": "a", "args": shell}), NOT_KNOWN),
        "a module beside the class": (
            with_layer("Popen", {"name": "a"}, module="subprocess"),
            r"a layer has no entry 'module'",
        ),
        "a registered name": (
            with_layer("Dense", {"name": "a"}, registered_name="os>system"),
            "no entry 'registered_name'",
        ),
        "a loader as a layer": (with_layer("load_model", {"name": "a", "path": "/etc/passwd"}), NOT_KNOWN),
        "a private attribute": (with_layer("__class__", {"name": "a"}), NOT_KNOWN),
        "a class that is a list": (
            with_layer(["Dense"], {"name": "a"}),
            "not written as the name of a class",
        ),
        "an argument of Python's": (
            with_argument(__class__="os.system"),
            "Dense has no argument '__class__'",
        ),
        "an argument a little wrong": (with_argument(unit=3), r"no argument 'unit'.* Did you mean 'units'"),
        "custom objects in the file": (
            with_argument(custom_objects={"Dense": "os.system"}),
            "no argument 'custom_objects'",
        ),
        "code as an activation": (with_argument(activation=code), "there is no activation called"),
        "a class as an activation": (
            with_argument(activation={"class_name": "function", "config": "os.system", "module": "builtins"}),
            "there is no activation called 'function'",
        ),
        "code as an initializer": (
            with_argument(kernel_initializer="eval"),
            "there is no initializer called",
        ),
        "code as a regularizer": (with_argument(kernel_regularizer=code), "there is no regularizer called"),
        "code as a constraint": (
            with_argument(kernel_constraint={"class_name": "exec", "config": {"code": code}}),
            "there is no constraint called 'exec'",
        ),
        "code as a loss": (with_compile(loss="os.system"), "there is no loss called 'os.system'"),
        "code as a metric": (with_compile(metrics=[code]), "there is no metric called"),
        "code as an optimizer": (
            with_compile(optimizer={"class_name": "os.system", "config": {}}),
            "there is no optimizer called",
        ),
        "an argument of compile": (with_compile(module="os"), "compile has no argument 'module'"),
        "a path as a name": (
            with_argument(name="../../etc/cron.d/a"),
            r"a layer's name is a text without '/'",
        ),
        "a path of Windows as a name": (with_argument(name="..\\..\\a"), "a layer's name is a text without"),
        "a name that steers a terminal": (with_argument(name="\x1b]0;evil\x07"), r"without .*\\x1b\]0;evil"),
        "a name that turns the text": (with_argument(name="a\u202eb"), "a layer's name is a text without"),
        "a name without end": (with_argument(name="x" * 50_000), "200 long at most"),
        "a text without end": (with_argument(padding="x" * 200_000), r"is a text of 200,000 characters"),
        "a key without end": (with_argument(**{"x" * 1000: 1}), "the graph has a name of 1,000 characters"),
        "units that no machine holds": (with_argument(units=HUGE), TOO_MUCH),
        "units a little too many": (with_argument(units=3), TOO_MUCH),
        "units beyond 64 bits": (with_argument(units=10**30), "'units' in the graph is a number beyond 64"),
        "an input as large as the sky": (with_input([None, 10**9, 10**9]), TOO_MUCH),
        "filters without end": (
            with_input([None, 9, 9, 1], layer("Conv2D", "c", filters=10**9, kernel_size=[10**6, 10**6])),
            TOO_MUCH,
        ),
        "a table of words without end": (
            with_input([None, 4], layer("Embedding", "e", input_dim=HUGE, output_dim=64)),
            TOO_MUCH,
        ),
        "whitening of everything": (
            with_input([None, 10**6, 10**6, 3], layer("ZCAWhitening", "z")),
            "whitening takes a matrix of features",
        ),
        "padding, then weights": (
            with_input(
                [None, 4, 4, 1],
                layer("ZeroPadding2D", "p", padding=10**9),
                layer("Flatten", "f"),
                layer("Dense", "d", units=1),
            ),
            TOO_MUCH,
        ),
        "an initializer that costs": (
            with_argument(kernel_initializer={"class_name": "Orthogonal", "config": {}}, units=10**6),
            TOO_MUCH,
        ),
        "a negative size": (with_argument(units=-1), r"units takes one whole number"),
        "a size of text": (with_argument(units="10"), r"units takes one whole number"),
        "an input without axes": (with_input([]), r"makes no sense|Input takes the shape"),
        "an input of fractions": (with_input([None, 1.5]), "Input takes the shape of one example"),
        "numbers of objects": (with_argument(dtype="object"), "'object' is no dtype of a file"),
        "complex numbers": (with_argument(dtype="complex64"), "'complex64' is no dtype of a file"),
        "thresholds without end": (
            with_compile(metrics=[{"class_name": "AUC", "config": {"num_thresholds": 10**9}}]),
            "metric's thresholds would take 1,000,000,000",
        ),
        "classes without end": (
            with_compile(metrics=[{"class_name": "MeanIoU", "config": {"num_classes": 10**12}}]),
            "metric's classes would take",
        ),
        "a matrix of classes": (
            with_compile(metrics=[{"class_name": "MeanIoU", "config": {"num_classes": 10**6}}]),
            r"a metric's state .* would take 1,000,000,000,000",
        ),
        "calls in a ring": (ahead, r"a call takes part 0 of call 1, and no earlier one has such a part"),
        "a network in itself": (in_itself, "a call is of layer 'loop', which the network has not"),
        "a part of no call": (
            set_model(network("n", [layer("ReLU", "a")], [call("a", {"$call": -1, "part": 0})])),
            "a call takes part 0 of call -1",
        ),
        "a place that is a text": (
            set_model(network("n", [layer("ReLU", "a")], [call("a", "input")])),
            "expected places in the graph",
        ),
        "two layers of one name": (
            set_model(network("n", [layer("ReLU", "a"), layer("ReLU", "a")], [call("a", {"$input": 0})])),
            "have names of their own; 'a' is none",
        ),
        "networks that multiply": (set_model(called_many_times(24, 8)), "takes more than 30,000 steps"),
        "50,000 layers": (many_layers, "names 50,0.. layers; Striate reads up to 10,000"),
        "layers that are no list": (
            lambda graph: graph["model"]["config"].update(layers="x"),
            "are not a list",
        ),
        "a model that is a layer": (set_model(layer("ReLU", "a")), "the graph holds no model with the shape"),
        "a model without an input": (
            lambda graph: graph["model"]["config"].update(input=None),
            "the graph holds no model with the shape",
        ),
        "a model that is a text": (set_model("os.system"), "a layer is a str, not a table"),
        "something more in the graph": (
            lambda graph: graph.update(code=code),
            "the graph has no entry 'code'",
        ),
        "something less in the graph": (lambda graph: graph.pop("compile"), "the graph lacks 'compile'"),
        "a range of texts": (lambda graph: graph.update(input_range=["nan", "inf"]), "is not two numbers"),
        "a built shape of texts": (lambda graph: graph.update(built_shape=["a"]), "was built for holds 'a'"),
    }


def text_attacks() -> dict[str, tuple[str, Callable[[bytes], bytes], str]]:
    """Changes to one entry's bytes: the entry, the change, and what is said."""
    graph, manifest, names = "graph.json", "manifest.json", "class_names.json"
    deep = b"[" * 100_000 + b"]" * 100_000
    nested = b'{"layers":[' * 100_000 + b"]}" * 100_000
    many = b"[" + b"0," * 3_000_000 + b"0]"

    def before_end(more: bytes) -> Callable[[bytes], bytes]:
        return lambda data: data[:-1] + b"," + more + b"}"

    return {
        "a name twice": (graph, before_end(b'"model":null'), "the name 'model' stands twice in one object"),
        "NaN": (graph, before_end(b'"z":NaN'), "NaN is not a number in JSON"),
        "infinity": (graph, before_end(b'"z":-Infinity'), "-Infinity is not a number in JSON"),
        "infinity in figures": (graph, before_end(b'"z":1e999'), "is inf, which JSON cannot hold"),
        "a number of 5,000 figures": (
            graph,
            before_end(b'"z":' + b"9" * 5000),
            "not JSON that Striate takes: Exceeds",
        ),
        "lists 100,000 deep": (graph, lambda _: deep, "nested more than 100 deep"),
        "networks 100,000 deep": (graph, lambda _: nested, "nested more than 100 deep"),
        "lists 150 deep": (graph, lambda _: b"[" * 150 + b"]" * 150, "nested more than 100 deep"),
        "3,000,000 values": (graph, lambda _: many, "holds more than 2,097,152 values"),
        "40 MB of graph": (
            graph,
            lambda _: b'{"a":"' + b"x" * (40 << 20) + b'"}',
            r"takes more than 16\.00 MB",
        ),
        "bytes that are no text": (graph, lambda _: b"\xff\xfe{}", "byte 0 is no UTF-8 text"),
        "free spaces": (graph, lambda data: b" " + data, "is not as Striate writes it"),
        "a graph that is a list": (graph, lambda _: b"[]", "is not a table of names and values"),
        "class names that are tables": (names, lambda _: b"[{}]", "is not a list of different texts"),
        "a newer version": (
            manifest,
            lambda _: b'{"format":"striate-model","version":999}',
            "A newer Striate wrote it",
        ),
        "another format": (manifest, lambda _: b'{"format":"evil","version":1}', "its format is 'evil', not"),
        "a version of another kind": (
            manifest,
            lambda _: b'{"format":"striate-model","version":true}',
            "which is no version",
        ),
    }


def header(entries: Any, data: bytes = b"") -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


def one(dtype: Any, shape: Any, offsets: Any) -> dict[str, Any]:
    return {"dense/kernel": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def weight_attacks() -> dict[str, tuple[bytes, str]]:
    """Weights that are none: the bytes, and what is said."""
    not_described = r"array 'dense/kernel' is not described as a file of Striate would"
    crowd = {f"a{number}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for number in range(30_001)}
    empty = b'"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}'
    twice = b"{" + empty + b"," + empty + b"}"
    apart = {
        "a": {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]},
        "b": {"dtype": "U8", "shape": [8], "data_offsets": [4, 12]},
    }
    return {
        "a header without end": (struct.pack("<Q", 2**63) + b"{}", "its header claims more than the file"),
        "no header": (b"\x02", "its header claims more"),
        "a header that is a list": (header([]), "its header is no table of names"),
        "a shape without end": (header(one("F32", [2**40, 2**40], [0, 16]), bytes(16)), not_described),
        "a shape beyond 64 bits": (header(one("F32", [2**70], [0, 16]), bytes(16)), not_described),
        "a negative shape": (header(one("F32", [-4], [0, 16]), bytes(16)), not_described),
        "a shape of 100 axes": (header(one("F32", [1] * 100, [0, 4]), bytes(4)), not_described),
        "numbers that are objects": (header(one("O", [1], [0, 8]), bytes(8)), not_described),
        "numbers of 8 bits": (header(one("F8_E4M3", [8], [0, 8]), bytes(8)), not_described),
        "a place outside": (header(one("F32", [4], [2**40, 2**40 + 16]), bytes(16)), "cannot be read"),
        "places that overlap": (header(apart, bytes(12)), "cannot be read"),
        "numbers that nobody names": (header(one("U8", [4], [0, 4]), bytes(400)), "cannot be read"),
        "30,001 arrays": (header(crowd), r"it holds 30,001 arrays; Striate reads up to 30,000"),
        "an array twice": (struct.pack("<Q", len(twice)) + twice, "the name 'a' stands twice"),
        "a header 100,000 deep": (
            struct.pack("<Q", 200_000) + b"[" * 100_000 + b"]" * 100_000,
            "nested more than 100 deep",
        ),
        "other weights": (
            header(one("F32", [4, 2], [0, 32]), bytes(32)),
            "would take 2 numbers, but the file",
        ),
        "weights of another kind": (
            header(
                {
                    "dense/kernel": {"dtype": "I64", "shape": [4, 2], "data_offsets": [0, 64]},
                    "dense/bias": {"dtype": "F32", "shape": [2], "data_offsets": [64, 72]},
                },
                bytes(72),
            ),
            "weight 'dense/kernel' is of float32, but the file has int64",
        ),
    }


def with_graph(contents: Contents, change: Callable[[Graph], None]) -> bytes:
    graph = copy.deepcopy(json.loads(contents["graph.json"]))
    change(graph)
    return sealed_zip({**contents, "graph.json": json_text(graph)})
