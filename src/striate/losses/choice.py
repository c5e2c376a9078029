"""From what a person writes in `compile` to a loss object."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from striate.core.errors import ArgumentError
from striate.losses.base import FunctionLoss, Loss, LossFunctionWrapper
from striate.losses.registry import MEMBERS, registry


def as_loss(
    identifier: Any, output_shape: Sequence[int | None] | None = None, target_shape: Sequence[int | None] = ()
) -> Any:
    """Turn a name, a config, a function or an object into a `Loss`; None stays None.

    A loss function that Striate has becomes its class, so that labels can be checked;
    another function is wrapped. 'crossentropy' and 'ce' become the cross-entropy that suits
    the shapes of answers and labels.

    Raises:
        UnknownNameError: a name that is not known.
        ArgumentError: 'crossentropy' without shapes to choose by.

    >>> as_loss("mse").name, as_loss("ce", (None, 1)).name
    ('mean_squared_error', 'binary_crossentropy')
    """
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        identifier = _crossentropy_for(identifier, output_shape, target_shape)
    found = registry.get(identifier)
    if found is None or isinstance(found, Loss):
        return found
    for name in MEMBERS:
        member = registry.find(name)
        if inspect.isclass(member) and issubclass(member, FunctionLoss) and member.function is found:
            return member()
    return LossFunctionWrapper(found)


def _crossentropy_for(
    name: str, output_shape: Sequence[int | None] | None, target_shape: Sequence[int | None]
) -> str:
    if not output_shape:
        raise ArgumentError(
            f"loss={name!r} is chosen by the shape of the network's answers, which is not known here: write "
            "'binary_crossentropy', 'categorical_crossentropy' or 'sparse_categorical_crossentropy'."
        )
    if output_shape[-1] == 1:
        return "binary_crossentropy"
    if len(target_shape) < len(output_shape) or target_shape[-1] == 1:
        return "sparse_categorical_crossentropy"
    return "categorical_crossentropy"
