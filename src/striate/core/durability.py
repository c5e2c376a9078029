"""Names that survive a power cut."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk, where the system can.

    A file that was flushed and renamed keeps its new name through a power cut only once its folder
    is on the disk as well.
    """
    # Windows has no such call.
    if not hasattr(os, "O_DIRECTORY"):
        return
    # The file itself is whole by now: a folder that cannot be flushed is no reason to say it failed.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
