"""WebDataset's tars: an image and its label are two members of one name."""

import re

import pytest

from striate.core.errors import FileAccessError, LabelError
from striate.datasets.folders.folder import load_images
from striate.datasets.folders.webdataset import expand_shards, key_of, parse_label
from striate.datasets.options import SourceOptions
from tests.datasets.folders.test_folder import NO_CACHE, arrived
from tests.datasets.layouts import picture, write_tar


def shard(labels, ending="cls"):
    """Members of a tar: an image and a label for each key."""
    files = {}
    for key, label in labels.items():
        files |= {f"{key}.png": picture(f"{key}.png"), f"{key}.{ending}": label.encode()}
    return files


@pytest.mark.parametrize("suffix", ["tar", "tar.gz"])
@pytest.mark.parametrize(
    ("ending", "texts", "classes"),
    [
        ("cls", ("0", "1"), ("0", "1")),
        ("cls", ("10", "9\n"), ("10", "9")),
        ("txt", ("cat\n", "dog\n"), ("cat", "dog")),
        ("json", ('{"label": "cat", "caption": "x"}', '{"label": "dog"}'), ("cat", "dog")),
        ("json", ("0", "1"), ("0", "1")),
    ],
)
def test_a_tar_with_labels_beside_its_images(ending, texts, classes, suffix, tmp_path):
    files = shard({"a/1": texts[0], "a/2": texts[1], "a/3": texts[1]}, ending)
    bundle = load_images(write_tar(files, tmp_path / f"0.{suffix}"), NO_CACHE)
    first, second = classes
    assert arrived(bundle) == {"train": {"a/1.png": first, "a/2.png": second, "a/3.png": second}}
    assert bundle.class_names == sorted(classes, key=len)


def test_several_tars_and_their_parts(tmp_path):
    write_tar(shard({"1": "0", "2": "1"}), tmp_path / "train-000.tar")
    write_tar(shard({"1": "1", "2": "0"}), tmp_path / "train-001.tar")
    write_tar(shard({"1": "1"}), tmp_path / "val-000.tar")
    bundle = load_images(tmp_path, NO_CACHE)
    found = {part: dict(zip(data.names, data.y.tolist(), strict=True)) for part, data in bundle.parts()}
    assert found == {
        "train": {"train-000/1.png": 0, "train-000/2.png": 1, "train-001/1.png": 1, "train-001/2.png": 0},
        "validation": {"val-000/1.png": 1},
    }
    pattern = load_images(tmp_path / "train-{000..001}.tar", NO_CACHE)
    assert pattern.train.names == bundle.train.names
    assert pattern.name == "train"
    assert load_images(tmp_path / "train-*.tar", NO_CACHE).train.names == bundle.train.names


def test_labels_that_cannot_be_used_are_listed(tmp_path):
    files = shard({f"{number:03d}": str(number % 2) for number in range(100)})
    files |= {"003.cls": b"\xff\xfe\xfa", "004.cls": b" ", "200.png": picture("200.png")}
    bundle = load_images(write_tar(files, tmp_path / "0.tar"), NO_CACHE)
    assert [bad.name for bad in bundle.bad_files] == ["003.png", "004.png"]
    assert "its label (.cls) cannot be read" in bundle.bad_files[0].reason
    assert bundle.bad_files[1].reason == "its label (004.cls) is empty"
    assert len(bundle.train) == 98
    assert "1 images without a label beside them are left out" in bundle.origin


def test_texts_that_are_no_classes_are_refused(tmp_path):
    files = shard({f"{number}": f"a picture of thing {number}" for number in range(25)}, "txt")
    with pytest.raises(LabelError, match="the tar holds 25 different labels for 25 images"):
        load_images(write_tar(files, tmp_path / "0.tar"), NO_CACHE)


def test_a_field_of_the_json_is_the_label_or_the_group(tmp_path):
    said = [f'{{"kind": "{"ab"[n % 2]}", "label": "x", "who": "{n // 2}"}}' for n in range(4)]
    path = write_tar(shard({str(n): text for n, text in enumerate(said)}, "json"), tmp_path / "0.tar")
    bundle = load_images(path, SourceOptions(cache=False, label="kind", group="column:who"))
    assert bundle.class_names == ["a", "b"]
    assert bundle.train.groups == ["0", "0", "1", "1"]


def test_a_label_that_is_damaged_says_so():
    with pytest.raises(LabelError, match=r"its label \(.json\) cannot be read: Expecting"):
        parse_label(b"{", "json")
    assert parse_label(b"[1, 2]", "json") == ("", {})


def test_patterns_of_tars(tmp_path):
    with pytest.raises(FileAccessError, match=re.escape(f"there is no file {tmp_path}/x-*.tar")):
        expand_shards(f"{tmp_path}/x-*.tar")
    with pytest.raises(FileAccessError, match=r"there is no file .*x-000\.tar"):
        expand_shards(f"{tmp_path}/x-{{000..002}}.tar")
    for number in (9, 10):
        (tmp_path / f"x-{number}.tar").write_bytes(b"")
    assert [path.name for path in expand_shards(f"{tmp_path}/x-{{9..10}}.tar")] == ["x-9.tar", "x-10.tar"]


def test_keys_end_at_the_first_dot_of_the_last_name():
    assert key_of("a.b/c.d.JPG") == ("a.b/c", "d.jpg")
