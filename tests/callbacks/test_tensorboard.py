from __future__ import annotations

import sys

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util.tensor_util import make_ndarray

import striate
from striate.callbacks import LearningRateScheduler, TensorBoard
from striate.core.errors import ArgumentError, FileAccessError, MissingExtraError


def read(folder):
    """Read back {tag: {step: numbers}} and the kind of each tag, from every event file of a folder."""
    found, kinds = {}, {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = make_ndarray(value.tensor)
                kinds[value.tag] = value.metadata.plugin_data.plugin_name or kinds[value.tag]
    return found, kinds


def curve(values):
    return {step: pytest.approx(value, rel=1e-6) for step, value in enumerate(values)}


@pytest.fixture
def network():
    striate.utils.set_random_seed(3)
    model = striate.Sequential(
        [
            striate.layers.Input((8, 8, 1)),
            striate.layers.Conv2D(2, 3, name="seen"),
            striate.layers.Flatten(),
            striate.layers.Dense(1, activation="sigmoid", name="decided"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], device="cpu", precision="float32")
    return model


@pytest.fixture
def examples():
    rng = np.random.default_rng(4)
    return rng.standard_normal((24, 8, 8, 1), np.float32), (np.arange(24) % 2).astype(np.float32)


def test_each_epoch_is_a_point_of_the_curves_that_history_holds(network, examples, tmp_path):
    rates = LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    history = network.fit(
        *examples,
        epochs=3,
        batch_size=8,
        validation_split=0.25,
        callbacks=[rates, TensorBoard(tmp_path)],
        verbose=0,
    ).history
    found, kinds = read(tmp_path / "train")
    assert set(kinds.values()) == {"scalars"}
    assert found == {
        "epoch_loss": curve(history["loss"]),
        "epoch_accuracy": curve(history["accuracy"]),
        "epoch_learning_rate": curve([0.1, 0.05, 0.1 / 3]),
    }
    steps = (3, 6, 9)
    found, _ = read(tmp_path / "validation")
    assert found == {
        "epoch_loss": curve(history["val_loss"]),
        "epoch_accuracy": curve(history["val_accuracy"]),
        "evaluation_loss_vs_iterations": dict(zip(steps, curve(history["val_loss"]).values(), strict=True)),
        "evaluation_accuracy_vs_iterations": dict(
            zip(steps, curve(history["val_accuracy"]).values(), strict=True)
        ),
    }


@pytest.mark.parametrize(("update_freq", "steps"), [("batch", [1, 2, 3, 4, 5, 6]), (4, [4]), ("epoch", [])])
def test_batches_are_counted_through_the_epochs(update_freq, steps, network, examples, tmp_path):
    seen = {}
    note = striate.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.update({len(seen) + 1: logs["loss"]})
    )
    board = TensorBoard(tmp_path, update_freq=update_freq)
    network.fit(*examples, epochs=2, batch_size=8, callbacks=[note, board], verbose=0)
    found, _ = read(tmp_path / "train")
    assert found.get("batch_loss", {}) == {step: pytest.approx(seen[step], rel=1e-6) for step in steps}
    assert ("batch_accuracy" in found) == bool(steps)
    assert len(found["epoch_loss"]) == 2
    assert not (tmp_path / "validation").exists()


def test_histograms_count_every_number_of_every_weight(network, examples, tmp_path):
    weights = []
    note = striate.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(network.get_weights())
    )
    board = TensorBoard(tmp_path, histogram_freq=2)
    network.fit(*examples, epochs=3, batch_size=8, callbacks=[board, note], verbose=0)
    found, kinds = read(tmp_path / "train")
    tags = [f"{name}/histogram" for name in ("seen/kernel", "seen/bias", "decided/kernel", "decided/bias")]
    assert [tag for tag in found if tag.endswith("/histogram")] == tags
    assert {kinds[tag] for tag in tags} == {"histograms"}
    for place, tag in enumerate(tags):
        assert list(found[tag]) == [0, 2]
        for epoch, parts in found[tag].items():
            weight = weights[epoch][place]
            assert parts[:, 2].sum() == weight.size
            assert parts[0, 0] == pytest.approx(weight.min())
            assert parts[-1, 1] == pytest.approx(weight.max())


def test_a_weight_that_is_not_finite_does_not_end_the_training(network, tmp_path):
    kernel, _, *rest = network.get_weights()
    network.set_weights([kernel, np.array([np.nan, 2.0]), *rest])
    board = TensorBoard(tmp_path, histogram_freq=1)
    board.set_model(network)
    board.on_train_begin()
    board.on_epoch_end(0, {"loss": float("nan")})
    found, _ = read(tmp_path / "train")
    assert np.isnan(found["epoch_loss"][0])
    assert found["seen/bias/histogram"][0][:, 2].sum() == 1


def test_an_evaluation_by_itself_is_written(network, examples, tmp_path):
    network.fit(*examples, epochs=1, batch_size=6, verbose=0)
    board = TensorBoard(tmp_path)
    loss, accuracy = network.evaluate(*examples, callbacks=[board], verbose=0)
    found, _ = read(tmp_path / "validation")
    assert found == {
        "evaluation_loss_vs_iterations": {4: pytest.approx(loss, rel=1e-6)},
        "evaluation_accuracy_vs_iterations": {4: pytest.approx(accuracy, rel=1e-6)},
    }


def test_a_second_training_begins_files_of_its_own(network, examples, tmp_path):
    board = TensorBoard(tmp_path)
    for epoch in (0, 1):
        network.fit(
            *examples, initial_epoch=epoch, epochs=epoch + 1, batch_size=8, callbacks=[board], verbose=0
        )
    assert len(list((tmp_path / "train").iterdir())) == 2
    assert list(read(tmp_path / "train")[0]["epoch_loss"]) == [0, 1]


def test_a_value_for_each_class_is_a_curve_for_each_class(model, tmp_path):
    board = TensorBoard(tmp_path)
    board.set_model(model)
    board.on_train_begin()
    board.on_epoch_end(5, {"f1_score": np.array([0.25, 0.5])})
    found, _ = read(tmp_path / "train")
    assert found == {
        "epoch_f1_score_0": {5: 0.25},
        "epoch_f1_score_1": {5: 0.5},
        "epoch_learning_rate": {5: 1.0},
    }


def test_what_keras_takes_by_default_is_taken(tmp_path):
    TensorBoard(
        str(tmp_path),
        write_graph=False,
        write_images=False,
        write_steps_per_second=False,
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("write_images", True),
        ("write_steps_per_second", True),
        ("profile_batch", (2, 5)),
        ("embeddings_freq", 1),
        ("embeddings_metadata", "words.tsv"),
    ],
)
def test_a_wish_for_what_is_not_written_is_refused(name, value):
    with pytest.raises(ArgumentError, match=rf"curves and histograms of the weights only; {name}=.*Leave it"):
        TensorBoard(**{name: value})


@pytest.mark.parametrize("value", ["step", 0, -1, 1.5, True])
def test_a_frequency_that_is_none_is_refused(value):
    with pytest.raises(ArgumentError, match="update_freq must be 'epoch', 'batch' or a number of batches"):
        TensorBoard(update_freq=value)
    if value != 0:
        with pytest.raises(ArgumentError, match="histogram_freq must be a number of epochs, or 0 for none"):
            TensorBoard(histogram_freq=value)


def test_without_the_package_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(MissingExtraError, match=r'pip install "striate\[tensorboard\]"'):
        TensorBoard()


def test_a_folder_that_cannot_be_written_is_an_error_before_the_training(play, tmp_path):
    (tmp_path / "logs").write_text("a file, not a folder")
    with pytest.raises(FileAccessError, match=r"cannot write to .*train'"):
        play(TensorBoard(tmp_path / "logs"), [])


def test_a_training_that_goes_on_counts_batches_on(tmp_path):
    one, other = TensorBoard(tmp_path), TensorBoard(tmp_path)
    for batch in range(3):
        one.on_train_batch_end(batch)
    other.set_state(one.get_state())
    assert other.get_state() == {"steps": 3}
