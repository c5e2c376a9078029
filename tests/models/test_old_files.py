"""Files that older versions wrote open for ever: one of each version is kept here."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from striate.artifacts import model_file
from striate.artifacts.format import Migration
from striate.artifacts.json_file import json_bytes
from striate.core.errors import FileFormatError
from striate.models.saving import load

FILES = Path(__file__).parents[1] / "artifacts"
FIRST = FILES / "model_of_version_1.striate"
IMAGES = np.linspace(-1, 1, 2 * 8 * 8, dtype=np.float32).reshape(2, 8, 8, 1)


def test_a_file_of_version_1_gives_the_answers_of_old():
    model = load(FIRST)
    answers = json.loads((FILES / "model_of_version_1.json").read_text())
    # Compiled for 'auto': where the hardware is made for it, products are of bf16 factors.
    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), answers["answers"], rtol=0, atol=1e-3)
    assert [layer.name for layer in model.layers] == answers["layers"]
    assert model.class_names == ["ant", "bee", "cat"]
    assert model.preprocessing == {"rescale": 0.00392156862745098}
    assert model.compiled.optimizer.iterations == 3
    model.fit(IMAGES, [0, 1], verbose=0)


def upgraded(contents):
    """What a next version might do: write down a fact that the version before left open."""
    graph = json.loads(contents["graph.json"])
    return {**contents, "graph.json": json_bytes({**graph, "input_range": [0.0, 1.0]})}


def test_a_next_version_reads_it_through_a_migration_and_this_one_refuses_the_next(tmp_path, monkeypatch):
    today = model_file.MODEL_FORMAT
    following = replace(today, version=2, migrations={1: Migration(today.entries, upgraded)})
    monkeypatch.setattr(model_file, "MODEL_FORMAT", following)
    model = load(FIRST)
    assert model.input_range == (0.0, 1.0)
    assert model_file.read_model_file(FIRST).manifest["version"] == 2
    model.save(tmp_path / "next.striate")
    assert load(tmp_path / "next.striate").count_params() == model.count_params()
    monkeypatch.setattr(model_file, "MODEL_FORMAT", today)
    with pytest.raises(FileFormatError, match=r"model file of version 2; this Striate reads up to version 1"):
        load(tmp_path / "next.striate")
