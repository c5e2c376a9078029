"""Image folders as people have them: files by name, and what has to be found in them."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image


def colour(name: str) -> tuple[int, ...]:
    """One colour for each file, so that every picture can be told from all others."""
    return tuple(zlib.crc32(name.encode("utf-8", "surrogateescape")).to_bytes(4, "big")[:3])


def picture(name: str, kind: str = "PNG", size: tuple[int, int] = (4, 4)) -> bytes:
    """A picture of the file's own colour."""
    file = io.BytesIO()
    Image.new("RGB", size, colour(name)).save(file, kind)
    return file.getvalue()


def files_of(*names: str) -> dict[str, bytes]:
    """Pictures of these names."""
    return {name: picture(name) for name in names}


@dataclass(frozen=True)
class Layout:
    """Files, and the class of each example by part and name; what is not named is not found."""

    name: str
    files: dict[str, bytes]
    train: dict[str, str]
    validation: dict[str, str] = field(default_factory=dict)
    test: dict[str, str] = field(default_factory=dict)
    class_names: tuple[str, ...] = ("cat", "dog")

    @property
    def parts(self) -> dict[str, dict[str, str]]:
        """All parts that have examples."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {part: examples for part, examples in parts.items() if examples}


def write_folder(files: dict[str, bytes], place: Path) -> Path:
    """Write files into a folder; names that end in a slash are empty folders."""
    for name, content in files.items():
        path = place / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place


def write_zip(files: dict[str, bytes], path: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Pack files into a zip."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(files: dict[str, bytes], path: Path, prefix: str = "") -> Path:
    """Pack files into a tar, packed as its ending says."""
    packing = path.suffix.removeprefix(".")
    with tarfile.open(path, f"w:{packing if packing != 'tar' else ''}") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(prefix + name.rstrip("/"))
            info.size = len(content)
            if name.endswith("/"):
                info.type = tarfile.DIRTYPE
            archive.addfile(info, io.BytesIO(content))
    return path


CONTAINERS = {
    "folder": lambda files, place: write_folder(files, place / "pets"),
    "zip": lambda files, place: write_zip(files, place / "pets.zip"),
    "zip, stored": lambda files, place: write_zip(files, place / "pets.zip", zipfile.ZIP_STORED),
    "zip, bzip2": lambda files, place: write_zip(files, place / "pets.zip", zipfile.ZIP_BZIP2),
    "tar": lambda files, place: write_tar(files, place / "pets.tar", "./"),
    "tar.gz": lambda files, place: write_tar(files, place / "pets.tar.gz"),
    "tar.bz2": lambda files, place: write_tar(files, place / "pets.tar.bz2"),
    "tar.xz": lambda files, place: write_tar(files, place / "pets.tar.xz"),
}


def _by_class(*names: str, at: int = 0) -> dict[str, str]:
    return {name: name.split("/")[at] for name in names}


_FOUR = ("cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png")
_FLAT = ("a.png", "b.png", "c.png", "d.png")
_FLAT_CLASSES = dict(zip(_FLAT, ("cat", "dog", "cat", "dog"), strict=True))


def _listed(name: str, text: str | bytes, **more: dict) -> Layout:
    content = text.encode() if isinstance(text, str) else text
    layout = {"files": files_of(*_FLAT) | {"labels.csv": content}, "train": _FLAT_CLASSES} | more
    return Layout(name, **layout)


def _with_parts(name: str, train: str, validation: str, test: str) -> Layout:
    return Layout(
        name,
        files_of(*(f"{part}/{file}" for part in (train, validation, test) for file in _FOUR)),
        _by_class(*(f"{train}/{file}" for file in _FOUR), at=1),
        _by_class(*(f"{validation}/{file}" for file in _FOUR), at=1),
        _by_class(*(f"{test}/{file}" for file in _FOUR), at=1),
    )


_FLAT_NAMES = ("cat.0.jpg", "cat_001.png", "cat-3.png", "dog (12).png", "dog.7.jpg", "dog12.png")
_FLAT_NAMED = {name: name[:3] for name in _FLAT_NAMES}

LAYOUTS = [
    Layout("a folder a class", files_of(*_FOUR), _by_class(*_FOUR)),
    Layout("numbers are sorted as numbers",
        files_of("10/a.png", "9/a.png", "10/b.png", "9/b.png"),
        _by_class("10/a.png", "9/a.png", "10/b.png", "9/b.png"), class_names=("9", "10")),
    Layout("deeper folders belong to the class",
        files_of("cat/1.png", "cat/old/deep/2.png", "dog/new/3.png", "dog/new/4.png"),
        _by_class("cat/1.png", "cat/old/deep/2.png", "dog/new/3.png", "dog/new/4.png")),
    Layout("folders around it all", files_of(*(f"pets/images/{name}" for name in _FOUR)),
        _by_class(*(f"pets/images/{name}" for name in _FOUR), at=2)),
    _with_parts("train, val, test", "train", "val", "test"),
    _with_parts("Training, valid, Testing", "Training", "valid", "Testing"),
    _with_parts("TRAIN, Validation, test_set", "TRAIN", "Validation", "test_set"),
    Layout("train and val only: no test comes of it",
        files_of("train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "val/dog/1.png"),
        _by_class("train/cat/1.png", "train/dog/1.png", at=1),
        _by_class("val/cat/1.png", "val/dog/1.png", at=1)),
    Layout("a folder around the parts",
        files_of("pets/train/cat/1.png", "pets/train/dog/1.png", "pets/eval/dog/1.png"),
        _by_class("pets/train/cat/1.png", "pets/train/dog/1.png", at=2),
        _by_class("pets/eval/dog/1.png", at=2)),
    Layout("parts below the classes",
        files_of("cat/train/1.png", "cat/val/1.png", "dog/train/1.png", "dog/val/1.png"),
        _by_class("cat/train/1.png", "dog/train/1.png"), _by_class("cat/val/1.png", "dog/val/1.png")),
    Layout("a class that is called train",
        files_of("train/1.png", "train/2.png", "ship/1.png", "ship/2.png"),
        _by_class("train/1.png", "train/2.png", "ship/1.png", "ship/2.png"), class_names=("ship", "train")),
    Layout("a test part without labels",
        files_of("train/cat/1.png", "train/dog/1.png", "test/1.png", "test/2.png"),
        _by_class("train/cat/1.png", "train/dog/1.png", at=1)),
    Layout("a test part in one folder of no class",
        files_of("train/cat/1.png", "train/dog/1.png", "test/unknown/1.png", "test/unknown/2.png"),
        _by_class("train/cat/1.png", "train/dog/1.png", at=1)),
    Layout("names that say the class", files_of(*_FLAT_NAMES), _FLAT_NAMED),
    Layout("names that say the class, in parts",
        files_of(*(f"{part}/{name}" for part in ("train", "val") for name in _FLAT_NAMES), "test1/1.jpg"),
        {f"train/{name}": label for name, label in _FLAT_NAMED.items()},
        {f"val/{name}": label for name, label in _FLAT_NAMED.items()}),
    _listed("a list", "file,label\na.png,cat\nb.png,dog\nc.png,cat\nd.png,dog\n"),
    _listed("a list: label first", "label,file\ncat,a.png\ndog,b.png\ncat,c.png\ndog,d.png\n"),
    _listed("a list: no header", "a.png,cat\nb.png,dog\nc.png,cat\nd.png,dog\n"),
    _listed("a list: no ending, more columns",
        "id,age,label\na,30,cat\nb,31,dog\nc,32,cat\nd,33,dog\n"),
    _listed("a list: semicolons, BOM, other line ends",
        b"\xef\xbb\xbf" + b'file;label\r\n"a.png";cat\r\n"b.png";dog\r\nc.png;cat\r\nd.png;dog\r\n'),
    _listed("a list: tabs in UTF-16",
        "file\tlabel\na.png\tcat\nb.png\tdog\nc.png\tcat\nd.png\tdog\n".encode("utf-16")),
    _listed("a list: one-hot columns", "file,cat,dog\na,1,0\nb,0,1\nc,1.0,0.0\nd,0,1\n"),
    _listed("a list: one-hot columns without a header", "a,1,0\nb,0,1\nc,1,0\nd,0,1\n",
        train=dict(zip(_FLAT, "0101", strict=True)), class_names=("0", "1")),
    _listed("a list: numbers that a spreadsheet made decimals", "file,label\na,10.0\nb,9.0\nc,10.0\nd,9.0\n",
        train=dict(zip(_FLAT, ("10", "9", "10", "9"), strict=True)), class_names=("9", "10")),
    _listed("a list: a column for the parts",
        "file,label,split\na,cat,train\nb,dog,train\nc,cat,val\nd,dog,TEST\n",
        train={"a.png": "cat", "b.png": "dog"}, validation={"c.png": "cat"}, test={"d.png": "dog"}),
    _listed("a list: rows without a label, images without a row",
        "file,label\na,cat\nb,dog\nc,\n", train={"a.png": "cat", "b.png": "dog"}),
    _listed("a list: paths of another machine",
        "file,label\nC:\\data\\a.png,cat\n/home/x/b.png,dog\n./c.png,cat\nd.png,dog\n"),
    Layout("lists for the parts", files_of("train/1.png", "train/2.png", "test/1.png", "test/2.png")
        | {"train.csv": b"id,label\n1,cat\n2,dog\n", "test.csv": b"id,label\n1,dog\n2,cat\n",
           "sample_submission.csv": b"id,label\n1,cat\n2,cat\n"},
        {"train/1.png": "cat", "train/2.png": "dog"}, test={"test/1.png": "dog", "test/2.png": "cat"}),
    Layout("lists for the parts, the test part's without labels",
        files_of("train/1.png", "train/2.png", "test/1.png", "test/2.png")
        | {"train.csv": b"id,label\n1,cat\n2,dog\n", "test.csv": b"id\n1\n2\n"},
        {"train/1.png": "cat", "train/2.png": "dog"}),
    Layout("a list in each part's folder",
        files_of("train/1.png", "train/2.png", "val/1.png", "val/2.png")
        | {"train/metadata.csv": b"file_name,label\n1.png,cat\n2.png,dog\n",
           "val/metadata.csv": b"file_name,label\n1.png,dog\n2.png,cat\n"},
        {"train/1.png": "cat", "train/2.png": "dog"}, {"val/1.png": "dog", "val/2.png": "cat"}),
    Layout("a list beside folders that are no classes",
        files_of("part_1/a.png", "part_1/b.png", "part_2/c.png", "part_2/d.png")
        | {"HAM_metadata.csv": b"image_id,dx,age\na,cat,1\nb,dog,2\nc,cat,3\nd,dog,4\n"},
        {"part_1/a.png": "cat", "part_1/b.png": "dog", "part_2/c.png": "cat", "part_2/d.png": "dog"}),
    Layout("class folders for training, a list for the test part",
        files_of("Train/0/1.png", "Train/1/2.png", "Test/1.png", "Test/2.png")
        | {"Test.csv": b"Width,ClassId,Path\n9,1,Test/1.png\n9,0,Test/2.png\n",
           "Train.csv": b"Width,ClassId,Path\n9,0,Train/0/1.png\n9,1,Train/1/2.png\n"},
        {"Train/0/1.png": "0", "Train/1/2.png": "1"}, test={"Test/1.png": "1", "Test/2.png": "0"},
        class_names=("0", "1")),
    Layout("a list of records",
        files_of("train/1.png", "train/2.png") | {"train/metadata.jsonl":
            b'{"file_name": "1.png", "label": "cat", "x": [1]}\n{"label": "dog", "file_name": "2.png"}\n'},
        {"train/1.png": "cat", "train/2.png": "dog"}),
    Layout("a list of few of the images beside class folders",
        files_of(*_FOUR) | {"labels.csv": b"file,label\ncat/1.png,dog\n"}, _by_class(*_FOUR)),
    Layout("a table beside class folders that is no list of labels",
        files_of(*_FOUR) | {"results.csv": b"file,label\ncat/1.png,dog\ndog/1.png,cat\n"}, _by_class(*_FOUR)),
    Layout("a text file of paths and numbers",
        files_of(*_FLAT) | {"list.txt": b"a.png 0\nb.png 1\nc.png 0\nd.png 1\n"},
        dict(zip(_FLAT, "0101", strict=True)), class_names=("0", "1")),
    Layout("what is hidden, the system's or no image",
        files_of(*_FOUR, ".ipynb_checkpoints/1.png", "__MACOSX/cat/1.png", "cat/._1.png", "cat/.hidden.png")
        | {"cat/.DS_Store": b"x", "dog/Thumbs.db": b"x", "dog/desktop.ini": b"x", "notes.txt": b"hello",
           "cat/notes.txt": b"hello", "scripts/run.py": b"1", "scripts/data.csv": b"x,y\n1,2\n"},
        _by_class(*_FOUR)),
    Layout("an image without an ending", files_of(*_FOUR, "cat/3") | {"dog/README": b"hello"},
        _by_class(*_FOUR, "cat/3")),
]  # fmt: skip
