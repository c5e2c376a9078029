"""How an image becomes what a network takes: decided once, kept with the model, the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from striate.core.arguments import refuse_unknown
from striate.core.errors import ArgumentError
from striate.core.shapes import check_choice

FITS = ("crop", "pad", "stretch")
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "area", "lanczos")


@dataclass(frozen=True)
class ImageInput:
    """Size, fit, channels, interpolation and range of values that every image is brought to.

    `fit` is what happens to another shape than height by width: 'crop' cuts the longer side
    evenly, 'pad' fills up the shorter with `background`, 'stretch' changes the proportions.
    `background` also shows through transparent places. `value_range` is what becomes 0 and 255
    in files of more than 8 bits a value; None means the top of the file's own type. Bytes stay
    as they are.

    Raises:
        ArgumentError: a size, fit, interpolation, background or range that cannot work.

    >>> ImageInput(128, 96, 3).shape
    (128, 96, 3)
    """

    height: int
    width: int
    channels: int
    fit: str = "crop"
    interpolation: str = "bilinear"
    background: int = 255
    value_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for name in ("height", "width", "channels"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ArgumentError(f"{name} of an image is a whole number from 1 up; got {value!r}.")
        check_choice(self.fit, FITS, "fit")
        check_choice(self.interpolation, INTERPOLATIONS, "interpolation")
        if isinstance(self.background, bool) or self.background not in range(256):
            raise ArgumentError(
                f"background is a whole number from 0 (black) to 255 (white); got {self.background!r}."
            )
        if self.value_range is not None and not self.value_range[0] < self.value_range[1]:
            raise ArgumentError(
                f"value_range goes from what becomes 0 to what becomes 255; got {self.value_range}."
            )

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of one example: (height, width, channels)."""
        return self.height, self.width, self.channels

    def as_table(self) -> dict[str, Any]:
        """Write it as words and numbers for JSON and TOML; what is None is left out."""
        table = {name: value for name, value in asdict(self).items() if value is not None}
        if self.value_range is not None:
            table["value_range"] = [float(end) for end in self.value_range]
        return table

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> ImageInput:
        """Make it again from what `as_table` wrote.

        Raises:
            ArgumentError: a word that it does not know, or lacks, or a value that cannot work.
        """
        refuse_unknown("image_input", table, [field.name for field in fields(cls)])
        missing = [name for name in ("height", "width", "channels") if name not in table]
        if missing:
            raise ArgumentError(f"image_input does not say {', '.join(missing)} of the images.")
        given = dict(table)
        ends = given.get("value_range")
        if ends is not None:
            if not isinstance(ends, list | tuple) or len(ends) != 2:
                raise ArgumentError(f"value_range of image_input is two numbers; got {ends!r}.")
            given["value_range"] = (float(ends[0]), float(ends[1]))
        return cls(**given)
