"""Images in Parquet files, as Hugging Face writes them: a column of records {bytes, path}, and labels."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from striate.core.errors import DataError, FileAccessError, FileFormatError, unknown_name
from striate.datasets.folders.examples import LABEL_WORDS, Example, Found, check_classes_repeat, class_name
from striate.datasets.folders.label_list import part_in_name
from striate.datasets.folders.parquet_cells import import_parquet
from striate.datasets.folders.places import ParquetCell, file_stamp

_MORE_LABEL_WORDS = ("fine_label", "coarse_label")


def find_in_parquet(
    files: Sequence[tuple[str, Path]], label: str | None = None, group: str | None = None
) -> Found:
    """Find the examples of Parquet files, each with its name for people.

    Files called after a part (`test-00000-of-00002`, `test/0000`) are that part's, where there are
    several. `label` names the column of the answers, `group` one more that is read.

    Raises:
        MissingExtraError: pyarrow is not installed.
        FileAccessError, FileFormatError: a file cannot be read, or is damaged.
        DataError: no column of images or of labels, or files that do not agree on the classes.
    """
    found = Found({})
    unlabelled = 0
    for name, path in files:
        part = None if len(files) == 1 else part_in_name(path.stem) or part_in_name(path.parent.name)
        table = _ParquetTable(name, path, label, group)
        if found.class_names is not None and table.class_names not in (None, found.class_names):
            raise DataError(f"{name} names other classes than {files[0][0]}.")
        found.class_names = found.class_names or table.class_names
        examples = list(table.examples())
        unlabelled += sum(not example.label for example in examples)
        found.parts.setdefault(part or "train", []).extend(filter(lambda one: one.label, examples))
    found.parts = {part: examples for part, examples in found.parts.items() if examples}
    if unlabelled:
        found.notes.append(f"{unlabelled} rows without a label are left out")
    train = found.parts.get("train", [])
    if found.class_names is None:
        check_classes_repeat([example.label for example in train], "the column of labels")
    return found


@contextmanager
def _refusing_damage(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        # Damage, too, is an OSError to this library, but one without a number of the system's.
        if isinstance(error, OSError) and error.errno is not None:
            raise FileAccessError(f"cannot read {name}: {error.strerror}.") from error
        raise FileFormatError(f"{name} is damaged or no Parquet file: {error}") from error


class _ParquetTable:
    """One Parquet file: which of its columns are the images and the labels, and its rows."""

    def __init__(self, name: str, path: Path, label: str | None, group: str | None):
        self.name, self.path = name, path
        parquet = import_parquet()
        with _refusing_damage(name), parquet.ParquetFile(path) as file:
            self.schema = file.schema_arrow
            groups = [file.metadata.row_group(number) for number in range(file.num_row_groups)]
            self.group_sizes = [one.num_rows for one in groups]
        self.features = self._features()
        self.image = self._image_column()
        self.label = self._label_column(label)
        self.class_names = self._class_names()
        wanted = {self.label, *(self._check_column(group) if group else ())}
        paths = [f"{self.image}.path"] if self._is_record(self.image, "path") else []
        with _refusing_damage(name), parquet.ParquetFile(path) as file:
            self.rows: dict[str, list[Any]] = file.read(columns=[*sorted(wanted), *paths]).to_pydict()

    def _features(self) -> dict[str, Any]:
        described = (self.schema.metadata or {}).get(b"huggingface")
        try:
            return dict(json.loads(described)["info"]["features"]) if described else {}
        except (ValueError, KeyError, TypeError):
            return {}

    def _is_record(self, column: str, field: str) -> bool:
        kind = self.schema.field(column).type
        return hasattr(kind, "get_field_index") and kind.get_field_index(field) >= 0

    def _image_column(self) -> str:
        names: list[str] = self.schema.names
        described = [name for name in names if self.features.get(name, {}).get("_type") == "Image"]
        records = [name for name in names if self._is_record(name, "bytes")]
        plain = [name for name in names if str(self.schema.field(name).type) in ("binary", "large_binary")]
        for found in (described, records, plain):
            if found:
                return str(found[0])
        raise DataError(
            f"{self.name} has no column of images (records of bytes and path); it has {', '.join(names)}."
        )

    def _check_column(self, name: str) -> list[str]:
        if name not in self.schema.names:
            raise unknown_name(f"column of {self.name}", name, self.schema.names)
        return [name]

    def _label_column(self, wanted: str | None) -> str:
        if wanted is not None:
            return self._check_column(wanted)[0]
        names = [str(name) for name in self.schema.names if name != self.image]
        described = [name for name in names if self.features.get(name, {}).get("_type") == "ClassLabel"]
        usual = [name for name in (*LABEL_WORDS, *_MORE_LABEL_WORDS) if name in names]
        for found in (described if len(described) == 1 else [], usual, described, names):
            if found and (found is not names or len(names) == 1):
                return found[0]
        raise DataError(
            f"any of the columns {', '.join(names) or '(none)'} of {self.name} could hold the labels. "
            "Name one: label=..."
        )

    def _class_names(self) -> list[str] | None:
        names = self.features.get(self.label, {}).get("names")
        return [class_name(str(name)) for name in names] if isinstance(names, list) else None

    def _label(self, value: Any) -> str:
        if value is None or (isinstance(value, int) and value < 0):
            # Hugging Face writes -1 where the label is not told.
            return ""
        if self.class_names is None:
            return class_name(str(value))
        if not isinstance(value, int) or value >= len(self.class_names):
            raise DataError(
                f"{self.name} has the label {value!r}, but names {len(self.class_names)} classes, "
                f"0 to {len(self.class_names) - 1}."
            )
        return self.class_names[value]

    def examples(self) -> Iterator[Example]:
        """Give all rows as examples; the label is '' where there is none."""
        stamp = file_stamp(self.path)
        column = f"{self.image}.bytes" if self._is_record(self.image, "bytes") else self.image
        records = self.rows.get(self.image) or [{}] * sum(self.group_sizes)
        number = 0
        for group, size in enumerate(self.group_sizes):
            for row in range(size):
                said = (records[number] or {}).get("path")
                name = f"{self.name.removesuffix('.parquet')}/{number:06d}" + (
                    f"-{PurePosixPath(said).name}" if said else ""
                )
                place = ParquetCell(name, self.path, stamp, column, group, row)
                yield Example(place, self._label(self.rows[self.label][number]), "", self._columns(number))
                number += 1

    def _columns(self, number: int) -> dict[str, str]:
        return {
            name: "" if cells[number] is None else str(cells[number])
            for name, cells in self.rows.items()
            if name != self.image
        }
