from __future__ import annotations

from pathlib import Path

import pytest
import torch

from striate.callbacks import CSVLogger
from striate.core.errors import FileAccessError, FileFormatError


def test_one_row_an_epoch_is_written(play, tmp_path):
    path = tmp_path / "log.csv"
    play(CSVLogger(path), [{"val_loss": 2.0, "loss": torch.tensor(1.0)}, {"val_loss": 1.5, "loss": 0.5}])
    assert path.read_text() == "epoch,loss,val_loss\n0,1.0,2.0\n1,0.5,1.5\n"


def test_another_separator_and_validations_that_come_seldom(play, tmp_path):
    path = tmp_path / "log.tsv"
    play(CSVLogger(path, separator="\t"), [{"loss": 1.0}, {"loss": 0.5, "val_loss": 1.5}])
    assert path.read_text() == "epoch\tloss\tval_loss\n0\t1.0\tNA\n1\t0.5\t1.5\n"


def test_a_second_training_overwrites_or_appends(play, tmp_path):
    path = tmp_path / "log.csv"
    for append, rows in ((False, 1), (True, 2), (True, 3), (False, 1)):
        play(CSVLogger(path, append=append), [{"loss": 1.0, "val_loss": 2.0}])
        assert path.read_text() == "epoch,loss,val_loss\n" + "0,1.0,2.0\n" * rows


def test_appending_to_nothing_begins_a_table(play, tmp_path):
    path = tmp_path / "log.csv"
    play(CSVLogger(path, append=True), [{"loss": 1.0, "val_loss": 2.0}])
    assert path.read_text().startswith("epoch,loss,val_loss\n")


def test_a_file_that_is_another_table_is_not_appended_to(play, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("name,age\n")
    with pytest.raises(FileFormatError, match=r"cannot append to .* first column is 'name', not 'epoch'"):
        play(CSVLogger(path, append=True), [{"loss": 1.0}])


def test_a_path_that_cannot_be_written_is_an_error_before_the_training(play, tmp_path):
    with pytest.raises(FileAccessError, match=r"cannot write .*log\.csv': No such file"):
        play(CSVLogger(tmp_path / "missing" / "log.csv"), [])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_disk_that_is_full_is_said_with_the_files_name(play):
    with pytest.raises(FileAccessError, match=r"cannot write '/dev/full': No space left on device\."):
        play(CSVLogger("/dev/full"), [{"loss": 1.0}])
