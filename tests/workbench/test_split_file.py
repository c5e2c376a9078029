from __future__ import annotations

import csv

import pytest

from striate.core.errors import FileAccessError, FileFormatError
from striate.datasets.source import Data, DataBundle
from striate.workbench.split import fingerprint, own_parts, split_data
from striate.workbench.split_file import read_split, write_split
from tests.workbench.toy import toy_bundle as bundle
from tests.workbench.toy import toy_images


def test_a_split_comes_back_from_its_file_with_a_row_an_example(tmp_path):
    named = bundle()
    split = split_data(named, 0.2, 0.1, seed=0)
    write_split(tmp_path / "splits.csv", split, named)
    found = read_split(tmp_path / "splits.csv", split.fingerprint)
    assert found.fingerprint == split.fingerprint == fingerprint(bundle())
    assert own_parts(bundle(), found, "the run")["test"].y.tolist() == split.take(bundle(), "test").y.tolist()
    rows = list(csv.DictReader((tmp_path / "splits.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 90
    assert {row["part"] for row in rows} == {"train", "validation", "test"}
    assert rows[0] == {
        "name": f"train {split.places['train'][0]}",
        "part": "train",
        "source": "train",
        "place": str(split.places["train"][0]),
        "class": str(named.train.y[split.places["train"][0]]),
        "group": "",
        "copy_of": "",
    }


def test_names_of_files_stand_in_the_file_whatever_they_are(tmp_path):
    images, labels = toy_images(30)
    names = [f'ordner/bild {number}, "schön" 🐈\udcff.png' for number in range(30)]
    named = DataBundle("toy", Data(images, labels, ["a,b", "c;d", "e"], names))
    split = split_data(named, 0.2, 0.2, seed=0)
    write_split(tmp_path / "splits.csv", split, named)
    assert read_split(tmp_path / "splits.csv", "x").places["test"].tolist() == split.places["test"].tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "its columns are not its own"),
        ("name,part\nx,train\n", "its columns are not its own"),
        ("name,part,source,place,class,group,copy_of\nx,secret,train,0,a,,\n", "row 2 is damaged"),
        ("name,part,source,place,class,group,copy_of\nx,train,train,-1,a,,\n", "row 2 is damaged"),
        ("name,part,source,place,class,group,copy_of\nx,train\n", "row 2 is damaged"),
    ],
)
def test_a_file_that_is_no_split_is_refused(tmp_path, content, message):
    (tmp_path / "splits.csv").write_text(content, encoding="utf-8")
    with pytest.raises(FileFormatError, match=rf"splits\.csv does not say .* {message}"):
        read_split(tmp_path / "splits.csv", "x")


def test_a_split_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot read .*splits\.csv: No such file"):
        read_split(tmp_path / "splits.csv", "x")
