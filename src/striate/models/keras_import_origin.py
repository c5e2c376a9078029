"""What a description in a Keras file names: whether it is Keras's own, and what of it is known here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate.core.errors import FileFormatError, UnknownNameError

_KERAS = ("keras", "tf_keras", "keras_core", "tensorflow")
_CODE = ("__lambda__", "function", "__lambda")


def find_custom(spec: Mapping[str, Any], custom: Mapping[str, Any]) -> Any:
    """Find what the person offers for a description, by the registered name or the class's; None if none."""
    for key in ("registered_name", "class_name"):
        name = spec.get(key)
        if isinstance(name, str) and name in custom:
            return custom[name]
        if isinstance(name, str) and name.rpartition(">")[2] in custom:
            return custom[name.rpartition(">")[2]]
    return None


def check_origin(spec: Any, what: str) -> str:
    """Refuse a description of anything but Keras's own classes; hand back the class's name.

    Raises:
        FileFormatError: no description of a class, or one of a program.
        UnknownNameError: a class that somebody registered, or of another library.
    """
    name = spec.get("class_name") if isinstance(spec, Mapping) else None
    if not isinstance(name, str):
        raise FileFormatError(f"{what} is described by {str(spec)[:100]}, which names no class.")
    if name == "Lambda" or name in _CODE:
        raise FileFormatError(
            f"{what} is a {'Lambda layer' if name == 'Lambda' else 'function'} and so holds a program of "
            "somebody's, and Striate runs no program out of a file. In Keras, take layers with a name "
            "instead, such as Rescaling or Activation, and save again."
        )
    module, registered = spec.get("module"), spec.get("registered_name")
    foreign = module is not None and str(module).split(".")[0] not in _KERAS
    own = registered not in (None, "", name)
    if foreign or own or ">" in name:
        origin = f" of the module {module!r}" if foreign else ""
        label = f", registered as {registered!r}" if own else ""
        raise UnknownNameError(
            f"{what} is of the class {name!r}{origin}{label}, which is none of Keras's own. "
            "Nothing of it was imported or run."
        )
    return name


def numbers_type(dtype: Any, what: str) -> str:
    """Read the type of a layer's weights off Keras's dtype policy.

    Raises:
        FileFormatError: a quantized one, or something else.
    """
    if isinstance(dtype, Mapping):
        config = dtype.get("config")
        dtype = config.get("name") if isinstance(config, Mapping) else None
    if dtype in (None, "mixed_float16", "mixed_bfloat16"):
        # The weights are float32 there; what is computed in which precision is chosen by compile here.
        return "float32"
    if not isinstance(dtype, str) or dtype not in _TYPES:
        raise FileFormatError(f"{what} has the dtype {dtype!r}; Striate takes {', '.join(sorted(_TYPES))}.")
    return dtype


_TYPES = frozenset(
    ("float16", "bfloat16", "float32", "float64", "bool", "uint8", "int8", "int16", "int32", "int64")
)
