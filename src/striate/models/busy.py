"""One model serves one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from striate.core.errors import BusyError


class Turn:
    """Lets one thread at a time use a model; the same thread may enter again. Copies start free."""

    def __init__(self) -> None:
        self._lock = threading.RLock()

    @contextmanager
    def taken(self, name: str) -> Iterator[None]:
        """Hold the turn for the length of a with-block.

        Raises:
            BusyError: another thread holds it.
        """
        if not self._lock.acquire(blocking=False):
            raise BusyError(
                f"model {name!r} is in use by another thread. Give each thread a copy of its own "
                "(striate.models.clone_model), or let them take turns."
            )
        try:
            yield
        finally:
            self._lock.release()

    def __deepcopy__(self, memo: Any) -> Turn:
        return Turn()

    def __reduce__(self) -> tuple[type[Turn], tuple[()]]:
        return Turn, ()
