"""Files of other kinds and zips with tricks: the shapes of published attacks, with a harmless payload.

The payload of each would make a marker file. None is ever run here.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import pickle
import stat
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from tests.crash.mutations import Contents, sealed, sealed_zip

LINK = stat.S_IFLNK | 0o777


class Payload:
    """What a pickle does when it is read by a reader that runs it."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.marker}",)


def zip_of(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED, **fields: Any) -> bytes:
    """A zip as Python writes it; `fields` are set on each of its entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in entries.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.create_system, entry.compress_type = 0o100644 << 16, 3, compression
            for field, value in fields.items():
                setattr(entry, field, value)
            archive.writestr(entry, data)
        archive.comment = bytes(64)
    return buffer.getvalue()


def tar_of(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def keras_zip(layer: dict[str, Any]) -> bytes:
    """The archive of Keras with one layer in its config."""
    config = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}
    entries = {"metadata.json": b'{"keras_version":"3.8.0"}', "config.json": json.dumps(config).encode()}
    return zip_of({**entries, "model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(64)})


def other_kinds(marker: Path) -> dict[str, tuple[bytes, str]]:
    """Files of other programs under this one's name: what to write, and what is said of it."""
    bad = Payload(marker)
    text_pickle = f"cposix\nsystem\n(S'touch {marker}'\ntR.".encode()
    onnx_outside = b"\x08\x08\x12\x07pytorch:\x1f*\x1dlocation\x12\x15../../../../etc/passwd"
    old_torch = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {}, bad))
    pickled = pickle.dumps(bad, 4)
    a_pickle, a_torch = "but a pickle, which can run any program", "but a PyTorch file"
    npy_header = b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    return {
        "a pickle of protocol 0": (text_pickle, a_pickle),
        "a pickle of protocol 2": (pickle.dumps(bad, 2), a_pickle),
        "a pickle of protocol 4": (pickled, a_pickle),
        "a pickle of protocol 5": (pickle.dumps(bad, 5), a_pickle),
        "a PyTorch file": (zip_of({"net/data.pkl": pickle.dumps(bad, 2), "net/version": b"3\n"}), a_torch),
        "a PyTorch file of old": (old_torch, a_pickle),
        "a PyTorch file of the very old": (tar_of({"pickle": pickle.dumps(bad, 2)}), "but a tar archive"),
        "TorchScript": (
            zip_of({"net/code/__torch__.py": b"import os", "net/constants.pkl": pickle.dumps(bad, 2)}),
            a_torch,
        ),
        "an exported PyTorch program": (zip_of({"net/sample_inputs.pt": pickled}), "but a zip of something"),
        "a packed pickle": (gzip.compress(pickled), "packed with gzip"),
        "a pickle packed by bzip2": (bz2.compress(pickled), "packed with bzip2"),
        "a pickle packed by xz": (lzma.compress(pickled), "packed with xz"),
        "an array of objects": (npy_header.ljust(128) + pickled, "but a NumPy array"),
        "arrays of objects": (zip_of({"a.npy": npy_header.ljust(128) + pickled}), "but a NumPy archive"),
        "ONNX with its weights elsewhere": (onnx_outside, "but an ONNX file"),
        "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(200), r"HDF5|Keras"),
        "TensorFlow Lite": (b"\x1c\x00\x00\x00TFL3" + bytes(50), "but a TensorFlow Lite file"),
        "GGUF": (b"GGUF\x03\x00\x00\x00" + bytes(50), "but a GGUF file"),
        "a program": (b"\x7fELF\x02\x01\x01" + bytes(50), "but a program"),
        "a script": (f"#!/bin/sh\ntouch {marker}\n".encode(), "but a script"),
        "a page": (b"<!DOCTYPE html><script>", "but a page of HTML"),
        "a graph without weights": (b'{"class_name": "Sequential"}', "but a JSON text"),
        "weights without a graph": (
            struct.pack("<Q", 2) + b"{}" + b'{"',
            r"is not a model file\. Striate opens",
        ),
        "safetensors": (struct.pack("<Q", 8) + b'{"a":{}}', "but a safetensors file of weights alone"),
    }


def zip_tricks(contents: Contents, marker: Path) -> dict[str, tuple[bytes, str]]:
    """What can be wrong with a zip, each under a right checksum: what to write, and what is said of it."""
    whole = sealed_zip(contents)
    body = whole[:-64]
    one_way = r"is not written the one way it can be"
    first = contents["manifest.json"]
    end = body.rindex(b"PK\x05\x06")
    directory = body.index(b"PK\x01\x02")
    extra = {**contents, "evil.pkl": pickle.dumps(Payload(marker), 2)}
    without = {name: data for name, data in contents.items() if name != "graph.json"}

    def resealed(archive: bytes) -> bytes:
        return sealed(archive[:-64])

    def patched(at: int, new: bytes) -> bytes:
        return sealed(body[:at] + new + body[at + len(new) :])

    twice = body[directory:end]
    bomb = {**contents, "graph.json": b'{"a":"' + b"A" * (64 << 20) + b'"}'}
    return {
        "compressed entries": (resealed(zip_of(contents, zipfile.ZIP_DEFLATED)), one_way),
        "a zip bomb": (resealed(zip_of(bomb, zipfile.ZIP_DEFLATED)), one_way),
        "a bomb of bzip2": (
            resealed(zip_of(bomb, zipfile.ZIP_BZIP2)),
            r"zip of something|not written the one",
        ),
        "an entry that is a link": (resealed(zip_of(contents, external_attr=LINK << 16)), one_way),
        "an extra field": (resealed(zip_of(contents, extra=b"\x75\x70\x04\x00evil")), one_way),
        "a note at an entry": (resealed(zip_of(contents, comment=b"evil")), one_way),
        "an entry one folder up": (resealed(zip_of({"manifest.json": first, "../a.json": b""})), one_way),
        "an entry at the root": (resealed(zip_of({"manifest.json": first, "/etc/cron.d/a": b""})), one_way),
        "an entry on drive C": (resealed(zip_of({"manifest.json": first, "C:\\a.json": b""})), one_way),
        "a folder as an entry": (resealed(zip_of({"manifest.json": first, "folder/": b""})), one_way),
        "a pickle beside the rest": (sealed_zip(extra), r"should hold manifest\.json, .* but holds"),
        "an entry missing": (sealed_zip(without), r"should hold manifest\.json, graph\.json.* but holds"),
        "a zip in the zip": (sealed_zip({**contents, "graph.json": whole}), r"graph\.json in .* is not JSON"),
        "sizes of zip64": (patched(18, b"\xff" * 8), "claims more than the file holds"),
        "an encrypted entry": (patched(6, b"\x01\x00"), one_way),
        "sizes behind the data": (patched(6, b"\x08\x00"), one_way),
        "another name in the directory": (patched(directory + 46, b"evilfest"), one_way),
        "overlapping entries": (patched(directory + 42, struct.pack("<L", 7)), one_way),
        "the same entry listed twice": (sealed(body[:end] + twice + body[end:]), one_way),
        "another count of entries": (patched(end + 8, struct.pack("<2H", 65535, 65535)), one_way),
        "a second end": (sealed(body + body[end:]), one_way),
        "a comment of another length": (patched(end + 20, struct.pack("<H", 0)), one_way),
        "something behind the end": (whole + b"\0", "checksum does not match"),
        "a script in front": (sealed(b"#!/bin/sh\n" + body), "but a script"),
        "65,000 entries": (
            resealed(
                zip_of({"manifest.json": first, **{f"n{number}.json": b"" for number in range(65_000)}})
            ),
            r"claims more|one way",
        ),
        "a checksum of another kind": (body + hashlib.sha512(body).hexdigest()[:64].encode(), "checksum"),
    }
