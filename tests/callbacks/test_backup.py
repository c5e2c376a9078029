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
    with pytest.raises(FileFormatError, match=r"no checkpoint in .* can be opened: .*000000000003\.checkpoint"):
        fit(make(), tmp_path)


def test_arguments_that_cannot_be_are_refused():
    with pytest.raises(ArgumentError, match="takes a folder to write to"):
        BackupAndRestore("")
    with pytest.raises(ArgumentError, match=r"save_freq must be 'epoch' or a number of batches of at least 1; got 0"):
        BackupAndRestore("backup", save_freq=0)
    with pytest.raises(ArgumentError, match=r"keep is a number of checkpoints from 1 up; got 0"):
        BackupAndRestore("backup", keep=0)
