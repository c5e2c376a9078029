"""Lists of image files by class, and batches read from them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from striate.core.errors import ArgumentError, DataError, FileAccessError, did_you_mean
from striate.core.runtime import cpu_count
from striate.core.shapes import check_choice, per_axis
from striate.datasets.decoding.image_input import INTERPOLATIONS, ImageInput
from striate.datasets.decoding.images import read_as
from striate.datasets.folders.listing import Folder, list_folder

COLOR_MODES = {"rgb": 3, "grayscale": 1}


@dataclass(frozen=True)
class ClassFiles:
    """Image files of one class, by name; `root` is the folder that the names are seen from."""

    name: str
    root: Path
    files: list[str]


def files_by_class(
    directory: str | os.PathLike[str], classes: Sequence[str] | None = None, follow_links: bool = True
) -> list[ClassFiles]:
    """List the images in each class's folder and below; classes are in the given order, else by name.

    Hidden and system files and folders are passed over. Without `follow_links` so is what lies
    behind a linked folder.

    Raises:
        FileAccessError: the folder is missing or cannot be opened.
        DataError: there are no class folders.
        ArgumentError: a class that is not there.
    """
    root, found = Path(directory), _listed(directory, follow_links)
    if not found.folders:
        raise DataError(
            f"{root} has no folders, one for each class. Images of one class go into a folder with its name."
        )
    for name in classes or ():
        if name not in found.folders:
            raise ArgumentError(
                f"{root} has no folder for class {name!r}.{did_you_mean(name, found.folders)} "
                f"It has {', '.join(sorted(found.folders))}."
            )
    return [
        ClassFiles(name, root, _names(found.folders[name], root, follow_links))
        for name in (classes or sorted(found.folders))
    ]


def all_files(directory: str | os.PathLike[str], follow_links: bool = True) -> list[str]:
    """List all images in a folder and below, by name.

    Raises:
        FileAccessError: the folder is missing or cannot be opened.
    """
    return _names(_listed(directory, follow_links), Path(directory), follow_links)


def _listed(directory: str | os.PathLike[str], follow_links: bool) -> Folder:
    root = Path(directory)
    if not root.is_dir():
        raise FileAccessError(f"there is no folder {root} (seen from {Path.cwd()}).")
    found = list_folder(root)
    if not follow_links:
        found.folders = {name: one for name, one in found.folders.items() if not (root / name).is_symlink()}
    return found


def _names(folder: Folder, root: Path, follow_links: bool) -> list[str]:
    places = [place for place in folder.all_images() if place.path is not None]
    linked: dict[Path, bool] = {root: False}

    def is_linked(parent: Path) -> bool:
        if parent not in linked:
            linked[parent] = parent.is_symlink() or is_linked(parent.parent)
        return linked[parent]

    return [
        str(place.path.relative_to(root))
        for place in places
        if place.path is not None and (follow_links or not is_linked(place.path.parent))
    ]


def image_input(
    size: int | tuple[int, int], color_mode: str, interpolation: str, fit: str = "stretch"
) -> ImageInput:
    """Say how files become arrays, in the words of Keras's helpers.

    Raises:
        ArgumentError: sizes, a colour mode or an interpolation that there is not.
    """
    height, width = per_axis(size, 2, "the image size (height, width)")
    channels = COLOR_MODES[check_choice(color_mode, tuple(COLOR_MODES), "color_mode")]
    taken = check_choice(interpolation, INTERPOLATIONS, "interpolation")
    return ImageInput(height, width, channels, fit, taken, 0 if fit == "pad" else 255)


def read_files(paths: Sequence[Path], wanted: ImageInput) -> np.ndarray:
    """Read image files into one array, on all cores.

    Shape:
        out: (files, height, width, channels) uint8.

    Raises:
        FileAccessError, DataError: a file is missing, damaged or no image, with its name.
    """
    with ThreadPoolExecutor(min(cpu_count(), 16)) as pool:
        return np.stack(list(pool.map(lambda path: read_as(path, wanted), paths)))
