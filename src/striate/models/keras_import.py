"""Networks out of Keras's files, made live: what is described are names and numbers, and nothing is run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from striate.artifacts.keras_file import SUFFIXES, KerasFile
from striate.core.allowance import allowance
from striate.core.console import remark
from striate.models.keras_import_compile import compiled_like
from striate.models.keras_import_graph import Builder
from striate.models.keras_import_weights import fill_from_groups, fill_from_lists


def is_keras_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is one of Keras's, by its name."""
    return Path(path).suffix.lower() in SUFFIXES


def model_of_keras(content: KerasFile, custom: Mapping[str, Any], *, compile: bool = True) -> Any:
    """Make the network in a `.keras` or `.h5` file, with its weights.

    It is compiled where its loss, metrics and optimiser have a counterpart here; where they have
    none it is not, which is said. What the optimiser remembers is not taken over.

    Raises:
        FileFormatError: it makes no sense, or holds a program, as `Lambda` layers do.
        UnknownNameError: it names a layer that Striate has not, and that `custom` does not offer.
    """
    held = sum(array.size for array in content.arrays.values())
    with allowance(held, f"the file holds {held:,} in its weights"):
        made = Builder(custom).model(content.config)
    if content.layout == "keras":
        fill_from_groups(made, content.arrays)
    else:
        fill_from_lists(made, content.arrays)
    model: Any = made.layer
    model.provenance = {"keras": content.version}
    if compile and content.training:
        model.compiled, reason = compiled_like(content.training, custom)
        if reason:
            remark(
                f"model {model.name!r} is loaded but not compiled: {reason}. "
                "Call compile before fit or evaluate."
            )
    return model
