"""Arithmetic and functions on tensors in a graph of Keras, `x * 2 + y`, as the layers that stand for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.core.errors import FileFormatError, UnknownNameError
from striate.layers import Activation
from striate.layers.arithmetic import MERGES, Arithmetic
from striate.layers.base import Layer
from striate.layers.symbolic import SymbolicTensor
from striate.models.keras_import_nodes import Call
from striate.models.registry import LAYERS

_ARITHMETIC = {
    "Add": "add",
    "Subtract": "subtract",
    "Multiply": "multiply",
    "Divide": "divide",
    "TrueDivide": "divide",
    "Power": "power",
}
OPERATIONS = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Gelu": "gelu",
    "Selu": "selu",
    "Silu": "silu",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Mish": "mish",
    "Exp": "exponential",
    "HardSigmoid": "hard_sigmoid",
    "HardSilu": "hard_silu",
    "LogSigmoid": "log_sigmoid",
}


def is_operation(spec: Mapping[str, Any], calls: list[Call]) -> bool:
    """Whether this is arithmetic on tensors, as in `x * 2 + y`, or a function called on one, and no layer."""
    module = spec.get("module")
    if module is not None:
        return str(module).startswith(("keras.src.ops", "keras.ops"))
    # The older file does not say; a layer of these names takes one list, and the operation two things.
    name = spec.get("class_name")
    if name in ("Power", "TrueDivide", "Negative", *OPERATIONS):
        return True
    return name in _ARITHMETIC and bool(calls) and all(len(call.arguments) == 2 for call in calls)


def operate(spec: Mapping[str, Any], name: str, arguments: list[Any]) -> Any:
    """Do what an operation does, by the layer that stands for it."""
    kind = str(spec["class_name"])
    if kind == "Negative":
        kind, arguments = "Multiply", [*arguments, -1]
    if kind not in _ARITHMETIC:
        parameters = {key: value for key, value in spec["config"].items() if key not in ("name", "dtype")}
        if len(arguments) != 1 or not isinstance(arguments[0], SymbolicTensor):
            raise FileFormatError(
                f"the operation {name!r} ({kind}) is called on something else than a tensor."
            )
        return _activation(name, kind, parameters)(arguments[0])
    operation = _ARITHMETIC[kind]
    if len(arguments) != 2:
        raise FileFormatError(f"the operation {name!r} ({kind}) takes two things, not {len(arguments)}.")
    symbolic = [isinstance(one, SymbolicTensor) for one in arguments]
    if all(symbolic) and operation in MERGES:
        return MERGES[operation](name=name)(arguments)
    if not any(symbolic) or all(symbolic):
        raise FileFormatError(f"the operation {name!r} ({kind}) has no layer here for what it is called on.")
    number, tensor = (arguments[1], arguments[0]) if symbolic[0] else (arguments[0], arguments[1])
    return Arithmetic(operation, number, number_first=symbolic[1], name=name)(tensor)


def _activation(name: str, of: str, parameters: Mapping[str, Any]) -> Layer:
    """Make the layer that does what one of Keras's operations does: Relu, Softmax, Gelu.

    Raises:
        UnknownNameError: an operation that has no counterpart.
    """
    wordy = {"LeakyRelu": "LeakyReLU", "Elu": "ELU", "Softmax": "Softmax"}.get(of)
    if wordy:
        return LAYERS.find(wordy)(name=name, **parameters)
    defaults = {"approximate": False, "alpha": 1.0}
    if of not in OPERATIONS or any(defaults.get(key, key) != value for key, value in parameters.items()):
        raise UnknownNameError(
            f"the operation {name!r} ({of[:100]}) has no layer in Striate with {dict(parameters)}."
        )
    return Activation(OPERATIONS[of], name=name)
