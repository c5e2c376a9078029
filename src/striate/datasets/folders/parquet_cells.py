"""Cells of Parquet files, read a row group at a time."""

from __future__ import annotations

import functools
from typing import Any

from striate.core.errors import FileAccessError, FileFormatError, MissingExtraError


def import_parquet() -> Any:
    """Import what reads Parquet files, which is an extra.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtraError(
            'Parquet files need the pyarrow package: pip install "striate[parquet]".'
        ) from error
    return parquet


@functools.lru_cache(maxsize=2)
def row_group(path: str, stamp: str, column: str, number: int) -> Any:
    """Read one column of one row group, an Arrow array; `stamp` tells one state of the file from the next.

    `column` may name a part of a column of records, as 'image.bytes'.

    Raises:
        FileAccessError: the file cannot be read.
        FileFormatError: it is damaged.
    """
    parquet = import_parquet()
    try:
        with parquet.ParquetFile(path) as file:
            cells = file.read_row_group(number, columns=[column]).column(0).combine_chunks()
    except ValueError as error:
        raise FileFormatError(f"the Parquet file is damaged: {error}") from error
    except OSError as error:
        raise FileAccessError(f"the Parquet file cannot be read: {error}") from error
    return cells.field(0) if "." in column else cells
