"""Finding images and their labels: which layout a folder, archive, list or table has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from striate.core.errors import ArgumentError, DataError, FileFormatError
from striate.datasets.counting import counted
from striate.datasets.folders.archives import is_archive_name, list_archive
from striate.datasets.folders.examples import Example, Found, few, part_of
from striate.datasets.folders.folder_layouts import (
    find_class_folders,
    find_flat_names,
    find_in_parts,
    find_parts_in_classes,
    image_folders,
    part_folders,
)
from striate.datasets.folders.image_index import ImageIndex
from striate.datasets.folders.label_list import (
    TABLE_SUFFIXES,
    ListReader,
    find_in_lists,
    find_tables,
    part_in_name,
)
from striate.datasets.folders.label_table import read_table
from striate.datasets.folders.listing import Folder, is_image_name, list_folder
from striate.datasets.folders.parquet_tables import find_in_parquet
from striate.datasets.folders.places import FilePlace, shown_name
from striate.datasets.folders.webdataset import expand_shards, find_in_shards
from striate.datasets.options import SourceOptions

_WANTED = (
    "Wanted are: a folder for each class; folders train, val and test of these; files called cat.0.jpg; "
    "or a list labels.csv of files and labels."
)


def find_examples(path: Path, options: SourceOptions) -> Found:
    """Find all images at a path, with their labels, whatever the layout.

    Raises:
        FileAccessError: nothing is there, or it cannot be read.
        FileFormatError: an archive, a list or a Parquet file is damaged.
        DataError, LabelError: no images, or nothing that says their classes, in words.
    """
    if path.is_dir():
        return _in_folder(path, options)
    paths = expand_shards(str(path))
    name = paths[0].name.lower()
    if name.endswith(TABLE_SUFFIXES):
        return _in_list(paths[0], options)
    if name.endswith(".parquet"):
        return _in_parquet(paths, options)
    if is_image_name(name):
        raise DataError(f"{_shown(path)} is a single image. {_WANTED}")
    return _in_archives([(one, list_archive(one)) for one in paths], path, options)


def _shown(path: Path) -> str:
    return shown_name(str(path))


def _in_folder(path: Path, options: SourceOptions) -> Found:
    top = list_folder(path)
    if top.has_images():
        found = _in_tree(top, path, options)
        found.bad += top.unreadable
        return found
    files = [place for place in top.all_others() if place.path is not None]
    tables = [place.path for place in files if place.path and place.name.lower().endswith(".parquet")]
    if tables:
        return _in_parquet(tables, options, path)
    archives = [place.path for place in files if place.path and is_archive_name(place.name)]
    if archives:
        return _in_archives([(one, list_archive(one)) for one in archives], path, options)
    if not files:
        raise DataError(f"{_shown(path)} is empty. {_WANTED}")
    raise DataError(
        f"{_shown(path)} holds no images, only {counted(len(files), 'other file')}, such as "
        f"{few([place.name for place in files][:3])}. {_WANTED}"
    )


def _in_list(path: Path, options: SourceOptions) -> Found:
    table = FilePlace(shown_name(path.name), path)
    folder = list_folder(path.parent)
    found = find_in_lists(folder, [table], options.label, by_name=False, base=path.parent)
    if found is None:
        raise DataError(
            f"no column of {_shown(path)} names images that lie beside it or in folders below "
            f"{_shown(path.parent)}; {len(folder.all_images())} images are there. A row holds a file and "
            "its label."
        )
    return found


def _in_parquet(paths: Sequence[Path], options: SourceOptions, root: Path | None = None) -> Found:
    named = [(shown_name(one.relative_to(root or one.parent).as_posix()), one) for one in paths]
    rule, _, column = (options.group or "").partition(":")
    return find_in_parquet(named, options.label, column if rule == "column" else None)


def _in_archives(archives: list[tuple[Path, Folder]], path: Path, options: SourceOptions) -> Found:
    if not any(folder.has_images() for _, folder in archives):
        count = sum(len(folder.all_others()) for _, folder in archives)
        raise DataError(f"{_shown(path)} holds no images, but {counted(count, 'other file')}. {_WANTED}")
    found = find_in_shards(archives, options.label)
    if found is not None:
        return found
    if len(archives) == 1:
        return _in_tree(archives[0][1], path, options)
    top = Folder()
    for archive, folder in archives:
        # train.zip and val.zip are like folders train and val, cat.tar and dog.tar like cat and dog.
        stem = shown_name(archive.name.partition(".")[0])
        for place in [*folder.all_images(), *folder.all_others()]:
            top.add(replace(place, name=f"{stem}/{place.name}"))  # type: ignore[type-var]
    return _in_tree(top, path, options)


def _in_tree(top: Folder, path: Path, options: SourceOptions) -> Found:
    inner = _go_inside(top)
    parts = part_folders(inner)
    tables = find_tables(inner) if parts else []

    def find(folder: Folder) -> Found | None:
        # Where a part's folder says nothing, its own list may lie beside it, as Test.csv beside Test.
        lists = [one for one in tables if part_in_name(PurePosixPath(one.name).stem) == part_of(folder.name)]
        found = _in_part(folder, options)
        return found or find_in_lists(folder, lists, options.label, by_name=False, sure=True)

    found = find_in_parts(inner, parts, find) if parts else None
    found = found or _in_part(inner, options)
    if found is None:
        images = top.all_images()
        raise DataError(
            f"nothing says the classes of the {len(images)} images of {_shown(path)}, such as "
            f"{few([image.name for image in images][:3])}. {_WANTED}"
        )
    if options.label is not None and options.image_input is None:
        _check_label_used(found, path, options.label)
    others = [file.name for file in top.all_others() if not file.name.lower().endswith(TABLE_SUFFIXES)]
    if others:
        found.notes.append(f"{counted(len(others), 'other file')}, no images: {few(others)}")
    if (options.group or "").startswith("column:"):
        _add_columns(found, top)
    return found


def _check_label_used(found: Found, path: Path, label: str) -> None:
    if not any(example.columns for examples in found.parts.values() for example in examples):
        raise ArgumentError(
            f"{_shown(path)} has no list of labels, so label={label!r} names no column: its folders or its "
            "files' names say the classes. Leave label out."
        )


def _go_inside(folder: Folder) -> Folder:
    """Pass through folders that only hold one folder of all images, as archives often begin."""
    while True:
        inner = image_folders(folder)
        if folder.images or len(inner) != 1 or find_tables(folder):
            return folder
        if len(image_folders(inner[0])) < 2 and not _says_classes(inner[0]):
            return folder
        folder = inner[0]


def _says_classes(folder: Folder) -> bool:
    deeper = _go_inside(folder)
    return deeper is not folder or find_flat_names(folder) is not None or bool(find_tables(folder))


def _in_part(folder: Folder, options: SourceOptions) -> Found | None:
    """Find the examples of one part, or of all where there are no folders for parts."""
    folder = _go_inside(folder)
    tables = find_tables(folder)
    if len(image_folders(folder)) > 1:
        # A list beside class folders may hold anything; only one that says so holds the labels.
        found = find_in_lists(folder, tables, options.label, sure=True)
        return found or find_parts_in_classes(folder) or find_class_folders(folder)
    found = find_in_lists(folder, tables, options.label)
    if found is not None:
        return found
    by_name = find_flat_names(folder) if folder.images else None
    return by_name or find_class_folders(folder)


def _add_columns(found: Found, top: Folder) -> None:
    """Give examples the columns of the tables that name them, where their layout has none."""
    index = ImageIndex.of(top.all_images())
    columns: dict[str, dict[str, str]] = {}
    for file in top.all_others():
        if file.name.lower().endswith(TABLE_SUFFIXES[:3]):
            try:
                reader = ListReader(read_table(file), index)
            except FileFormatError:
                # Some other program's file, which is no table at all.
                continue
            if reader.find_file_column():
                columns |= reader.columns_by_name()
    for part, examples in found.parts.items():
        found.parts[part] = [_with_columns(example, columns) for example in examples]


def _with_columns(example: Example, columns: dict[str, dict[str, str]]) -> Example:
    more = columns.get(example.place.name)
    return replace(example, columns={**more, **example.columns}) if more else example
