"""What a Keras file says of training: loss, metrics and optimiser, where they have a counterpart here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from striate import training
from striate.core.allowance import allowance
from striate.core.errors import StriateError
from striate.models.keras_import_origin import check_origin, find_custom

# Names of one object, and how Keras computes: nothing that changes what is learnt.
# What the counts of all metrics may take, in numbers.
_MOST_COUNTS = 1 << 24
_CHOSEN = ("loss", "loss_weights", "metrics", "weighted_metrics")
_IGNORED = ("dtype", "is_legacy_optimizer", "jit_compile", "loss_scale_factor", "fn")


def compiled_like(settings: Any, custom: Mapping[str, Any]) -> tuple[training.Compiled | None, str]:
    """Compile as the file says; without a counterpart None, and the reason in words."""
    if not isinstance(settings, Mapping):
        return None, "its settings of training cannot be read"
    optimizer = settings.get("optimizer_config") or settings.get("optimizer")
    if optimizer is None or not settings.get("loss"):
        return None, ""
    chosen = {key: settings[key] for key in _CHOSEN if settings.get(key)}
    try:
        plain = {key: _plain(value, custom) for key, value in chosen.items()}
        with allowance(_MOST_COUNTS, f"those of a file may take {_MOST_COUNTS:,}"):
            compiled = training.Compiled(_plain(optimizer, custom), custom_objects=custom, **plain)
    except (StriateError, TypeError, ValueError, AttributeError, LookupError) as error:
        return None, f"its loss, metrics or optimiser have no counterpart: {str(error)[:120]}"
    return compiled, ""


def _plain(value: Any, custom: Mapping[str, Any]) -> Any:
    """A description without what only Keras needs; lists and dicts of several keep their structure."""
    if isinstance(value, Mapping) and "class_name" in value:
        own = find_custom(value, custom)
        name = str(value["class_name"]) if own is not None else check_origin(value, "an object for training")
        config = value.get("config")
        if not isinstance(config, Mapping):
            return name
        inner = {key: _plain(one, custom) for key, one in config.items() if not _says_nothing(key, one)}
        made = hasattr(own, "from_config")
        return own.from_config(inner) if made else {"class_name": name, "config": inner}
    if isinstance(value, Mapping):
        return {key: _plain(one, custom) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, custom) for one in value]
    return value


def _says_nothing(key: str, value: Any) -> bool:
    return key in _IGNORED or value is None or (key == "decay" and value == 0)
