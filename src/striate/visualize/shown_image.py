"""An image as it is, and the same under the usual kernels."""

from __future__ import annotations

from typing import Any

from striate.core.errors import DataError
from striate.core.shapes import format_shape
from striate.visualize.base import ImagePanel, Sheet
from striate.visualize.convolution import convolve, read_values
from striate.visualize.example import pixels_of, range_of, with_bands

SHOWN_KERNELS = ("edge", "sharpen", "blur", "emboss", "sobel_x", "sobel_y", "contrast", "zones")


def imshow(image: Any, title: str = "Image") -> Sheet:
    """Show an image.

    Shape:
        (height, width) or (height, width, channels); bytes, or 0 to 1.

    Raises:
        DataError: something that is no image.

    >>> import numpy as np
    >>> imshow(np.zeros((8, 8, 3))).title
    'Image'
    """
    values = read_values(image)
    if values.ndim != 3:
        raise DataError(f"imshow shows images; got a signal of shape {format_shape(values.shape)}.")
    height, width, channels = values.shape
    caption = f"{height} by {width} pixels, {channels} {'channel' if channels == 1 else 'channels'}, "
    caption += f"values from {values.min():.4g} to {values.max():.4g}."
    panel = ImagePanel(pixels_of(values, range_of(values)))
    return Sheet(title, with_bands(caption, values.shape), (panel,), columns=1)


def plot_with_kernels(image: Any, kernels: Any = SHOWN_KERNELS) -> Sheet:
    """Show an image and what kernels made by hand find in it; of its own size, by padding with its edge.

    Shape:
        as `convolve`.

    Raises:
        DataError: something that is neither image nor signal.
        UnknownNameError: no such kernel.

    >>> import numpy as np
    >>> len(plot_with_kernels(np.eye(12), ["edge", "blur"]).panels)
    6
    """
    return convolve(image, kernels, padding="edge")
