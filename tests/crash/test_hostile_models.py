"""Every published way to make a loader of models run code, or fall over, ends in a refusal in words."""

from __future__ import annotations

import os
import re
from functools import partial

import numpy as np
import pytest

from striate import metrics
from striate.artifacts.canonical_zip import read_canonical_zip
from striate.artifacts.tensors import tensor_bytes
from striate.core.errors import FileAccessError
from striate.layers import Dense, Input
from striate.models import Sequential
from striate.models.saving import load
from tests.crash.harness import in_child, in_children
from tests.crash.hostile_files import other_kinds, zip_tricks
from tests.crash.hostile_graphs import (
    first_layer,
    graph_attacks,
    header,
    layer,
    text_attacks,
    weight_attacks,
    with_graph,
    with_input,
)
from tests.crash.mutations import sealed_zip


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    path = tmp_path_factory.mktemp("honest") / "net.striate"
    model = Sequential([Input((4,)), Dense(2, name="dense")], name="net")
    # Once with everything, so that the children are born with all that loading needs.
    model.compile("adam", "mse", metrics=[metrics.AUC(), metrics.MeanIoU(num_classes=2)])
    model.train_on_batch(np.ones((1, 4)), np.ones((1, 2)))
    model.save(path)
    load(path)
    model.compiled = None
    model.save(path)
    return read_canonical_zip(path, "model file")


def all_are_refused(attacks, folder, marker):
    """Open each in a child, all of one kind in one; each is refused with its own words, and acts not."""
    paths = []
    for number, (content, _) in enumerate(attacks.values()):
        paths.append(folder / f"hostile-{number}.striate")
        paths[-1].write_bytes(content)
    outcomes = in_children([partial(load, path) for path in paths], in_one=10)
    wrong = []
    for path, (name, (_, words)), outcome in zip(paths, attacks.items(), outcomes, strict=True):
        in_words = path.name in outcome.words and re.search(words, outcome.words)
        can_be_shown = outcome.words.isprintable() and len(outcome.words) < 3000
        if outcome.kind != "refused" or not in_words or not can_be_shown:
            wrong.append(f"{name}: {outcome}")
    assert not wrong, "\n".join(wrong)
    assert not marker.exists()


def test_an_honest_file_opens(honest, tmp_path):
    (tmp_path / "net.striate").write_bytes(sealed_zip(honest))
    assert in_child(partial(load, tmp_path / "net.striate")).kind == "opened"


def test_files_of_other_programs_are_named_and_not_opened(tmp_path):
    marker = tmp_path / "marker"
    attacks = other_kinds(marker)
    assert len(attacks) >= 20
    all_are_refused(attacks, tmp_path, marker)


def test_tricks_of_the_zip_are_refused(honest, tmp_path):
    marker = tmp_path / "marker"
    attacks = zip_tricks(honest, marker)
    assert len(attacks) >= 20
    all_are_refused(attacks, tmp_path, marker)


def test_graphs_that_name_code_or_ask_for_too_much_are_refused(honest, tmp_path):
    marker = tmp_path / "marker"
    changes = graph_attacks(marker)
    assert len(changes) >= 45
    attacks = {name: (with_graph(honest, change), words) for name, (change, words) in changes.items()}
    all_are_refused(attacks, tmp_path, marker)


def test_texts_that_parsers_fall_over_are_refused(honest, tmp_path):
    attacks = {
        name: (sealed_zip({**honest, entry: change(honest[entry])}), words)
        for name, (entry, change, words) in text_attacks().items()
    }
    all_are_refused(attacks, tmp_path, tmp_path / "marker")


@pytest.mark.parametrize("entry", ["weights.safetensors", "optimizer.safetensors"])
def test_weights_that_are_none_are_refused(entry, honest, tmp_path):
    attacks = {
        name: (sealed_zip({**honest, entry: content}), words)
        for name, (content, words) in weight_attacks().items()
        if entry.startswith("weights") or "cannot be read" in words or "header" in name
    }
    all_are_refused(attacks, tmp_path, tmp_path / "marker")


def test_what_the_optimizer_remembers_fits_the_weights_or_is_refused(honest, tmp_path):
    path = tmp_path / "net.striate"

    def remembered(arrays):
        def change(graph):
            graph["compile"] = {"optimizer": "adam", "loss": "mse"}

        path.write_bytes(with_graph({**honest, "optimizer.safetensors": tensor_bytes(arrays)}, change))
        return in_child(partial(load, path))

    assert remembered({}).kind == "opened"
    for arrays in ({"evil": np.zeros(3)}, {"dense/kernel/momentum": np.zeros((9, 9))}):
        assert remembered(arrays).kind == "refused"


def test_an_input_as_large_as_the_sky_costs_nothing_where_no_weight_depends_on_it(honest, tmp_path):
    path = tmp_path / "net.striate"
    without = {**honest, "weights.safetensors": header({})}
    sky = with_input(
        [None, 10**9, 10**9, 3],
        layer("ZeroPadding2D", "padded", padding=10**12),
        layer("MaxPooling2D", "pooled", pool_size=10**8, strides=1),
        layer("UpSampling2D", "large", size=10**9),
        layer("RandomRotation", "turned", factor=0.5),
        layer("Flatten", "flat"),
    )
    path.write_bytes(with_graph(without, sky))
    outcome = in_child(partial(load, path))
    assert outcome.kind == "opened", outcome
    assert outcome.grown < 64 << 20


def test_a_name_that_is_an_attribute_of_models_is_only_a_name(honest, tmp_path):
    path = tmp_path / "net.striate"
    for name in ("forward", "__init__", "call", "training", "_modules", "os.system"):
        contents = {
            **honest,
            "weights.safetensors": tensor_bytes(
                {
                    f"{name}/kernel": np.ones((4, 2), np.float32),
                    f"{name}/bias": np.ones(2, np.float32),
                }
            ),
        }
        path.write_bytes(
            with_graph(contents, lambda graph, name=name: first_layer(graph)["config"].update(name=name))
        )
        model = load(path)
        assert model.layers[0].name == name
        assert model(np.ones((1, 4), np.float32)).tolist() == [[5.0, 5.0]]


def test_pipes_devices_and_odd_paths_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe.striate")
    (tmp_path / "zero.striate").symlink_to("/dev/zero")
    (tmp_path / "loop.striate").symlink_to(tmp_path / "loop.striate")
    wanted = {
        tmp_path / "pipe.striate": "is a pipe or a device, not a file",
        tmp_path / "zero.striate": "is a pipe or a device, not a file",
        tmp_path / "loop.striate": "cannot read the model file .*: Too many levels of symbolic links",
        tmp_path: "is a folder",
        tmp_path / ("x" * 300): "cannot read the model file .*: File name too long",
        "nul\0.striate": "cannot read the model file .*: embedded null byte",
    }
    for path, outcome in zip(wanted, in_children([partial(load, path) for path in wanted]), strict=True):
        assert outcome.kind == "refused", f"{path}: {outcome}"
        assert outcome.error == FileAccessError.__name__
        assert re.search(wanted[path], outcome.words), outcome.words
