"""The contract of a callback, proved for each row of callback_rows.py in a training of two steps an epoch."""

from fnmatch import fnmatch

import numpy as np

from striate import callbacks
from striate.layers import Dense, Input
from striate.models import Sequential
from striate.optimizers import Adam
from striate.utils import set_random_seed
from tests.contracts.callback_rows import EXCEPTED, ROWS
from tests.contracts.rooms import each, without_a_row

EACH_ROW = each(ROWS)
X = np.random.default_rng(0).random((8, 4), np.float32)
Y = X.sum(axis=1, keepdims=True)


def compiled(row):
    set_random_seed(3)
    model = Sequential([Input((4,)), Dense(3, activation="tanh"), Dense(1)])
    model.compile(Adam(0.01, **row.optimizer), "mse", precision="float32")
    return model


def train(row, *given):
    """Train a new model; give it and its history."""
    model = compiled(row)
    options = {"batch_size": 4, "verbose": 0, "validation_data": (X, Y)}
    return model, model.fit(X, Y, epochs=row.epochs, callbacks=list(given), **options).history


def same_weights(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_every_public_callback_has_a_row():
    assert without_a_row(callbacks, ROWS, EXCEPTED) == set()


@EACH_ROW
def test_it_trains_without_a_word_at_verbose_0_and_writes_what_the_row_says(row, tmp_path, capfd):
    model, _ = train(row, row.make(tmp_path))
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    assert capfd.readouterr() == ("", "")
    there = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert len(there) == len(row.written)
    assert all(map(fnmatch, there, row.written)), there


@EACH_ROW
def test_training_ends_with_the_same_weights_unless_the_row_says_so(row, tmp_path):
    with_it, history = train(row, row.make(tmp_path))
    without, plain = train(row)
    assert same_weights(with_it, without) != row.changes_training
    assert history.keys() == plain.keys() | set(row.adds_to_logs)
    if not row.changes_training:
        assert history["loss"] == plain["loss"]


@EACH_ROW
def test_two_trainings_with_a_new_one_each_are_the_same(row, tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    (one, first), (other, second) = (train(row, row.make(folder)) for folder in folders)
    assert same_weights(one, other)
    assert first == second


@EACH_ROW
def test_it_finds_the_model_and_what_is_known_of_the_run(row, tmp_path):
    callback = row.make(tmp_path)
    model, _ = train(row, callback)
    assert callback.model is model
    assert callback.params == {"verbose": 0, "epochs": row.epochs, "steps": 2}


@EACH_ROW
def test_one_that_was_used_serves_another_model(row, tmp_path):
    callback = row.make(tmp_path)
    train(row, callback)
    for left in tmp_path.rglob("*.checkpoint"):
        left.unlink()
    again, history = train(row, callback)
    (tmp_path / "fresh").mkdir()
    fresh, wanted = train(row, row.make(tmp_path / "fresh"))
    assert callback.model is again
    assert same_weights(again, fresh)
    # A History goes on with the values of the training before.
    assert {name: values[-len(wanted[name]) :] for name, values in history.items()} == wanted
