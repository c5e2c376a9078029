"""The child process that opens Keras files: small, without torch, with limits, and not able to write.

`python -m striate.artifacts.keras_reader PATH MEGABYTES SECONDS` writes messages to its standard
output: the length of a JSON text (4 bytes, highest first), the text, and the bytes of an array
where the text describes one. The last message is of kind 'end' or 'error'.

A library for a format as rich as HDF5 has had holes before, and will have again. Whatever one
of them does to this process, it has little memory and time, may open files only for reading,
and starts no programs.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import math
import os
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from striate.artifacts.keras_contents import Message, contents
from striate.artifacts.keras_hdf5 import import_h5py
from striate.core.errors import FileFormatError, StriateError

if sys.platform != "win32":
    import resource

LENGTH = struct.Struct(">I")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# What no reading of numbers needs; by the first words of Python's audit events.
_FORBIDDEN = (
    "os.",
    "shutil.",
    "subprocess.",
    "socket.",
    "ctypes.",
    "pickle.",
    "marshal.",
    "compile",
    "exec",
    "import",
    "urllib.",
    "webbrowser.",
)
_HARMLESS = frozenset({"os.listdir", "os.scandir", "os.fspath"})

# What h5py, zipfile and Python raise at bytes that make no sense.
DAMAGED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_messages(path: Path) -> Iterator[Message]:
    """Hand out the messages of a file; the last says that it ended, or what is wrong with it."""
    try:
        yield from contents(path)
    except StriateError as error:
        yield {"kind": "error", "error": type(error).__name__, "text": str(error)}, b""
    except MemoryError:
        yield {"kind": "error", "text": "it needs more memory than a file of its size may"}, b""
    except DAMAGED as error:
        text = " ".join(str(error).split())[:300]
        yield {"kind": "error", "text": f"it is damaged: {text or type(error).__name__}"}, b""
    else:
        yield {"kind": "end"}, b""


def refuse_event(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop what a reader never does: writing files, starting programs, running or loading code.

    Raises:
        FileFormatError: such an event.
    """
    if event == "open":
        flags = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], int) else 0
        if flags & _WRITING:
            raise FileFormatError(f"while it was read, {str(arguments[0])[:200]!r} was to be written")
    elif event.startswith(_FORBIDDEN) and event not in _HARMLESS:
        raise FileFormatError(f"while it was read, something not needed for that was tried ({event})")


def limit_resources(megabytes: int, seconds: int) -> None:
    """Take memory beyond today's, processor time and writing away from this process, where that can be."""
    if sys.platform == "win32":
        return
    used = math.ceil(time.process_time())
    wanted = {resource.RLIMIT_CPU: used + seconds, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    with contextlib.suppress(OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        wanted[resource.RLIMIT_AS] = pages * resource.getpagesize() + (megabytes << 20)
    for kind, most in wanted.items():
        # Somebody may have set a lower limit already.
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))


def write_message(out: BinaryIO, message: Message) -> None:
    """Write one message to the parent."""
    described, data = message
    text = json.dumps(described).encode("ascii")
    out.write(LENGTH.pack(len(text)) + text)
    out.write(data)


def prepare() -> None:
    """Load all code that reading needs, because loading is what the guard refuses."""
    import_h5py()
    for encoding in ("cp437", "ascii", "latin-1", "utf-8"):
        # zipfile asks for these late.
        codecs.lookup(encoding)


def main(arguments: list[str]) -> int:
    """Read one file under limits, and answer on standard output."""
    path, megabytes, seconds = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    prepare()
    limit_resources(megabytes, seconds)
    sys.addaudithook(refuse_event)
    for message in read_messages(path):
        write_message(sys.stdout.buffer, message)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
