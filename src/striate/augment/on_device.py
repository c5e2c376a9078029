"""The same warps and steps with PyTorch, for batches that live on a GPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F

from striate.augment.passes import HueSaturation, Linear, Step, Table, full
from striate.augment.warp import Filling, Warp


def warp_tensor(x: torch.Tensor, warp: Warp) -> torch.Tensor:
    """Resample each image.

    Shape:
        in: (examples, height, width, channels) float32; out: the same with the warp's height and width.
    """
    places = _places(warp, x.device)
    return _sample(x.permute(0, 3, 1, 2), places, warp.filling).permute(0, 2, 3, 1)


def _places(warp: Warp, device: torch.device) -> torch.Tensor:
    """Where each new pixel is read, in the old image's pixels: (examples, height, width, 2)."""
    matrices = torch.from_numpy(np.ascontiguousarray(warp.matrices, np.float32)).to(device)
    rows = torch.arange(warp.height, dtype=torch.float32, device=device)
    columns = torch.arange(warp.width, dtype=torch.float32, device=device)
    x, y = columns.expand(warp.height, -1), rows[:, None].expand(-1, warp.width)
    homogeneous = torch.stack([x, y, torch.ones_like(x)], dim=-1)
    places = torch.einsum("nij,hwj->nhwi", matrices, homogeneous)
    return places[..., :2] / places[..., 2:]


def _sample(x: torch.Tensor, places: torch.Tensor, filling: Filling) -> torch.Tensor:
    height, width = x.shape[2:]
    size = torch.tensor([width, height], dtype=torch.float32, device=x.device)
    padding = {"constant": "zeros", "reflect": "reflection"}.get(filling.mode, "border")
    if filling.mode == "wrap":
        # grid_sample knows no wrapping: places are brought inside, and the first row and column
        # stand behind the last, where places between the two ends look for them.
        places = torch.remainder(places if filling.interpolation == "bilinear" else places.round(), size)
        x = F.pad(x, (0, 1, 0, 1), mode="circular")
        size = size + 1
    grid = (2 * places + 1) / size - 1
    # Zeros are the only fixed value that grid_sample has.
    fixed = filling.value if filling.mode == "constant" else 0.0
    sampled = F.grid_sample(x - fixed, grid, filling.interpolation, padding, align_corners=False)
    return sampled + fixed


def steps_on_tensor(
    x: torch.Tensor, steps: Sequence[Step], low: float, high: float, whole: bool
) -> torch.Tensor:
    """Carry out the steps; values stay from `low` to `high`, rounded after each step if `whole`.

    Shape:
        in and out: (examples, height, width, channels) float32.
    """
    for step in steps:
        if isinstance(step, Linear):
            x = _linear(x, step)
        elif isinstance(step, Table):
            x = _look_up(x, step, low, high)
        else:
            x = _turn_hue(x, step, low, high)
        x = x.clamp(low, high)
        x = x.round() if whole else x
    return x


def _beside(values: np.ndarray, x: torch.Tensor) -> torch.Tensor:
    """Bring numbers an example to the device, with axes for height and width."""
    tensor = torch.from_numpy(np.ascontiguousarray(values, np.float32)).to(x.device)
    return tensor.reshape(len(tensor), 1, 1, -1)


def _linear(x: torch.Tensor, step: Linear) -> torch.Tensor:
    means = x.mean(dim=(1, 2)).double().cpu().numpy() if step.needs_means else None
    gain, offset = step.settled(means)
    if gain.ndim == 2:
        return x * _beside(gain, x) + _beside(offset, x)
    matrices = torch.from_numpy(np.ascontiguousarray(full(gain), np.float32)).to(x.device)
    return torch.einsum("nij,nhwj->nhwi", matrices, x) + _beside(offset, x)


def _look_up(x: torch.Tensor, step: Table, low: float, high: float) -> torch.Tensor:
    places = ((x - low) * (255 / (high - low))).clamp(0, 255).to(torch.int64)
    levels = torch.from_numpy(step.levels.astype(np.float32)).to(x.device)
    found = levels.gather(1, places.reshape(len(x), -1)).reshape(x.shape)
    return found * ((high - low) / 255) + low


def _turn_hue(x: torch.Tensor, step: HueSaturation, low: float, high: float) -> torch.Tensor:
    """Turn hue and multiply saturation by the formulas of the hexagonal cone (Smith 1978)."""
    parts = ((x - low) / (high - low)).clamp(0, 1)
    red, green, blue = parts.unbind(-1)
    value = parts.amax(-1)
    spread = value - parts.amin(-1)
    safe = torch.where(spread > 0, spread, torch.ones_like(spread))
    hue = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    hue = hue + 6 * _beside(step.turn, x)[..., 0]
    saturation = spread / torch.where(value > 0, value, torch.ones_like(value))
    saturation = (saturation * _beside(step.gain, x)[..., 0]).clamp(max=1)
    # Each colour is the value less what the hue's distance from that colour takes away.
    offsets = torch.tensor([5.0, 3.0, 1.0], device=x.device)
    distance = torch.remainder(hue[..., None] + offsets, 6)
    taken = torch.minimum(distance, 4 - distance).clamp(0, 1)
    return (value[..., None] * (1 - saturation[..., None] * taken)) * (high - low) + low
