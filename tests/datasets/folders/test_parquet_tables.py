"""Parquet files as Hugging Face writes them."""

import builtins
import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from striate.core.errors import (
    DataError,
    FileAccessError,
    FileFormatError,
    LabelError,
    MissingExtraError,
    UnknownNameError,
)
from striate.datasets.folders.folder import load_images
from striate.datasets.folders.parquet_cells import row_group
from striate.datasets.folders.parquet_tables import find_in_parquet
from striate.datasets.folders.places import ParquetCell
from striate.datasets.options import SourceOptions
from tests.datasets.folders.test_folder import NO_CACHE
from tests.datasets.layouts import colour, picture

FEATURES = {"image": {"_type": "Image"}, "label": {"names": ["dog", "cat"], "_type": "ClassLabel"}}


def write(path, labels, features=FEATURES, rows_a_group=2, **columns):
    """Write images of their own colours with labels, in row groups of two."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [f"{path.stem}-{number}.png" for number in range(len(labels))]
    images = [{"bytes": picture(name), "path": name} for name in names]
    table = pa.table({"image": images, "label": labels, **columns})
    if features:
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    parquet.write_table(table, path, row_group_size=rows_a_group)
    return path


def arrived(data):
    for x, name in zip(data.x, data.names, strict=True):
        np.testing.assert_array_equal(x, np.broadcast_to(colour(name.rpartition("/")[2][7:]), x.shape))
    return dict(zip(data.names, [data.class_names[label] for label in data.y], strict=True))


def test_files_of_parts_with_names_of_classes(tmp_path):
    write(tmp_path / "data/train-00000-of-00002.parquet", [1, 0, 1])
    write(tmp_path / "data/train-00001-of-00002.parquet", [0])
    write(tmp_path / "data/validation-00000-of-00001.parquet", [0, 1])
    write(tmp_path / "data/test-00000-of-00001.parquet", [-1, 0])
    bundle = load_images(tmp_path, NO_CACHE)
    assert bundle.class_names == ["dog", "cat"]
    first, second = "train-00000-of-00002", "train-00001-of-00002"
    assert arrived(bundle.train) == {
        f"data/{first}/000000-{first}-0.png": "cat",
        f"data/{first}/000001-{first}-1.png": "dog",
        f"data/{first}/000002-{first}-2.png": "cat",
        f"data/{second}/000000-{second}-0.png": "dog",
    }
    assert list(arrived(bundle.validation).values()) == ["dog", "cat"]
    assert list(arrived(bundle.test).values()) == ["dog"]
    assert "1 rows without a label are left out" in bundle.origin


def test_files_of_one_name_in_folders_of_parts(tmp_path):
    write(tmp_path / "train/0000.parquet", [1, 0])
    write(tmp_path / "test/0000.parquet", [0, 1])
    bundle = load_images(tmp_path, NO_CACHE)
    assert list(arrived(bundle.train)) == ["train/0000/000000-0000-0.png", "train/0000/000001-0000-1.png"]
    assert list(arrived(bundle.test)) == ["test/0000/000000-0000-0.png", "test/0000/000001-0000-1.png"]


def test_labels_in_words_without_a_description(tmp_path):
    path = write(tmp_path / "pets.parquet", ["cat", "dog", "cat"], None, who=["x", "x", "y"])
    bundle = load_images(path, SourceOptions(cache=False, group="column:who"))
    assert list(arrived(bundle.train).values()) == ["cat", "dog", "cat"]
    assert bundle.train.groups == ["x", "x", "y"]


def test_a_column_of_plain_bytes_and_a_label_that_is_named(tmp_path):
    table = pa.table({"png": [picture(f"{n}") for n in range(4)], "a": [1, 2, 1, 2], "b": [5, 5, 6, 6]})
    parquet.write_table(table, tmp_path / "x.parquet")
    bundle = load_images(tmp_path / "x.parquet", SourceOptions(cache=False, label="b"))
    assert [bundle.class_names[label] for label in bundle.train.y] == ["5", "5", "6", "6"]
    assert bundle.train.names == [f"x/{n:06d}" for n in range(4)]
    with pytest.raises(DataError, match=r"any of the columns a, b of x.parquet could hold the labels"):
        load_images(tmp_path / "x.parquet", NO_CACHE)
    with pytest.raises(UnknownNameError, match=r"no column of x.parquet called 'c'"):
        load_images(tmp_path / "x.parquet", SourceOptions(label="c"))


def test_an_empty_cell_is_a_bad_file(tmp_path):
    images = [{"bytes": picture(str(n)), "path": None} for n in range(40)]
    images[7] = {"bytes": None, "path": "lost.png"}
    table = pa.table({"image": images, "label": [n % 2 for n in range(40)]})
    parquet.write_table(table, tmp_path / "x.parquet")
    bundle = load_images(tmp_path / "x.parquet", NO_CACHE)
    (bad,) = bundle.bad_files
    assert (bad.name, bad.reason) == ("x/000007-lost.png", "the cell is empty")
    assert len(bundle.train) == 39


def test_no_column_of_images(tmp_path):
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    with pytest.raises(DataError, match=r"x.parquet has no column of images .*it has a"):
        load_images(tmp_path / "x.parquet")


def test_files_that_do_not_agree_on_the_classes(tmp_path):
    write(tmp_path / "train-0.parquet", [0, 1])
    other = FEATURES | {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}
    write(tmp_path / "train-1.parquet", [0, 1], other)
    with pytest.raises(DataError, match=r"train-1.parquet names other classes than train-0.parquet"):
        load_images(tmp_path)


def test_a_label_beyond_the_names_of_the_classes(tmp_path):
    write(tmp_path / "x.parquet", [0, 2])
    with pytest.raises(DataError, match=r"x.parquet has the label 2, but names 2 classes, 0 to 1"):
        load_images(tmp_path / "x.parquet")


def test_a_column_that_holds_no_classes(tmp_path):
    write(tmp_path / "x.parquet", [f"thing {n}" for n in range(30)], None)
    with pytest.raises(LabelError, match="the column of labels holds 30 different labels for 30 images"):
        load_images(tmp_path / "x.parquet")


def test_damaged_files(tmp_path):
    path = write(tmp_path / "x.parquet", [0, 1, 0, 1])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(FileFormatError, match=r"x.parquet is damaged or no Parquet file"):
        load_images(path)
    with pytest.raises(FileFormatError, match="the cell is empty"):
        ParquetCell("x", write(tmp_path / "y.parquet", [0], None, more=[None]), "now", "more", 0, 0).read()
    with pytest.raises(FileFormatError, match="the Parquet file is damaged"):
        row_group(str(path), "now", "image.bytes", 0)


def test_files_that_are_gone(tmp_path):
    with pytest.raises(FileAccessError, match="cannot read x"):
        find_in_parquet([("x", tmp_path / "x.parquet")])
    with pytest.raises(FileAccessError, match="the Parquet file cannot be read"):
        row_group(str(tmp_path / "x.parquet"), "now", "image.bytes", 0)


def test_without_what_reads_parquet_its_extra_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "x.parquet", [0, 1])
    original = builtins.__import__

    def refuse(name, *arguments, **words):
        if name == "pyarrow":
            raise ImportError(name)
        return original(name, *arguments, **words)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtraError, match=r'pip install "striate\[parquet\]"'):
        load_images(path)
