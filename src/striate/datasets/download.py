"""Files from the network: several addresses, one checksum, and what to do without a network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pooch

from striate.core.errors import FileAccessError

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class RemoteFile:
    """A file that never changes: its name, its SHA-256 in hexadecimal, and where it can be had."""

    name: str
    sha256: str
    addresses: tuple[str, ...]


def download(file: RemoteFile, folder: str | os.PathLike[str]) -> Path:
    """Fetch a file into a folder, unless it is there already; the next address is tried after each failure.

    Raises:
        FileAccessError: no address gave the right file, with what each of them answered.
    """
    failures = []
    for address in file.addresses:
        try:
            found = pooch.retrieve(
                address,
                known_hash=f"sha256:{file.sha256}",
                fname=file.name,
                path=folder,
                downloader=pooch.HTTPDownloader(timeout=_TIMEOUT_SECONDS),
            )
        except (OSError, ValueError) as error:
            reason = str(error)[:200] if isinstance(error, OSError) else "its checksum is wrong"
            failures.append(f"{address}: {reason}")
        else:
            return Path(found)
    raise FileAccessError(
        f"{file.name} could not be downloaded. Tried: {'; '.join(failures)}. Without a network, get the file "
        f"elsewhere and put it into {Path(folder)}, or name the folder that holds it (data_dir, --data-dir)."
    )
