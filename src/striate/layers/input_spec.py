"""What a layer wants of its input, and the words for an input that does not fit."""

from __future__ import annotations

from collections.abc import Mapping

from striate.core.errors import ShapeError
from striate.core.shapes import Shape, format_shape


class InputSpec:
    """What a layer wants of its input: the names of its axes, and sizes of some of them."""

    def __init__(self, axes: tuple[str, ...], sizes: Mapping[int, int] | None = None, advice: str = ""):
        self.axes = axes
        self.sizes = dict(sizes or {})
        self.advice = advice

    def fits(self, shape: Shape) -> bool:
        """Whether an input of this shape can be taken; `check` says why not."""
        if len(shape) != len(self.axes):
            return False
        return all(shape[axis] is None or shape[axis] == size for axis, size in self.sizes.items())

    def check(self, label: str, shape: Shape) -> None:
        """Refuse an input of another number of axes or of wrong sizes.

        Raises:
            ShapeError: with the layer's name, the wanted axes and what came.
        """
        if len(shape) != len(self.axes):
            advice = f" {self.advice}" if self.advice else ""
            raise ShapeError(
                f"{label} takes {len(self.axes)} axes ({', '.join(self.axes)}) "
                f"but got {len(shape)}: {format_shape(shape)}.{_advise(shape, self.axes)}{advice}"
            )
        for axis, size in self.sizes.items():
            if shape[axis] is not None and shape[axis] != size:
                raise ShapeError(
                    f"{label} was built for {size} {self.axes[axis]} "
                    f"but got {shape[axis]}: {format_shape(shape)}."
                )


def _advise(shape: Shape, axes: tuple[str, ...]) -> str:
    """Say what usually went wrong when the number of axes does not fit."""
    if len(axes) == 4 and len(shape) == 3:
        return (
            " One image needs a batch axis, image[None]; grey images need a channel axis, images[..., None]."
        )
    if len(axes) == 4 and len(shape) == 2 and shape[1] is not None:
        side = int(shape[1] ** 0.5)
        if side * side == shape[1] and side > 1:
            return f" Rows of pixels can be folded first: Reshape(({side}, {side}, 1))."
    if len(axes) == 3 and len(shape) == 2:
        return " Signals of one channel need a channel axis: signals[..., None]."
    if len(axes) == 2 and len(shape) > 2:
        return " Put a Flatten() or a global pooling layer in front of it."
    return ""
