"""One command trains on whatever people have: each kind of folder and file, from the path to a scored run."""

from __future__ import annotations

import csv
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from striate.workbench import Recipe, actions

COUNT = 36
CLASSES = ("dark", "light")
GENERATOR = np.random.default_rng(0)
PIXELS = np.stack(
    [GENERATOR.integers(0, 60, (8, 8, 1)) + 150 * (number % 2) for number in range(COUNT)]
).astype(np.uint8)
LABELS = np.arange(COUNT) % 2
SERIES = PIXELS.reshape(COUNT, 64)[:, :30].astype(np.float64) / 7


def png(number: int) -> bytes:
    content = io.BytesIO()
    Image.fromarray(PIXELS[number, ..., 0]).save(content, "PNG")
    return content.getvalue()


def images(where: Callable[[int], str]) -> dict[str, bytes]:
    return {where(number): png(number) for number in range(COUNT)}


def class_of(number: int) -> str:
    return CLASSES[LABELS[number]]


def write(files: dict[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def class_folders(place: Path) -> Path:
    return write(images(lambda number: f"{class_of(number)}/{number:02}.png"), place / "shades")


def parts(place: Path) -> Path:
    def where(number: int) -> str:
        part = "train" if number < 20 else "val" if number < 28 else "test"
        return f"{part}/{class_of(number)}/{number:02}.png"

    return write(images(where), place / "shades")


def names(place: Path) -> Path:
    return write(images(lambda number: f"{class_of(number)}.{number}.png"), place / "shades")


def listed(place: Path) -> Path:
    rows = "".join(f"{class_of(number)};{number:02}\n" for number in range(COUNT))
    table = {"labels.csv": f"\ufefflabel;id\n{rows}".encode()}
    return write({**images(lambda number: f"{number:02}.png"), **table}, place / "shades")


def zipped(place: Path) -> Path:
    with zipfile.ZipFile(place / "shades.zip", "w") as archive:
        for name, content in images(lambda number: f"shades/{class_of(number)}/{number:02}.png").items():
            archive.writestr(name, content)
    return place / "shades.zip"


def tarred(files: dict[str, bytes], path: Path) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith(".gz") else "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def tar(place: Path) -> Path:
    return tarred(images(lambda number: f"{class_of(number)}/{number:02}.png"), place / "shades.tar.gz")


def webdataset(place: Path) -> Path:
    for shard in range(2):
        files = {}
        for number in range(shard, COUNT, 2):
            files |= {f"{number:04}.png": png(number), f"{number:04}.cls": str(number % 4 // 2).encode()}
        tarred(files, place / f"shade-{shard:03}.tar")
    return place / "shade-{000..001}.tar"


def parquet(place: Path) -> Path:
    pyarrow, written = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    cells = [{"bytes": png(number), "path": f"{number}.png"} for number in range(COUNT)]
    table = pyarrow.table({"image": cells, "label": LABELS.tolist()})
    features = {"label": {"names": list(CLASSES), "_type": "ClassLabel"}, "image": {"_type": "Image"}}
    about = json.dumps({"info": {"features": features}})
    written.write_table(table.replace_schema_metadata({"huggingface": about}), place / "shades.parquet")
    return place / "shades.parquet"


def rows_of(
    header: list[str], cells: Callable[[int], list[object]], path: Path, separator: str = ","
) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, delimiter=separator)
        if header:
            table.writerow(header)
        table.writerows(cells(number) for number in range(COUNT))
    return path


def spectra(place: Path) -> Path:
    header = ["class", *[str(400 + 5 * step) for step in range(30)]]
    return rows_of(header, lambda n: [class_of(n), *SERIES[n].round(3)], place / "spectra.csv")


def pixel_table(place: Path) -> Path:
    header = ["label", *[f"pixel{place}" for place in range(64)]]
    return rows_of(header, lambda n: [LABELS[n], *PIXELS[n].reshape(-1)], place / "pixels.csv")


def ucr(place: Path) -> Path:
    for part, moved in (("TRAIN", 0.0), ("TEST", 0.01)):
        cells = [[LABELS[n] + 1, *(SERIES[n] + moved)] for n in range(COUNT)]
        rows_of([], cells.__getitem__, place / f"Shades_{part}.tsv", "\t")
    return place / "Shades_TRAIN.tsv"


def ts(place: Path) -> Path:
    head = "@problemName Shades\n@univariate true\n@classLabel true dark light\n@data\n"
    rows = "".join(f"{','.join(map(str, SERIES[n].round(3)))}:{class_of(n)}\n" for n in range(COUNT))
    (place / "Shades.ts").write_text(head + rows, encoding="utf-8")
    return place / "Shades.ts"


def arff(place: Path) -> Path:
    head = "@relation Shades\n" + "".join(f"@attribute a{step} numeric\n" for step in range(30))
    rows = "".join(f"{','.join(map(str, SERIES[n].round(3)))},{class_of(n)}\n" for n in range(COUNT))
    (place / "Shades.arff").write_text(f"{head}@attribute c {{dark,light}}\n@data\n{rows}", encoding="utf-8")
    return place / "Shades.arff"


def npz(place: Path) -> Path:
    np.savez(place / "shades.npz", x=PIXELS, y=LABELS)
    return place / "shades.npz"


def npy(place: Path) -> Path:
    np.save(place / "X.npy", PIXELS)
    np.save(place / "y.npy", LABELS)
    return place / "X.npy"


def matlab(place: Path) -> Path:
    from scipy.io import savemat

    savemat(place / "shades.mat", {"X": PIXELS, "y": LABELS[:, None]})
    return place / "shades.mat"


def idx(place: Path) -> Path:
    for name, array in (("images-idx3", PIXELS[..., 0]), ("labels-idx1", LABELS.astype(np.uint8))):
        head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        for part in ("train", "t10k"):
            content = array if part == "train" else np.minimum(array.astype(int) + (array.ndim > 1), 255)
            (place / f"{part}-{name}-ubyte").write_bytes(head + content.astype(np.uint8).tobytes())
    return place


SOURCES = [
    *(class_folders, parts, names, listed, zipped, tar, webdataset, parquet),
    *(spectra, pixel_table, ucr, ts, arff, npz, npy, matlab, idx),
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_a_path_becomes_a_scored_run(source, here, tmp_path, monkeypatch):
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "data").mkdir()
    path = source(tmp_path / "data")
    recipe = Recipe(str(path), model="networks.py:stack", epochs=2, batch_size=8, test_share=0.3)
    result = actions.train(recipe, "any")
    assert result.status == "finished"
    assert result.scores.examples >= 8
    assert len(result.scores.class_names) == 2
    assert actions.evaluate("any").scores.accuracy == result.scores.accuracy
