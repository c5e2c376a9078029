"""Ways to damage a Keras file: its JSON, the bytes of its HDF5, its zip, its length."""

from __future__ import annotations

import io
import json
import random
import warnings
import zipfile
from pathlib import Path

import h5py

from tests.crash.mutations import _EDITS, NAMES, _places


def mutated_keras_file(path: Path, draw: random.Random) -> bytes:
    """Damage a `.keras` or `.h5` file in one of several ways and give the damaged bytes."""
    way = draw.random()
    if way < 0.1:
        return _damaged(path.read_bytes(), draw)
    if path.suffix == ".h5":
        return (
            _changed_attributes(path.read_bytes(), draw) if way < 0.6 else _flipped(path.read_bytes(), draw)
        )
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    if way < 0.6:
        contents["config.json"] = _changed_json(contents["config.json"], draw)
    else:
        contents["model.weights.h5"] = _flipped(contents["model.weights.h5"], draw)
    return _zipped(contents, draw)


def _changed_json(text: bytes, draw: random.Random) -> bytes:
    data = json.loads(text)
    places = _places([data])
    for _ in range(draw.choice((1, 1, 2, 4))):
        holder, key = draw.choice(places)
        if key in holder if isinstance(holder, dict) else key < len(holder):
            draw.choice(_EDITS)(holder, key, draw, places)
    try:
        return json.dumps(data).encode("utf-8", "surrogatepass")
    except (RecursionError, ValueError):
        # Two edits made it hold itself; there is no such text.
        return b"[" * 100_000


def _changed_attributes(content: bytes, draw: random.Random) -> bytes:
    memory = io.BytesIO(content)
    with h5py.File(memory, "r+") as file:
        config = _changed_json(file.attrs["model_config"].encode(), draw)
        file.attrs["model_config"] = config.decode("utf-8", "replace").replace("\0", " ")
        if draw.random() < 0.1:
            group = file["model_weights"]
            group.attrs["layer_names"] = [draw.choice(("dense", "..", "/", "model_weights")), *list(group)]
        if draw.random() < 0.1:
            shape = (draw.choice((2**31, 2**40, 10**6)),)
            file["model_weights"].create_dataset("large", shape, "f4", chunks=(1024,), compression="gzip")
    return memory.getvalue()


def _flipped(content: bytes, draw: random.Random) -> bytes:
    """Change some bytes, most often near those that are not 0, where HDF5 keeps what points elsewhere."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        at = draw.randrange(len(data))
        for _ in range(200):
            if data[at]:
                break
            at = draw.randrange(len(data))
        if draw.random() < 0.5:
            data[at] ^= 1 << draw.randrange(8)
        else:
            size = draw.choice((1, 2, 4, 8))
            number = draw.choice(
                (0, 1, 0xFF, 0x7FFFFFFF, 2**64 - 1, draw.randrange(len(data)), draw.getrandbits(64))
            )
            data[at : at + size] = (number % 256**size).to_bytes(size, "little")
    return bytes(data[: len(content)])


def _damaged(content: bytes, draw: random.Random) -> bytes:
    """Flip bits anywhere, cut it off, put bytes in or take some out."""
    data = bytearray(content)
    way = draw.randrange(4)
    at = draw.randrange(len(data))
    if way == 0:
        return bytes(data[:at])
    if way == 1:
        data[at:at] = draw.randbytes(draw.randint(1, 64))
    elif way == 2:
        del data[at : at + draw.randint(1, 4096)]
    else:
        for _ in range(draw.randint(1, 64)):
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return bytes(data)


def _zipped(contents: dict[str, bytes], draw: random.Random) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, data in contents.items():
            if draw.random() < 0.02:
                name = draw.choice(
                    ("../x", "/etc/passwd", "config.json", *[one for one in NAMES if one.isprintable()])
                )
            kind = draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            with warnings.catch_warnings():
                # Of two entries of one name, which is what is wanted here.
                warnings.simplefilter("ignore", UserWarning)
                archive.writestr(zipfile.ZipInfo(name[:60_000] or "x"), data, kind)
    return memory.getvalue()
