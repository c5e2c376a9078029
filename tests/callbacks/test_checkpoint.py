from __future__ import annotations

import pytest

from striate.callbacks import ModelCheckpoint
from striate.core.errors import ArgumentError, FileAccessError


def test_the_model_is_saved_after_every_epoch_under_its_values(play, model, tmp_path):
    path = tmp_path / "deep" / "at-{epoch:02d}-{val_loss:.2f}.striate"
    play(ModelCheckpoint(path), [{"val_loss": 1.5}, {"val_loss": 0.256}])
    names = [f"{tmp_path}/deep/at-01-1.50.striate", f"{tmp_path}/deep/at-02-0.26.striate"]
    assert [name.replace("\\", "/") for _, name in model.saved] == [name.replace("\\", "/") for name in names]
    assert {kind for kind, _ in model.saved} == {"model"}
    assert (tmp_path / "deep").is_dir()


def test_only_the_best_are_saved_where_that_is_asked_for(play, model, tmp_path, capsys):
    values = [{"val_accuracy": value} for value in (0.5, 0.25, 0.75)]
    path = tmp_path / "{epoch}.striate"
    play(ModelCheckpoint(path, "val_accuracy", verbose=1, save_best_only=True), values)
    assert [name for _, name in model.saved] == [str(tmp_path / "1.striate"), str(tmp_path / "3.striate")]
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 1: val_accuracy improved from none to 0.50000",
        f"Epoch 1: saving model to {tmp_path / '1.striate'}",
        "Epoch 2: val_accuracy did not improve from 0.50000",
        "Epoch 3: val_accuracy improved from 0.50000 to 0.75000",
        f"Epoch 3: saving model to {tmp_path / '3.striate'}",
    ]


def test_the_first_value_must_beat_the_threshold(play, model, tmp_path):
    callback = ModelCheckpoint(tmp_path / "m", save_best_only=True, initial_value_threshold=1.0)
    play(callback, [{"val_loss": 1.5}])
    assert model.saved == []
    assert callback.best == 1.0


def test_an_epoch_without_validation_saves_nothing(play, model, tmp_path):
    callback = ModelCheckpoint(tmp_path / "m", save_best_only=True)
    play(callback, [{"loss": 1.5}, {"val_loss": 1.5}], validation_freq=2)
    assert len(model.saved) == 1


def test_weights_alone_can_be_saved_every_few_batches(model, tmp_path):
    callback = ModelCheckpoint(tmp_path / "{epoch}-{batch}", save_weights_only=True, save_freq=3)
    callback.set_model(model)
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        for batch in range(4):
            callback.on_train_batch_end(batch, {"loss": 1.0})
        callback.on_epoch_end(epoch, {"loss": 1.0})
    assert model.saved == [("weights", str(tmp_path / "1-3")), ("weights", str(tmp_path / "2-2"))]


def test_what_is_not_watched_need_not_tell_its_direction(tmp_path):
    assert ModelCheckpoint(tmp_path / "m", monitor="quality").monitor == "quality"
    with pytest.raises(ArgumentError, match="smaller 'quality' is better does not show"):
        ModelCheckpoint(tmp_path / "m", monitor="quality", save_best_only=True)


@pytest.mark.parametrize("often", ["batch", 0, -1, 2.5, True])
def test_a_frequency_that_cannot_work_is_refused(often):
    with pytest.raises(ArgumentError, match="save_freq must be 'epoch' or a number of batches"):
        ModelCheckpoint("m", save_freq=often)


def test_a_value_in_the_path_that_is_not_there_is_an_error(play, tmp_path):
    with pytest.raises(ArgumentError, match=r"names 'val_los', which is .* Did you mean 'val_loss'.* epoch"):
        play(ModelCheckpoint(tmp_path / "{val_los}"), [{"val_loss": 1.0}])


def test_a_folder_in_the_files_place_is_an_error(play, tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot save to .* that is a folder\. Name a file in it"):
        play(ModelCheckpoint(tmp_path), [{"val_loss": 1.0}])
