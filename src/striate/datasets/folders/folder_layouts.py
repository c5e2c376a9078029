"""Labels that folders and file names say: a folder a class, folders for the parts, `cat.0.jpg`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from striate.core.errors import DataError
from striate.datasets.counting import counted
from striate.datasets.folders.examples import PARTS, Example, Found, class_name, few, part_of
from striate.datasets.folders.listing import Folder, without_image_suffix

# More names than this share that say no class mean that names do not say classes at all.
_MOST_WITHOUT_CLASS = 0.05
_NUMBERED = re.compile(r"(?P<name>.*?[^\W\d_].*?)[\s._-]*\(?\d+\)?")

# Finds the examples of one folder, or None where it says nothing of classes.
Finder = Callable[[Folder], Found | None]


def image_folders(folder: Folder) -> list[Folder]:
    """List the folders directly in this one that hold images, at any depth."""
    return [inner for name, inner in sorted(folder.folders.items()) if inner.has_images()]


def part_folders(top: Folder) -> dict[str, list[Folder]]:
    """Find the folders that stand for parts; none where such names stand for classes.

    A class may be called 'train': folders of images side by side, of which only some have names
    of parts, are classes.
    """
    with_images = image_folders(top)
    named = [folder for folder in with_images if part_of(folder.name)]
    nested = any(image_folders(folder) for folder in named)
    if not named or not (nested or len(named) == len(with_images)):
        return {}
    parts: dict[str, list[Folder]] = {}
    for folder in named:
        parts.setdefault(part_of(folder.name) or "", []).append(folder)
    return {part: parts[part] for part in PARTS if part in parts}


def find_in_parts(top: Folder, parts: dict[str, list[Folder]], find: Finder) -> Found | None:
    """Find the examples of each part; None where the training part says nothing of classes."""
    found = Found({})
    for part, folders in parts.items():
        for folder in folders:
            inner = find(folder)
            if inner is None and part == "train":
                return None
            if inner is None:
                count = len(folder.all_images())
                found.notes.append(f"{counted(count, 'image')} in {folder.name!r} without labels: left out")
                continue
            for examples in inner.parts.values():
                found.parts.setdefault(part, []).extend(examples)
            found.notes += [f"{folder.name}: {note}" for note in inner.notes]
            found.bad += inner.bad
    used = {id(folder) for folders in parts.values() for folder in folders}
    unused = [folder.name for folder in image_folders(top) if id(folder) not in used]
    if unused:
        found.notes.append(f"the folders {few(unused)} beside the parts are left out")
    if top.images:
        found.notes.append(f"{counted(len(top.images), 'image')} beside the parts' folders left out")
    return found


def find_class_folders(folder: Folder) -> Found | None:
    """Take each folder as a class, with all images in it at any depth.

    Raises:
        DataError: a folder beside the classes with nothing in it, or that cannot be read.
    """
    classes = image_folders(folder)
    if not classes:
        return None
    for inner in folder.folders.values():
        unreadable = [bad for one in inner.walk() for bad in one.unreadable]
        if inner.is_empty() and unreadable:
            why = unreadable[0].reason.rpartition(": ")[2]
            raise DataError(
                f"the class folder {inner.name!r} cannot be read: {why}. Make it readable, or remove it."
            )
        if inner.is_empty():
            raise DataError(
                f"the class folder {inner.name!r} is empty. Put its images there, or remove the folder."
            )
    found = Found({"train": []})
    for inner in classes:
        found.parts["train"] += _examples_below(inner, class_name(inner.name))
    others = sorted(name for name, inner in folder.folders.items() if not inner.has_images())
    if others:
        found.notes.append(f"folders without images are no classes: {few(others)}")
    if folder.images:
        found.notes.append(f"{counted(len(folder.images), 'image')} beside the class folders left out")
    return found


def find_parts_in_classes(top: Folder) -> Found | None:
    """Take folders of classes that each hold folders of parts, as cat/train/1.jpg."""
    classes = image_folders(top)
    inner_folders = [inner for folder in classes for inner in image_folders(folder)]
    if (
        len(classes) < 2
        or any(folder.images for folder in classes)
        or not all(part_of(inner.name) for inner in inner_folders)
    ):
        return None
    found = Found({})
    for folder in classes:
        for inner in image_folders(folder):
            examples = found.parts.setdefault(part_of(inner.name) or "", [])
            examples += _examples_below(inner, class_name(folder.name))
    return found


def _examples_below(folder: Folder, label: str, below: str = "") -> Iterator[Example]:
    for image in folder.images:
        yield Example(image, label, below)
    for name, inner in folder.folders.items():
        yield from _examples_below(inner, label, f"{below}/{name}" if below else name)


def class_in_name(name: str) -> str | None:
    """Say which class a file's name says, or None: what stands before its number.

    >>> class_in_name("cat.0.jpg"), class_in_name("red fox (12).png"), class_in_name("0001.png")
    ('cat', 'red fox', None)
    """
    match = _NUMBERED.fullmatch(without_image_suffix(name))
    return class_name(match["name"]) if match else None


def find_flat_names(folder: Folder) -> Found | None:
    """Take the class of each image directly in the folder from its name, as `cat.0.jpg`."""
    found = Found({"train": []})
    without = []
    for image in folder.images:
        label = class_in_name(PurePosixPath(image.name).name)
        if label is None:
            without.append(PurePosixPath(image.name).name)
        else:
            found.parts["train"].append(Example(image, label))
    examples = found.parts["train"]
    classes = {example.label for example in examples}
    too_many_without = len(without) > _MOST_WITHOUT_CLASS * len(folder.images)
    if not examples or too_many_without or 2 * len(classes) > len(examples):
        return None
    if without:
        found.notes.append(
            f"{counted(len(without), 'image')} without a class in the name left out: {few(without)}"
        )
    return found
