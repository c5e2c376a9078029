"""Scripts as a learner writes them from Keras's documentation, with only the import lines changed."""

from __future__ import annotations

import dataclasses
import io
import runpy
import tarfile
from pathlib import Path

import numpy as np
import pytest

from striate.datasets import cifar10

FOLDER = Path(__file__).parent
SIZES = (100, 40)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a script in an empty folder and hand back its names."""
    monkeypatch.chdir(tmp_path)
    return lambda name: runpy.run_path(str(FOLDER / f"{name}.py"), run_name="__main__")


@pytest.fixture
def small_cifar10(tmp_path, monkeypatch):
    """Put an archive in CIFAR-10's own binary format, of few images, where the cache has it."""
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    small = dataclasses.replace(cifar10.CIFAR_SET, sizes=SIZES)
    monkeypatch.setattr(cifar10, "CIFAR_SET", small)
    rng = np.random.default_rng(0)
    path = tmp_path / "cache" / "datasets" / "cifar10" / small.archive.name
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:gz") as archive:
        for name in small.binary_files:
            rows = rng.integers(0, 256, (SIZES[1] if "test" in name else SIZES[0] // 5, 3073), np.uint8)
            rows[:, 0] %= 10
            member = tarfile.TarInfo(name)
            member.size = rows.size
            archive.addfile(member, io.BytesIO(rows.tobytes()))


def finite(history, *keys):
    return all(np.isfinite(history.history[key]).all() for key in keys)


def test_network_a_runs(run):
    found = run("network_a")
    assert found["model"].count_params() == 1_484_161
    assert found["probabilities"].shape == (3, 1)
    assert finite(found["history"], "loss", "accuracy", "val_loss", "val_accuracy")


def test_network_b_runs(run, tmp_path):
    found = run("network_b")
    assert found["model"].count_params() == 5_550_273
    assert len(found["history"].history["val_auc"]) == 2
    assert (tmp_path / "accuracy.png").stat().st_size > 0


@pytest.mark.usefixtures("small_cifar10")
def test_network_c_runs(run):
    found = run("network_c")
    assert found["model"].count_params() == 94_890
    assert len(found["history"].history["val_accuracy"]) == 2
    assert found["maps_before"].shape == found["maps_after"].shape == (1, 30, 30, 32)
    assert not np.array_equal(found["maps_before"], found["maps_after"])


def test_network_d_runs(run):
    found = run("network_d")
    assert found["model"].count_params() == 10_865_724
    assert found["shown"].shape == (1, 100, 100, 32)
    assert found["found"].dtype == np.float64
    # The layer has Keras's own precision, float32; the function keeps what it gets.
    assert found["positive"].dtype == np.float32
    assert np.array_equal(found["also_positive"], np.maximum(found["found"], 0))
    assert np.allclose(found["positive"], found["also_positive"])


def test_network_e_runs(run):
    found = run("network_e")
    assert found["model"].count_params() == 105_729
    assert len(found["score"]) == 2
    assert finite(found["kinds_history"], "loss", "accuracy")


def test_words_run_through_an_embedding(run):
    found = run("network_e_words")
    assert found["model"].count_params() == 200 * 16 + (7 * 16 * 32 + 32) + 33
    assert finite(found["history"], "loss", "accuracy")


def test_feature_maps_of_vgg16_run(run):
    found = run("vgg16_feature_maps")
    assert found["model"].count_params() == 14_714_688
    assert [maps.shape[1:] for maps in found["maps"]] == [(224, 224, 64), (112, 112, 128), (56, 56, 256)]


def test_every_script_is_run():
    scripts = {path.stem for path in FOLDER.glob("*.py")} - {"test_scripts"}
    called = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in scripts if f'run("{name}")' not in called} == set()
