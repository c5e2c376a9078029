"""Ways to damage a model file: its JSON, the header of its weights, its zip, its bytes.

Most damage is done below the checksums, which are put right again afterwards, as somebody who
knows the format would do.
"""

from __future__ import annotations

import hashlib
import json
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

from striate.artifacts import canonical_zip
from striate.artifacts.canonical_zip import Entry

Contents = dict[str, bytes]

NAMES = (
    *("Lambda", "TorchModule", "Layer", "Model", "Sequential", "InputLayer", "Dense", "Conv2D", "Flatten"),
    *("Embedding", "ZCAWhitening", "Normalization", "RandomErasing", "Adam", "MeanIoU", "AUC", "Constant"),
    *("Orthogonal", "os.system", "builtins.eval", "__import__", "subprocess.Popen", "torch.load", "exec"),
    *("../../etc/passwd", "/etc/passwd", "C:\\x", "..", "", "a/b", "\x1b[2J", "\u202e", "\0", "\ud800", "ä"),
    *("same", "valid", "causal", "channels_first", "relu", "softmax", "he_normal", "complex64", "float64"),
    *("bfloat16", "object", "__class__", "self", "cls", "x" * 300, "x" * 200_000, "NaN", "-1", "1e999"),
)
NUMBERS = (
    *(-1, 0, 1, 2, 3, 7, 100, 4096, 65537, 10**6, 2**31 - 1, 2**31, 2**32, 10**9, 10**12, 2**62, 2**63 - 1),
    *(2**63, 10**30, -(2**63), 0.5, -0.0, 1e308, 1e-320, -1.5, 1.0, float("inf"), float("nan")),
)
# Enough to be too much for a graph, and not so much that making it takes the time of the tests.
_LONGEST_COPY = 1 << 22
KEYS = (
    *("name", "units", "filters", "kernel_size", "strides", "padding", "dtype", "trainable", "input_shape"),
    *("class_name", "config", "layers", "calls", "inputs", "outputs", "options", "input", "batch_shape"),
    *("custom_objects", "module", "function", "weights", "path", "seed", "training", "unit", "$call", "part"),
)


def sealed_zip(contents: Contents) -> bytes:
    """The bytes of an archive as Striate writes it, with a right checksum."""
    entries = [Entry(name, zlib.crc32(data), len(data)) for name, data in contents.items()]
    parts = [part for entry in entries for part in (canonical_zip._local_header(entry), contents[entry.name])]
    return sealed(b"".join(parts) + canonical_zip._directory(entries))


def sealed(body: bytes) -> bytes:
    """Put a right checksum behind the body of an archive."""
    return body + hashlib.sha256(body).hexdigest().encode()


def json_text(data: Any) -> bytes:
    """JSON as Striate writes it, also where it would not."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def mutated(contents: Contents, draw: random.Random, others: list[Contents]) -> bytes:
    """Damage a file's contents in one to four ways and give the bytes of the damaged file."""
    contents = dict(contents)
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        draw.choices((_change_json, change_header, _swap_entry, change_bytes), (12, 3, 1, 2))[0](
            contents, draw, others
        )
    whole = sealed_zip(contents)
    way = draw.random()
    if way < 0.9:
        return whole
    body = bytearray(whole[:-64])
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(body))
        body[at] = draw.choice((0, 1, 0x7F, 0xFF, draw.randrange(256)))
    return sealed(bytes(body)) if way < 0.97 else bytes(body) + whole[-64:]


def _change_json(contents: Contents, draw: random.Random, others: list[Contents]) -> None:
    tables = ["graph.json"] * 12 + [name for name in contents if name.endswith(".json")]
    name = draw.choice(tables)
    try:
        data = json.loads(contents[name])
    except ValueError:
        return
    places = _places([data])
    for _ in range(draw.choice((1, 1, 2, 3))):
        holder, key = draw.choice(places)
        if key in holder if isinstance(holder, dict) else key < len(holder):
            draw.choice(_EDITS)(holder, key, draw, places)
    try:
        contents[name] = json_text(data)
    except (RecursionError, ValueError):
        # Two edits made it hold itself; there is no such text.
        contents[name] = b"[" * 200_000


def _places(data: Any) -> list[tuple[Any, Any]]:
    found, stack = [], [data]
    while stack and len(found) < 20_000:
        holder = stack.pop()
        pairs = list(holder.items() if isinstance(holder, dict) else enumerate(holder))
        found += [(holder, key) for key, _ in pairs]
        stack += [part for _, part in pairs if isinstance(part, dict | list)]
    return found[1:] or found


def _nasty(draw: random.Random) -> Any:
    kind = draw.randrange(10)
    if kind < 3:
        return draw.choice(NUMBERS)
    if kind < 5:
        return draw.choice(NAMES)
    if kind == 5:
        return draw.choice((None, True, False, [], {}, [[]], [None], [{}], {"": ""}))
    if kind == 6:
        return [draw.choice(NUMBERS) for _ in range(draw.choice((1, 2, 3, 4, 100)))]
    if kind == 7:
        return {"class_name": draw.choice(NAMES), "config": {draw.choice(KEYS): draw.choice(NUMBERS)}}
    if kind == 8:
        return {
            draw.choice(("$call", "$input")): draw.choice((-1, 0, 1, 10**9)),
            "part": draw.choice((-1, 0, 1)),
        }
    nested: Any = draw.choice(NUMBERS)
    for _ in range(draw.choice((2, 30, 90, 120, 400))):
        nested = [nested] if draw.random() < 0.5 else {draw.choice(KEYS): nested}
    return nested


def _replace(holder: Any, key: Any, draw: random.Random, places: list[tuple[Any, Any]]) -> None:
    holder[key] = _nasty(draw)


def _grow(holder: Any, key: Any, draw: random.Random, places: list[tuple[Any, Any]]) -> None:
    numbers = [
        (inside, at)
        for inside, at in places
        if (at in inside if isinstance(inside, dict) else at < len(inside))
        and type(inside[at]) in (int, float)
    ]
    if numbers:
        holder, key = draw.choice(numbers)
    holder[key] = draw.choice(NUMBERS)


def _remove(holder: Any, key: Any, draw: random.Random, places: list[tuple[Any, Any]]) -> None:
    del holder[key]


def _rename(holder: Any, key: Any, draw: random.Random, places: list[tuple[Any, Any]]) -> None:
    if isinstance(holder, dict):
        holder[draw.choice(KEYS)] = holder.pop(key)


def _add(holder: Any, key: Any, draw: random.Random, places: list[tuple[Any, Any]]) -> None:
    if isinstance(holder, dict):
        holder[draw.choice(KEYS)] = _nasty(draw)
    else:
        holder.insert(key, _nasty(draw))


def _copy(holder: Any, key: Any, draw: random.Random, places: list[tuple[Any, Any]]) -> None:
    inside, at = draw.choice(places)
    if at in inside if isinstance(inside, dict) else at < len(inside):
        text = json.dumps(inside[at])
        holder[key] = json.loads(text) if len(text) < _LONGEST_COPY else None


def _repeat(holder: Any, key: Any, draw: random.Random, places: list[tuple[Any, Any]]) -> None:
    if isinstance(holder, list):
        most = _LONGEST_COPY // len(json.dumps(holder[key]))
        holder[key:key] = [holder[key]] * min(draw.choice((1, 3, 50, 3000)), most)


_EDITS: tuple[Callable[..., None], ...] = (
    *(_replace, _replace, _grow, _grow, _grow),
    *(_remove, _rename, _add, _copy, _copy, _repeat),
)


def change_header(contents: Contents, draw: random.Random, others: list[Contents]) -> None:
    name = draw.choice([name for name in contents if name.endswith(".safetensors")])
    content = contents[name]
    try:
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
    except (ValueError, struct.error):
        return
    places = _places([header])
    holder, key = draw.choice(places)
    if draw.random() < 0.5:
        holder[key] = draw.choice((*NUMBERS, "F64", "BF16", "C64", "F4", "BOOL", [], [0, 4], [2**62, 4]))
    else:
        draw.choice(_EDITS)(holder, key, draw, places)
    text = json.dumps(header, separators=(",", ":")).encode()
    size = draw.choice((len(text),) * 20 + (0, 2**63, 10**8, len(text) + 1))
    contents[name] = struct.pack("<Q", size) + text + content[8 + length :]


def _swap_entry(contents: Contents, draw: random.Random, others: list[Contents]) -> None:
    name = draw.choice(list(contents))
    contents[name] = draw.choice(others).get(name, b"")


def change_bytes(contents: Contents, draw: random.Random, others: list[Contents]) -> None:
    name = draw.choice(list(contents))
    data = bytearray(contents[name])
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(data) + 1)
        data[at : at + draw.randint(0, 8)] = draw.randbytes(draw.randint(0, 8))
    contents[name] = bytes(data)
