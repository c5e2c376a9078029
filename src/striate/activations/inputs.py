"""What activation functions take: tensors, arrays, lists and single numbers."""

from __future__ import annotations

from typing import Any

import torch

from striate.core.arrays import as_tensor


def as_floating(x: Any) -> torch.Tensor:
    """See a value as a tensor of floating-point numbers; whole numbers become float32.

    Raises:
        DataError: something that holds no numbers.
    """
    tensor = as_tensor(x)
    return tensor if tensor.is_floating_point() else tensor.float()
