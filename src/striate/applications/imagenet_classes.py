"""The thousand classes of ImageNet by name: read from a file, which is not part of this package."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from striate.artifacts.atomic import read_bytes
from striate.core.arrays import as_tensor
from striate.core.cache import cache_folder
from striate.core.errors import ArgumentError, FileAccessError, FileFormatError, ShapeError, add_context
from striate.core.shapes import format_shape
from striate.datasets.download import RemoteFile, download

CLASSES = 1000
# The list that Keras's own decode_predictions reads: {"0": ["n01440764", "tench"], ...}.
LIST = RemoteFile(
    "imagenet_class_index.json",
    "a1e7a966a1f601d39e4b43e119b3e7dd4a2ad3ea08cf69847cbaf021013767bc",
    (
        "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json",
        "https://s3.amazonaws.com/deep-learning-models/image-models/imagenet_class_index.json",
    ),
)
_MOST_BYTES = 2**22
_WORDNET = re.compile(r"n\d{8}")


def decode_predictions(
    preds: Any, top: int = 5, names: str | os.PathLike[str] | None = None
) -> list[list[tuple[str, str, float]]]:
    """Name the most probable classes of each image: (WordNet's number, name, probability), the first first.

    `names` is a file with the thousand names in order: Keras's imagenet_class_index.json, or a text
    with one a line, with WordNet's number in front or without. Not given, Keras's list is
    downloaded once, by checksum.

    Shape:
        preds: (images, 1000), the answers of a network with its top.

    Raises:
        ShapeError: answers for other classes.
        ArgumentError: a `top` that is no number from 1 to 1000.
        FileAccessError: no list is there and none can be had.
        FileFormatError: the file is no list of a thousand names.
    """
    answers = as_tensor(preds).detach().cpu().numpy()
    if answers.ndim != 2 or answers.shape[1] != CLASSES:
        raise ShapeError(
            f"decode_predictions takes answers for ImageNet's {CLASSES} classes, (images, {CLASSES}); "
            f"got {format_shape(tuple(answers.shape))}. Other networks have class_names of their own."
        )
    if isinstance(top, bool) or not isinstance(top, int) or not 1 <= top <= CLASSES:
        raise ArgumentError(f"top is how many classes to name, from 1 to {CLASSES}; got {top!r}.")
    known = imagenet_names(names)
    order = np.argsort(-answers, axis=1, kind="stable")[:, :top]
    return [
        [(*known[place], float(row[place])) for place in places]
        for row, places in zip(answers, order.tolist(), strict=True)
    ]


def imagenet_names(path: str | os.PathLike[str] | None = None) -> list[tuple[str, str]]:
    """List WordNet's number (empty where the file has none) and the name of each class, in order.

    Raises:
        FileAccessError: the file is missing, or could not be downloaded.
        FileFormatError: it is no list of a thousand names.
    """
    place = _download() if path is None else Path(path)
    content = read_bytes(place, "list of class names", limit=_MOST_BYTES)
    try:
        text = content.decode("utf-8-sig")
        found = _from_json(text) if text.lstrip().startswith("{") else _from_lines(text)
    except (UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"{place} cannot be read as a list of class names: {error!r}.") from error
    if len(found) != CLASSES:
        raise FileFormatError(f"{place} names {len(found)} classes; ImageNet has {CLASSES}.")
    return found


def names_at_hand() -> list[str] | None:
    """List the names of the classes where Keras's list was downloaded before; None where it was not.

    Two cranes and two maillots are told apart by WordNet's numbers.
    """
    place = cache_folder("weights") / LIST.name
    if not place.is_file():
        return None
    known = imagenet_names(place)
    counts = Counter(name for _, name in known)
    return [name if counts[name] == 1 else f"{name} ({number})" for number, name in known]


def _download() -> Path:
    try:
        return download(LIST, cache_folder("weights"))
    except FileAccessError as error:
        raise add_context(
            error, "the names of ImageNet's classes (a list that you have goes in by names='path')"
        ) from error.__cause__


def _from_json(text: str) -> list[tuple[str, str]]:
    table = json.loads(text)
    rows = [table[str(number)] for number in range(len(table))]
    return [("", str(row)) if isinstance(row, str) else (str(row[0]), str(row[1])) for row in rows]


def _from_lines(text: str) -> list[tuple[str, str]]:
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        first, _, rest = line.partition(" ")
        found.append((first, rest.strip()) if _WORDNET.fullmatch(first) else ("", line))
    return found
