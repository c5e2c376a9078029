"""What a person may say of how data are to be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from striate.datasets.decoding.image_input import ImageInput

# Called with what is being done, how many of it are done, and how many there are in all.
Progress = Callable[[str, int, int], None]


def no_progress(what: str, done: int, total: int) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class SourceOptions:
    """Choices that a source takes where they make sense for it; None leaves a choice to the source.

    `size` is (height, width) of the images; `fit`, `channels` and `interpolation` as in
    `ImageInput`. `label` names the column of the answers in a table: its header, its number
    from 0, 'first', 'last', or 'none' for a table without answers. `group` says which examples
    belong together: 'folder' for those of one parent folder, 'column:NAME' for a column of the
    list, or a regular expression whose
    first bracket picks the group out of the file's name. `limit` is how many examples a class
    are taken of the training part. `bad_files` is what is done with files that cannot be used:
    'skip', 'error' or 'quarantine'. Images of more than `most_pixels` are not decoded.
    `cache=False` keeps decoded images for this process only. `image_input` settles all about
    images, as a trained network does; nothing is chosen then.
    """

    kind: str | None = None
    size: tuple[int, int] | None = None
    fit: str | None = None
    channels: int | None = None
    interpolation: str | None = None
    label: str | None = None
    group: str | None = None
    limit: int | None = None
    bad_files: str = "skip"
    most_pixels: int = 50_000_000
    cache: bool = True
    data_dir: str | None = None
    image_input: ImageInput | None = None
