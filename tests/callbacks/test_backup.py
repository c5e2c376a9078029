import numpy as np
import pytest

from striate.callbacks import BackupAndRestore, LambdaCallback
from striate.core.errors import ArgumentError, FileFormatError
from striate.layers import Dense, Input
from striate.models import Sequential
from striate.utils import set_random_seed

X = np.random.default_rng(0).random((12, 4), np.float32)
Y = X.sum(axis=1, keepdims=True)


def make():
    set_random_seed(3)
    model = Sequential([Input((4,)), Dense(3, activation="tanh"), Dense(1)])
    model.compile("adam", "mse", precision="float32")
    return model


def fit(model, folder, stop_after=None, **options):
    def stop(epoch, logs=None):
        if epoch + 1 == stop_after:
            raise RuntimeError("the machine died")

    hooks = [BackupAndRestore(folder, **options), LambdaCallback(on_epoch_end=stop)]
    return model.fit(X, Y, epochs=5, batch_size=4, shuffle=False, verbose=0, callbacks=hooks)


def test_a_training_that_was_cut_off_goes_on_to_the_same_weights(tmp_path, capsys):
    whole = make()
    whole.fit(X, Y, epochs=5, batch_size=4, shuffle=False, verbose=0)
    with pytest.raises(RuntimeError, match="the machine died"):
        fit(make(), tmp_path, stop_after=2)
    again = make()
    history = fit(again, tmp_path)
    assert history.epoch == [0, 1, 2, 3, 4]
    assert "going on after epoch 1" in capsys.readouterr().out
    for one, other in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_that_ends_deletes_its_backup_unless_told_to_keep_it(tmp_path):
    fit(make(), tmp_path)
    assert list(tmp_path.iterdir()) == []
    fit(make(), tmp_path, delete_checkpoint=False)
    assert [path.name for path in tmp_path.iterdir()] == ["000000000015.checkpoint"]


def test_ctrl_c_keeps_the_backup(tmp_path):
    def stop(epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt

    hooks = [BackupAndRestore(tmp_path), LambdaCallback(on_epoch_end=stop)]
    make().fit(X, Y, epochs=5, verbose=0, callbacks=hooks)
    assert list(tmp_path.glob("*.checkpoint"))


def test_a_damaged_backup_is_refused(tmp_path):
    (tmp_path / "000000000003.checkpoint").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(FileFormatError, match=r"no checkpoint in .* can be opened: .*0003\.checkpoint"):
        fit(make(), tmp_path)


def test_arguments_that_cannot_be_are_refused():
    with pytest.raises(ArgumentError, match="takes a folder to write to"):
        BackupAndRestore("")
    with pytest.raises(ArgumentError, match=r"save_freq must be 'epoch' or a number of batches .*; got 0"):
        BackupAndRestore("backup", save_freq=0)
    with pytest.raises(ArgumentError, match=r"keep is a number of checkpoints from 1 up; got 0"):
        BackupAndRestore("backup", keep=0)


def test_within_an_epoch_a_checkpoint_is_written_about_every_minute(tmp_path, clock):
    written = []

    def batch_end(batch, logs=None):
        clock.now += 25
        written.append(sorted(path.name for path in tmp_path.iterdir()))

    hooks = [BackupAndRestore(tmp_path, clock=clock), LambdaCallback(on_train_batch_end=batch_end)]
    make().fit(X, Y, epochs=1, batch_size=2, verbose=0, callbacks=hooks)
    assert written == [[], [], [], *[["000000000003.checkpoint"]] * 3]


def test_none_is_written_within_an_epoch_where_no_seconds_are_given(tmp_path, clock):
    def batch_end(batch, logs=None):
        clock.now += 1000
        assert list(tmp_path.iterdir()) == []

    backup = BackupAndRestore(tmp_path, seconds=None, clock=clock)
    hooks = [backup, LambdaCallback(on_train_batch_end=batch_end)]
    make().fit(X, Y, epochs=1, batch_size=2, verbose=0, callbacks=hooks)


def test_the_best_epoch_is_kept_beside_the_last_ones(tmp_path):
    losses = iter([5.0, 2.0, 3.0, 4.0, 4.0])
    worse = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(watched=next(losses)))
    options = {"monitor": "watched", "mode": "min", "delete_checkpoint": False, "double_checkpoint": True}
    hooks = [worse, BackupAndRestore(tmp_path, **options)]
    make().fit(X, Y, epochs=5, batch_size=4, verbose=0, callbacks=hooks)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [
        "000000000006-best.checkpoint",
        "000000000012.checkpoint",
        "000000000015.checkpoint",
    ]


def test_a_damaged_last_checkpoint_leaves_the_one_before(tmp_path, capsys):
    wanted = fit(make(), tmp_path / "whole", delete_checkpoint=False, double_checkpoint=True)
    fit(make(), tmp_path / "other", delete_checkpoint=False, double_checkpoint=True)
    last = tmp_path / "other" / "000000000015.checkpoint"
    last.write_bytes(last.read_bytes()[:-9])
    found = fit(make(), tmp_path / "other", delete_checkpoint=False, double_checkpoint=True)
    said = capsys.readouterr().out
    assert "the last checkpoint cannot be used; the one before it is." in said
    assert "going on after epoch 4" in said
    assert found.history == wanted.history
