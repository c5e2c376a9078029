"""Everything that decides how a run comes out, in a file that a person can read and write."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote_from_bytes, unquote_to_bytes

from striate.artifacts import read_toml, write_toml
from striate.augment.presets import NAMES as PRESETS
from striate.core.errors import ArgumentError, FileFormatError, StriateError, add_context, did_you_mean
from striate.core.runtime import PRECISIONS
from striate.core.shapes import check_choice
from striate.datasets.decoding.image_input import FITS, INTERPOLATIONS
from striate.datasets.decoding.images import MOST_PIXELS
from striate.datasets.options import SourceOptions
from striate.datasets.rejects import POLICIES
from striate.datasets.source import KINDS

RECIPE_VERSION = 1
MIXES = ("none", "mixup", "cutmix")
NORMALIZATIONS = ("none", "mean", "channel", "pixel", "zca")
_VERSION_KEY = "recipe_version"
_SUFFIX = ".toml"
_URI = "file:"
# What Python makes of bytes in a file's name that are no text.
_NO_TEXT = re.compile("[\udc80-\udcff]")
_SIZE = re.compile(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?")
_TEXTS = ("data", "data_dir", "size", "label", "group", "model", "weights", "device")
_COUNTS = ("epochs", "batch_size", "channels", "limit", "megapixels")
_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "fit": FITS,
    "interpolation": INTERPOLATIONS,
    "bad_files": POLICIES,
    "augment": PRESETS,
    "mix": MIXES,
    "normalize": NORMALIZATIONS,
    "precision": PRECISIONS,
    "schedule": ("constant", "cosine"),
}


@dataclass(frozen=True)
class Recipe:
    """What to train on what, and how. What is None is chosen when the data are known.

    `data` is the name of a set, or a folder or file of one's own; `data_dir` the folder that holds
    a set's files. From `kind` to `cache` stands how data are read: as in
    `striate.datasets.options.SourceOptions`, `size` as text, '128' or 'HEIGHTxWIDTH'. `augment` is
    a preset's name, `mix` what is done to pairs of examples; `normalize` what is done to the values
    first, fitted on the training part.
    `model` is the name of a network or `file.py:function`; `weights` are what it has learnt elsewhere,
    'imagenet' or a file, and is then fine-tuned. `schedule` says how the learning rate
    goes on: 'constant' or 'cosine'. `test_share` of the examples are held back for the test where
    the data bring no test part, and `validation_share` of the others choose the best epoch; with
    a validation share of 0 the training loss does.

    Raises:
        ArgumentError: a value that cannot work.
    """

    data: str
    data_dir: str | None = None
    kind: str | None = None
    size: str | None = None
    fit: str | None = None
    channels: int | None = None
    interpolation: str | None = None
    label: str | None = None
    group: str | None = None
    limit: int | None = None
    bad_files: str = "skip"
    megapixels: int | None = None
    cache: bool = True
    augment: str | None = None
    mix: str | None = None
    normalize: str | None = None
    model: str | None = None
    weights: str | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    test_share: float = 0.15
    validation_share: float | None = None

    def __post_init__(self) -> None:
        for name in _TEXTS:
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise ArgumentError(f"{name} is written as text; got {value!r}.")
        for name in _COUNTS:
            value = getattr(self, name)
            if value is not None and not (_is_whole(value) and value >= 1):
                raise ArgumentError(f"{name} is a whole number from 1 up; got {value!r}.")
        for name, known in _CHOICES.items():
            if getattr(self, name) is not None:
                check_choice(getattr(self, name), known, name)
        if not _is_whole(self.seed) or not 0 <= self.seed < 2**32:
            raise ArgumentError(f"seed is a whole number from 0 to {2**32 - 1}; got {self.seed!r}.")
        if not isinstance(self.cache, bool):
            raise ArgumentError(f"cache is true or false; got {self.cache!r}.")
        rate = self.learning_rate
        if rate is not None and not (_is_number(rate) and 0 < rate < math.inf):
            raise ArgumentError(f"learning_rate is a number above 0, such as 0.001; got {rate!r}.")
        if not (_is_number(self.test_share) and 0 < self.test_share < 1):
            raise ArgumentError(
                f"test_share is a share between 0 and 1, such as 0.1; got {self.test_share!r}."
            )
        held = self.validation_share
        if held is not None and not (_is_number(held) and 0 <= held < 1):
            raise ArgumentError(f"validation_share is a share from 0 to below 1, such as 0.1; got {held!r}.")
        self.image_size()

    def image_size(self) -> tuple[int, int] | None:
        """The height and width of `size`.

        Raises:
            ArgumentError: a text that is no size.
        """
        if self.size is None:
            return None
        found = _SIZE.fullmatch(self.size)
        if found is None:
            raise ArgumentError(
                f"size is the side of square images, '128', or 'HEIGHTxWIDTH', '96x128', in pixels; "
                f"got {self.size!r}."
            )
        height = int(found[1])
        return height, int(found[2] or height)

    def source_options(self) -> SourceOptions:
        """What the recipe says of how data are read."""
        return SourceOptions(
            kind=self.kind,
            size=self.image_size(),
            fit=self.fit,
            channels=self.channels,
            interpolation=self.interpolation,
            label=self.label,
            group=self.group,
            limit=self.limit,
            bad_files=self.bad_files,
            most_pixels=MOST_PIXELS if self.megapixels is None else self.megapixels * 1_000_000,
            cache=self.cache,
            data_dir=self.data_dir,
        )

    def with_options(self, **options: Any) -> Self:
        """Make a recipe in which the options that are not None replace what stands here."""
        return replace(self, **{name: value for name, value in options.items() if value is not None})

    def as_table(self) -> dict[str, Any]:
        """List what is known, in the order of the file; what is None is left out."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        return {_VERSION_KEY: RECIPE_VERSION} | {
            name: _written(value) for name, value in known.items() if value is not None
        }


def _written(value: Any) -> Any:
    """A value as the file holds it: a path whose bytes are no text, for which TOML has no signs, as a URI."""
    if isinstance(value, str) and (_NO_TEXT.search(value) or value.startswith(_URI)):
        return _URI + quote_from_bytes(value.encode("utf-8", "surrogateescape"))
    return value


def _read(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_URI):
        return value
    return unquote_to_bytes(value.removeprefix(_URI)).decode("utf-8", "surrogateescape")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def write_recipe(path: str | os.PathLike[str], recipe: Recipe) -> None:
    """Write a recipe atomically.

    Raises:
        FileAccessError: the file cannot be written.
    """
    write_toml(path, recipe.as_table())


def read_recipe(path: str | os.PathLike[str]) -> Recipe:
    """Read a recipe.

    Raises:
        FileAccessError: the file is missing or cannot be read.
        FileFormatError: it is no TOML, from a newer version, or has a key that recipes do not have.
        ArgumentError: a value that cannot work.
    """
    return recipe_from_table(read_toml(path), os.fspath(path))


def recipe_from_table(table: Mapping[str, Any], source: str) -> Recipe:
    """Make a recipe of a table of keys and values; `source` names it in errors.

    Raises:
        FileFormatError: a key that recipes do not have, or a newer version.
        ArgumentError: a value that cannot work.
    """
    content = dict(table)
    version = content.pop(_VERSION_KEY, RECIPE_VERSION)
    if not _is_whole(version) or version > RECIPE_VERSION:
        raise FileFormatError(
            f"{source} has {_VERSION_KEY} {version!r}; this Striate reads up to {RECIPE_VERSION}. "
            "Update Striate to use it."
        )
    known = [field.name for field in fields(Recipe)]
    for key in content:
        if key not in known:
            raise FileFormatError(
                f"{source}: a recipe has no key {key!r}.{did_you_mean(key, known)} Known: {', '.join(known)}."
            )
    if "data" not in content:
        raise FileFormatError(f"{source}: a recipe names its data, as in: data = 'digits'.")
    try:
        return Recipe(**{key: _read(value) for key, value in content.items()})
    except StriateError as error:
        raise add_context(error, source) from error.__cause__


def recipe_for(data: str, **options: Any) -> Recipe:
    """Make the recipe for what a person named: data, or a recipe's file; options that are given win.

    Raises:
        FileAccessError, FileFormatError: a recipe's file that cannot be read.
        ArgumentError: a value that cannot work.
    """
    recipe = read_recipe(data) if Path(data).suffix == _SUFFIX else Recipe(data)
    return recipe.with_options(**options)
