"""What is read of a file of weights, and which files are refused."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from striate.applications.pretrained_files import KERAS, OWN, TORCH, read_weights
from striate.core.errors import FileAccessError, FileFormatError


class Trap:
    """Would write a file when a pickle of it is opened carelessly."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_file_is_known_by_what_is_in_it(tmp_path):
    h5py = pytest.importorskip("h5py")
    torch.save({"conv.weight": torch.ones(2)}, tmp_path / "a.bin")
    torch.save({"conv.weight": torch.ones(2)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file({"conv.weight": np.ones(2, np.float32)}, tmp_path / "b.bin")
    save_file({"conv/kernel": np.ones(2, np.float32)}, tmp_path / "c.bin")
    with h5py.File(tmp_path / "d.bin", "w") as file:
        file.attrs["layer_names"] = np.array([], "S1")
    kinds = [read_weights(tmp_path / name)[0] for name in ("a.bin", "old.pth", "b.bin", "c.bin", "d.bin")]
    assert kinds == [TORCH, TORCH, TORCH, OWN, KERAS]
    with zipfile.ZipFile(tmp_path / "e.bin", "w") as archive:
        archive.writestr("other.txt", "text")
    assert read_weights(tmp_path / "e.bin")[0] == OWN
    (tmp_path / "f.bin").write_bytes(b"PK and nothing else")
    assert read_weights(tmp_path / "f.bin")[0] == OWN


def test_nothing_in_a_pickle_is_run(tmp_path):
    torch.save({"conv.weight": Trap(tmp_path / "written")}, tmp_path / "trap.pth")
    with pytest.raises(FileFormatError, match=r"trap.pth cannot be read as weights of PyTorch: .*state dict"):
        read_weights(tmp_path / "trap.pth")
    assert not (tmp_path / "written").exists()


def test_a_file_that_is_cut_off_is_damaged(tmp_path):
    torch.save({"conv.weight": torch.ones(1000)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    content = (tmp_path / "old.pth").read_bytes()
    (tmp_path / "old.pth").write_bytes(content[: len(content) // 2])
    with pytest.raises(FileFormatError, match=r"old.pth cannot be read as weights of PyTorch"):
        read_weights(tmp_path / "old.pth")


def test_something_else_than_a_state_dict_is_named(tmp_path):
    torch.save([torch.ones(2)], tmp_path / "list.pth")
    with pytest.raises(FileFormatError, match=r"list.pth holds list, not a state dict: torch\.save"):
        read_weights(tmp_path / "list.pth")


def test_numbers_that_are_none_are_refused(tmp_path):
    torch.save({"conv.bias": torch.tensor([1.0, float("nan")])}, tmp_path / "nan.pth")
    with pytest.raises(FileFormatError, match=r"nan.pth: conv.bias holds NaN or infinite numbers"):
        read_weights(tmp_path / "nan.pth")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileAccessError, match=r"there is no weights file .*nowhere\.pth"):
        read_weights(tmp_path / "nowhere.pth")
