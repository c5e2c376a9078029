"""One layer of a Keras file as a layer of Striate: the same names, with the differences between versions."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from striate.core.errors import FileFormatError, UnknownNameError
from striate.core.registry import snake_case
from striate.layers import InputLayer
from striate.layers.base import Layer
from striate.models.keras_import_origin import check_origin, find_custom, numbers_type
from striate.models.registry import LAYERS

# Layers of ours that Keras has not, or that stand for no network by themselves.
_NOT_KERAS = frozenset(
    ("Arithmetic", "Divide", "InstanceNormalization", "Lambda", "Layer", "TorchModule", "ZCAWhitening")
)
_NOT_KERAS_FAMILIES = ("EdgePadding", "ReflectPadding", "SumPooling")
# What changes nothing that a network answers, or is said elsewhere.
_IGNORED = frozenset(
    (
        "adjustment", "autocast", "batch_input_shape", "fused", "implementation", "input_length",
        "lora_alpha", "optional", "renorm_clipping", "renorm_momentum", "synchronized",
    )
)  # fmt: skip
# Arguments that Striate has not, with the only values that mean the same without them.
_WITHOUT: dict[str, tuple[Any, ...]] = {
    "groups": (1,),
    "lora_rank": (None,),
    "mask_zero": (False,),
    "noise_shape": (None,),
    "quantization_config": (None,),
    "ragged": (False, None),
    "rms_scaling": (False,),
    "renorm": (False, None),
    "sparse": (False, None),
    "virtual_batch_size": (None,),
    "supports_masking": (True, False),
}
# Activation layers that Keras takes in the place of a function; those with weights are not among them.
_ACTIVATION_LAYERS = ("ReLU", "LeakyReLU", "ELU", "Softmax")


class LayerMaker:
    """Makes layers of descriptions, with the person's own classes among the known."""

    def __init__(self, custom: Mapping[str, Any]):
        self.custom = custom

    def make(self, spec: Mapping[str, Any]) -> list[Layer]:
        """Make a layer, and a second where Keras holds an activation layer in the first.

        Raises:
            FileFormatError: no description of a layer, or a setting that has no counterpart.
            UnknownNameError: a layer that Striate has not.
        """
        config = spec.get("config")
        what = layer_label(spec)
        own = find_custom(spec, self.custom)
        if own is not None:
            return [_own_layer(own, spec, what)]
        name = check_origin(spec, what)
        kind = find_kind(name, what)
        if not isinstance(config, Mapping):
            raise FileFormatError(f"{what} has no config.")
        if kind is InputLayer:
            return [make_input(config, what)]
        config = dict(config)
        following = self._take_activation_layer(config, what)
        return [kind(**_arguments(kind, config, what)), *following]

    def _take_activation_layer(self, config: dict[str, Any], what: str) -> list[Layer]:
        activation = config.get("activation")
        if not isinstance(activation, Mapping):
            return []
        name = check_origin(activation, f"the activation of {what}")
        if name not in _ACTIVATION_LAYERS:
            raise UnknownNameError(
                f"the activation of {what} is the layer {name!r}. Those that can stand there are "
                f"{', '.join(_ACTIVATION_LAYERS)}."
            )
        config["activation"] = None
        inner = {**activation, "config": {**activation["config"], "name": f"{config['name']}_activation"}}
        return self.make(inner)


def layer_label(spec: Any) -> str:
    """Say which layer a description is of, for messages."""
    config = spec.get("config") if isinstance(spec, Mapping) else None
    name = config.get("name") if isinstance(config, Mapping) else None
    kind = spec.get("class_name") if isinstance(spec, Mapping) else None
    return f"layer {str(name)[:100]!r} ({str(kind)[:100]})"


def find_kind(name: str, what: str) -> type[Layer]:
    """Find the layer's class among those that both libraries have.

    Raises:
        UnknownNameError: there is none of that name.
    """
    try:
        kind = LAYERS.find(name)
    except UnknownNameError:
        kind = None
    if kind is None or name in _NOT_KERAS or name.startswith(_NOT_KERAS_FAMILIES) or name == snake_case(name):
        raise UnknownNameError(f"{what} is of a class that Striate has no layer for.")
    return kind


def arguments_of(kind: type[Layer]) -> set[str]:
    """Name the arguments of a layer and of the classes that it is made of."""
    return {
        name
        for part in kind.__mro__
        if issubclass(part, Layer)
        for name, one in inspect.signature(part.__init__).parameters.items()
        if one.kind is not one.VAR_KEYWORD and name != "self"
    }


def make_input(config: Mapping[str, Any], what: str) -> InputLayer:
    """Make an input of either version's description.

    Raises:
        FileFormatError: sparse or ragged data, or no shape.
    """
    for key in ("sparse", "ragged"):
        if config.get(key):
            raise FileFormatError(f"{what} takes {key} data, which Striate has not.")
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    if not isinstance(shape, list) or not all(size is None or isinstance(size, int) for size in shape):
        raise FileFormatError(f"{what} has no shape: {shape!r}.")
    dtype = numbers_type(config.get("dtype"), what)
    # Keras keeps the size of the first batch that it saw, and takes others all the same.
    return InputLayer(batch_shape=(None, *shape[1:]), dtype=dtype, name=config.get("name"))


def _arguments(kind: type[Layer], config: Mapping[str, Any], what: str) -> dict[str, Any]:
    known = arguments_of(kind)
    arguments: dict[str, Any] = {}
    for key, value in config.items():
        if key == "dtype":
            arguments[key] = numbers_type(value, what)
        elif key in _IGNORED:
            continue
        elif key == "factor" and kind.__name__ == "RandomSaturation" and _is_of_both_signs(value):
            # Keras writes the one number that it was given so, though it takes none below 0.
            arguments[key] = value[1]
        elif key == "seed":
            arguments[key] = value if isinstance(value, int) else None
        elif key in known or key == "alpha":
            arguments[key] = _plain(value, f"{key} of {what}")
        elif not _says_nothing(key, value):
            raise FileFormatError(
                f"{what} has the setting {key}={str(value)[:100]}, unknown to Striate's {kind.__name__}."
            )
    return arguments


def _is_of_both_signs(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and value[0] == -value[1]


def _says_nothing(key: str, value: Any) -> bool:
    if key.endswith("_initializer") or (key.endswith(("_regularizer", "_constraint")) and value is None):
        # Those of a kernel that this layer cuts in two, which some versions write as well.
        return True
    return any(value is one or value == one for one in _WITHOUT.get(key, ()))


def _plain(value: Any, what: str) -> Any:
    """A setting as this side takes it: no description in it but of Keras's own things."""
    if isinstance(value, Mapping) and "class_name" in value:
        name = check_origin(value, what)
        inner = value.get("config") or {}
        if not isinstance(inner, Mapping):
            raise FileFormatError(f"{what} is described by {str(value)[:100]}, which is no config.")
        return {"class_name": name, "config": {key: _plain(one, what) for key, one in inner.items()}}
    if isinstance(value, Mapping):
        raise FileFormatError(f"{what} is {str(value)[:100]}, which is no setting of a layer.")
    return value


def _own_layer(kind: Any, spec: Mapping[str, Any], what: str) -> Layer:
    if not (inspect.isclass(kind) and issubclass(kind, Layer)):
        raise FileFormatError(f"{what} is offered in custom={{...}} but is no Layer class.")
    config = dict(spec["config"])
    if "dtype" in config:
        config["dtype"] = numbers_type(config["dtype"], what)
    return kind.from_config(config)
