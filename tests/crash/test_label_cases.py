"""Labels that do not match and layouts that are broken, case by case: words, and nothing written or lost."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate import callbacks as keras_callbacks
from striate.core.errors import ArgumentError, DataError, LabelError, StriateError
from striate.layers import Dense, Flatten, Input
from striate.models import Sequential
from striate.models.saving import load
from tests.crash.clear_messages import check_nothing_lost, lying_in, told

X = np.random.default_rng(0).random((12, 6, 6, 1))
Y = np.arange(12) % 2


def png(path, seed=0):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(path)


def classes(folder, count=12, names=("cat", "dog")):
    for number in range(count):
        png(Path(folder) / names[number % len(names)] / f"{number}.png", number)


def lone():
    classes("pets", 13, ("cat",))
    png("pets/dog/x.png", 99)


def cut_short():
    classes("pets")
    for path in Path("pets").rglob("*.png"):
        path.write_bytes(path.read_bytes()[:40])


def one_bad():
    classes("pets", 20)
    Path("pets/cat/bad.png").write_bytes(b"no image")


def texts():
    for name in ("a", "b"):
        Path("pets", name).mkdir(parents=True)
        Path("pets", name, "x.md").write_text("words")


def table(text, name="t.csv"):
    return lambda: Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())


def arrays(**given):
    return lambda: np.savez("a.npz", **{"x": X, **given})


def rows(label, count=9):
    return "size,weight,kind\n" + "".join(f"{row}.5,{row + 1}.25,{label(row)}\n" for row in range(count))


def listed():
    png("some/a.png")
    Path("l.csv").write_text("file,label\nsome/a.png,x\nsome/zz.png,y\n")


WANTED = "Wanted are: a folder for each class"
# What lies in the folder, what the program is asked, what it must say.
CASES = {
    "an empty folder": (
        lambda: Path("pets").mkdir(),
        "pets",
        "pets is empty. Wanted are: a folder for each class",
    ),
    "nothing of that name": (lambda: None, "petz", "there is no data set, file or folder called 'petz'"),
    "nearly the name": (lambda: None, "digist", "Did you mean 'digits'?"),
    "one class": (
        lambda: classes("pets", 8, ("cat",)),
        "pets",
        "are of one class, 'cat'; a network learns to tell",
    ),
    "images without classes": (
        lambda: png("pets/a.png"),
        "pets",
        "nothing says the classes of the 1 images of pets",
    ),
    "a single image": (
        lambda: png("a.png"),
        "a.png",
        "a.png is of no kind that Striate trains on: folders of",
    ),
    "texts for images": (texts, "pets", "pets holds no images, only 2 other files"),
    "two images": (
        lambda: classes("pets", 2),
        "pets",
        "class 'cat' has a single example, which cannot stand in both",
    ),
    "a class of one": (lone, "pets", "class 'dog' has a single example, which cannot stand in both parts"),
    "images cut short": (
        cut_short,
        "pets",
        "none of the 12 images can be read; the first one is not an image",
    ),
    "a bad file": (one_bad, "pets --bad-files error", "cat/bad.png: is not an image of a kind that is read"),
    "a folder in itself": (
        lambda: (Path("pets").mkdir(), Path("pets/again").symlink_to("../pets")),
        "pets",
        "pets is empty. Wanted are",
    ),
    "a link to nothing": (
        lambda: Path("pets").symlink_to("gone"),
        "pets",
        "no data set, file or folder called 'pets'",
    ),
    "an empty table": (table(""), "t.csv", "t.csv is empty: no rows of numbers were found"),
    "a column that is not there": (
        table(rows(lambda row: "xy"[row % 2])),
        "t.csv --label tree",
        "there is no column for the label called 'tree'. Known: kind, size, weight",
    ),
    "labels left out": (
        table(rows(lambda row: "")),
        "t.csv --label kind",
        "column 3 ('kind'), the label, is empty",
    ),
    "a label for each row": (
        table(rows(lambda row: f"k{row}")),
        "t.csv --label kind",
        "has a single example",
    ),
    "one label for all rows": (table(rows(lambda row: "x")), "t.csv --label kind", "are of one class, 'x'"),
    "no text": (table(b"\xff\xfe\x00\x01\x02" * 9), "t.csv", "t.csv cannot be read as utf-16-le"),
    "fewer labels than examples": (arrays(y=Y[:11]), "a.npz", "x has the shape (12, 6, 6, 1) and y (11,)"),
    "labels between numbers": (arrays(y=np.arange(12) / 3), "a.npz", "but row 1 is 0.3333"),
    "labels that are NaN": (
        arrays(y=np.where(Y, np.nan, 1.0)),
        "a.npz",
        "by whole numbers, but row 1 is nan",
    ),
    "no labels": (arrays(), "a.npz", "a.npz holds x (12, 6, 6, 1). Wanted are x_train and y_train"),
    "labels all alike": (arrays(y=Y * 0), "a.npz", "of one class, '0': there is nothing to tell apart"),
    "more labels than names": (
        arrays(y=Y, class_names=np.array(["a"])),
        "a.npz",
        "label 1 has no name among the 1",
    ),
    "objects for numbers": (
        arrays(x=np.array([None, 1], object)),
        "a.npz",
        "Python objects, which could run any",
    ),
    "no examples": (arrays(x=X[:0], y=Y[:0]), "a.npz", "x in a.npz holds no examples"),
    "NaN in a row": (
        arrays(x=X + np.where(np.arange(12) == 7, np.nan, 0)[:, None, None, None], y=Y),
        "a.npz",
        "x[7]: holds NaN",
    ),
    "no archive": (table(b"PK\x03\x04junk", "a.npz"), "a.npz", "a.npz is damaged or no .npz file"),
    "an array alone": (
        lambda: np.save("a.npy", X),
        "a.npy",
        "there are no labels for a.npy: wanted is a_labels.npy",
    ),
    "a list with files that are not there": (listed, "l.csv", "all 1 images of l.csv are of one class, 'x'"),
    "a damaged zip": (table(b"PK\x03\x04junk", "a.zip"), "a.zip", "the zip a.zip is damaged"),
    "a damaged tar": (table(b"junk" * 200, "a.tar"), "a.tar", "a.tar is damaged, or neither a zip nor a tar"),
    "a device": (lambda: None, "/dev/zero", "/dev/zero is of no kind that Striate trains on"),
    "images where signals are meant": (lambda: classes("pets"), "pets --kind signal", "pets holds images"),
    "a group for nobody": (
        lambda: classes("pets"),
        "pets --group patient(x)",
        "puts no example into a group",
    ),
}


@pytest.mark.parametrize(("make", "words", "wanted"), CASES.values(), ids=CASES.keys())
def test_data_that_cannot_be_used_are_answered_in_words(make, words, wanted, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    make()
    before = {name: digest for name, digest in lying_in(tmp_path).items() if "again" not in name}
    code, said = told(["train", *words.split(), "--epochs", "1", "--no-report"], capsys)
    assert (code, said.startswith("striate: ")) == (1, True), said
    assert wanted in said
    assert not os.path.lexists("runs"), "a run was begun for data that cannot be used"
    check_nothing_lost(tmp_path, before)


def binary():
    model = Sequential([Input((6, 6, 1)), Flatten(), Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", precision="float32")
    return model


def three():
    model = Sequential([Input((6, 6, 1)), Flatten(), Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    return model


LABELS = {
    "from 1": (three, X, np.arange(12) % 3 + 1, {}, LabelError, "1 to 3"),
    "below 0": (three, X, np.arange(12) % 3 - 1, {}, LabelError, "-1"),
    "rows for numbers": (three, X, np.eye(3)[Y], {}, LabelError, "one-hot"),
    "three for two": (binary, X, np.arange(12) % 3, {}, LabelError, "takes labels from 0 to 1"),
    "words": (binary, X, np.array(["cat"] * 12), {}, DataError, "a batch holds numbers"),
    "too few": (binary, X, Y[:7], {}, DataError, "there are 12 examples but 7 labels"),
    "infinite": (binary, X, np.where(Y, np.inf, 1.0), {}, LabelError, "labels are NaN or infinite"),
    "none": (binary, X, None, {}, ArgumentError, "there is nothing to learn from"),
    "sorted": (binary, X, np.sort(Y), {"validation_split": 0.5}, LabelError, "the data are sorted by class"),
    "a weight too many": (binary, X, Y, {"sample_weight": np.ones(13)}, DataError, "but 13 sample weights"),
    "a class that is not there": (
        binary,
        X,
        Y,
        {"class_weight": {3: 1.0}},
        ArgumentError,
        r"the classes \[3\]",
    ),
}


@pytest.mark.parametrize(("make", "x", "y", "options", "kind", "words"), LABELS.values(), ids=LABELS.keys())
def test_labels_that_do_not_match_leave_model_and_files_alone(make, x, y, options, kind, words, tmp_path):
    model = make()
    model.save(tmp_path / "model.striate")
    before, weights = lying_in(tmp_path), [weight.copy() for weight in model.get_weights()]
    kept = [
        keras_callbacks.ModelCheckpoint(tmp_path / "model.striate"),
        keras_callbacks.BackupAndRestore(tmp_path / "backup"),
    ]
    with pytest.raises(kind, match=words) as caught:
        model.fit(x, y, verbose=0, callbacks=kept, **options)
    assert isinstance(caught.value, StriateError)
    assert all(np.array_equal(one, two) for one, two in zip(weights, model.get_weights(), strict=True))
    check_nothing_lost(tmp_path, before)
    assert load(tmp_path / "model.striate").count_params() == model.count_params()
