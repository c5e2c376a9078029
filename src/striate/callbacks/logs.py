"""Names and values of a batch or an epoch, read off the device only when somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, final


@final
class LazyLogs(Mapping[str, Any]):
    """A mapping whose values come from a function that is called once, at the first look.

    Tensors of one element become floats then; asking for its truth is no look.

    >>> logs = LazyLogs(lambda: {"loss": 0.5})
    >>> logs["loss"]
    0.5
    """

    def __init__(self, function: Callable[[], Mapping[str, Any]]) -> None:
        self._function = function
        self._values: dict[str, Any] | None = None

    def _look(self) -> dict[str, Any]:
        if self._values is None:
            self._values = as_numbers(self._function())
        return self._values

    def __getitem__(self, name: str) -> Any:
        return self._look()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._look())

    def __len__(self) -> int:
        return len(self._look())

    def __bool__(self) -> bool:
        # `logs or {}` is a common line in callbacks and must not cost a wait for the device.
        return True

    def copy(self) -> dict[str, Any]:
        """Answer a plain dict of the values."""
        return dict(self._look())


def as_number(value: Any) -> Any:
    """Turn a tensor or array into a float, or into a list where it has several elements."""
    if not hasattr(value, "tolist"):
        return value
    if hasattr(value, "detach"):
        value = value.detach()
    plain = value.tolist()
    while isinstance(plain, list) and len(plain) == 1:
        plain = plain[0]
    return plain


def as_numbers(logs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Turn every value of some logs into plain numbers."""
    return {name: as_number(value) for name, value in (logs or {}).items()}
