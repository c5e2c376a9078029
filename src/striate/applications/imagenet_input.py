"""How images are prepared for weights learnt on ImageNet: the weights decide, and there are three kinds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from striate.core.arrays import as_tensor
from striate.core.errors import ShapeError
from striate.core.shapes import check_choice, format_shape

# Means of the ImageNet images, red, green, blue: in pixels 0 to 255 for the authors' weights
# of VGG ("caffe"), as shares of 255 with deviations for those trained with torch.
MEAN_PIXEL = (123.68, 116.779, 103.939)
MEAN_SHARE = (0.485, 0.456, 0.406)
DEVIATION_SHARE = (0.229, 0.224, 0.225)
# EfficientNet-Lite takes (pixel - 127) / 128 in all three.
LITE_MEAN, LITE_DEVIATION = 127.0, 128.0

MODES = ("caffe", "torch", "lite")


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Prepare images for a network with weights learnt on ImageNet: the input itself stays as it was.

    `mode` follows from where the weights come: 'caffe', Keras's for VGG and ResNet50, takes blue,
    green, red around the mean pixel; 'torch', torchvision's and timm's, takes red, green, blue from
    0 to 1, less the mean, by the deviation; 'lite', EfficientNet-Lite's, runs from -1 to 1.

    Shape:
        in and out (..., height, width, 3), or (..., 3, height, width) with
        `data_format='channels_first'`; in red, green, blue from 0 to 255. Arrays come back as
        arrays, tensors as tensors, in float32 unless they were wider.

    Raises:
        ShapeError: no three channels where they should be.
        ArgumentError: another mode or data_format.

    >>> preprocess_input(np.full((1, 1, 3), 255.0), mode="torch").round(2)
    array([[[2.25, 2.43, 2.64]]])
    """
    mode = check_choice(mode, MODES, "mode")
    layout = check_choice(data_format or "channels_last", ("channels_last", "channels_first"), "data_format")
    images = as_tensor(x)
    axis = -1 if layout == "channels_last" else -3
    if images.ndim < 3 or images.shape[axis] != 3:
        raise ShapeError(
            f"the network takes images of three channels (red, green, blue), {layout.replace('_', ' ')}; "
            f"got {format_shape(tuple(images.shape))}."
        )
    images = images.to(torch.promote_types(images.dtype, torch.float32))
    colours = images.movedim(axis, -1)
    if mode == "caffe":
        prepared = (colours - _row(MEAN_PIXEL, images)).flip(-1)
    elif mode == "lite":
        prepared = (colours - LITE_MEAN) / LITE_DEVIATION
    else:
        prepared = (colours / 255 - _row(MEAN_SHARE, images)) / _row(DEVIATION_SHARE, images)
    prepared = prepared.movedim(-1, axis)
    return prepared if isinstance(x, torch.Tensor) else np.ascontiguousarray(prepared.numpy())


def _row(numbers: tuple[float, ...], like: torch.Tensor) -> torch.Tensor:
    return torch.tensor(numbers, dtype=like.dtype, device=like.device)
