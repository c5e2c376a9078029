"""What augmentation does to a person's own examples, as a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from striate.augment import preset
from striate.core.errors import ArgumentError
from striate.datasets.decoding.images import read_image
from striate.datasets.opening import open_data
from striate.datasets.options import Progress, SourceOptions, no_progress
from striate.datasets.source import Data, DataBundle
from striate.visualize.augmented_copies import show_augmented
from striate.visualize.base import Sheet
from striate.visualize.render import save
from striate.workbench.plan import choose_augmentation
from striate.workbench.split import name_of

_IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
# A picture's sheet needs no more detail than this.
_SHOWN_SIDE = 256
EXAMPLES = 3
# A sheet with more columns shows nothing any more.
_MOST_COPIES = 100


@dataclass(frozen=True, eq=False)
class AugmentedSheet:
    """The sheet, which preset it shows, and where it was written."""

    picture: Sheet
    preset: str
    file: Path


def draw_augmented(
    path: str,
    augment: str | None = None,
    *,
    copies: int = 7,
    seed: int = 0,
    out: str | Path = "augmented.png",
    options: SourceOptions | None = None,
    progress: Progress = no_progress,
) -> AugmentedSheet:
    """Draw an image, or one example of each of a few classes of data, beside randomly changed copies.

    Without `augment`, the preset that training takes for these data, or 'standard' if that is none.

    Raises:
        StriateError: data that cannot be read, an unknown preset, or a place that cannot be written.
    """
    if not 1 <= copies <= _MOST_COPIES:
        raise ArgumentError(
            f"copies is how many there are beside the original, from 1 to {_MOST_COPIES}; got {copies}."
        )
    remark = ""
    if Path(path).suffix.lower() in _IMAGES:
        name, examples, kind, names = augment or "standard", _read(path), "image", [Path(path).name]
        axis = None
    else:
        bundle = open_data(path, options, progress)
        choice = choose_augmentation(augment, bundle)
        name = str(choice.value)
        if augment is None and name == "none":
            name = "standard"
            remark = (
                f"Training changes nothing here unless told to ({choice.reason.rstrip('.')}); "
                "this is what --augment standard would do. "
            )
        examples, names = _spread(bundle)
        kind, axis = bundle.kind, bundle.axis
    made = preset(name, kind, tuple(examples.shape[1:]))
    steps, label = (None, "step") if axis is None else (axis.values, axis.label)
    picture = show_augmented(examples, made, copies, seed, names, steps, label)
    picture = replace(picture, caption=remark + picture.caption)
    return AugmentedSheet(picture, name, save(picture, out))


def _read(path: str) -> np.ndarray:
    pixels = read_image(path)
    step = -(-max(pixels.shape[:2]) // _SHOWN_SIDE)
    if step > 1:
        pixels = read_image(path, (pixels.shape[0] // step, pixels.shape[1] // step))
    return pixels[None]


def _spread(bundle: DataBundle) -> tuple[np.ndarray, list[str]]:
    """The first example of each of some classes."""
    data: Data = bundle.train
    if data.y is None:
        places = np.arange(min(EXAMPLES, len(data)))
    else:
        classes = np.unique(data.y)[:EXAMPLES]
        places = np.array([int(np.flatnonzero(data.y == number)[0]) for number in classes])
    return np.asarray(data.x[places]), [name_of(bundle, "train", int(place)) for place in places]
