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

    # The callback that dies comes after the backup of its epoch.
    hooks = [BackupAndRestore(folder, **options), LambdaCallback(on_epoch_end=stop)]
    return model.fit(X, Y, epochs=5, batch_size=4, shuffle=False, verbose=0, callbacks=hooks)


def test_a_training_that_was_cut_off_goes_on_to_the_same_weights(tmp_path, capsys):
    whole = make()
    whole.fit(X, Y, epochs=5, batch_size=4, shuffle=False, verbose=0)
    with pytest.raises(RuntimeError, match="the machine died"):
        fit(make(), tmp_path, stop_after=2)
    again = make()
    history = fit(again, tmp_path)
    assert history.epoch == [2, 3, 4]
    assert "going on after epoch 2" in capsys.readouterr().out
    for one, other in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_that_ends_deletes_its_backup_unless_told_to_keep_it(tmp_path):
    fit(make(), tmp_path)
    assert list(tmp_path.iterdir()) == []
    fit(make(), tmp_path, delete_checkpoint=False)
    assert [path.name for path in tmp_path.iterdir()] == ["training.backup"]


def test_ctrl_c_keeps_the_backup(tmp_path):
    def stop(epoch, logs=None):
        raise KeyboardInterrupt

    hooks = [BackupAndRestore(tmp_path), LambdaCallback(on_epoch_end=stop)]
    make().fit(X, Y, epochs=5, verbose=0, callbacks=hooks)
    assert (tmp_path / "training.backup").exists()


def test_a_damaged_backup_is_refused(tmp_path):
    (tmp_path / "training.backup").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(FileFormatError, match=r"training\.backup"):
        fit(make(), tmp_path)


def test_arguments_that_cannot_be_are_refused():
    with pytest.raises(ArgumentError, match="takes a folder to write to"):
        BackupAndRestore("")
    with pytest.raises(ArgumentError, match=r"save_freq must be 'epoch': .*; got 10"):
        BackupAndRestore("backup", save_freq=10)
