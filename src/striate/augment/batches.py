"""A batch on its way through all changes: what is to be done, worked out once, and the doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from striate.augment import on_device, passes, warp
from striate.augment.base import (
    Change,
    Erasing,
    Geometric,
    Mixing,
    Parameters,
    Photometric,
    SignalChange,
)
from striate.augment.colour import apply_steps
from striate.augment.keys import Chance
from striate.augment.older_words import Finish
from striate.augment.workers import share_out
from striate.core.errors import DataError


@dataclass(frozen=True)
class Plan:
    """All that happens to a batch, in the form in which it is carried out."""

    shape: tuple[int, ...]
    warps: list[warp.Warp]
    photometric: list[tuple[Photometric, Parameters]]
    erasing: list[tuple[Erasing, Parameters]]
    signal: list[tuple[SignalChange, Parameters]]
    value_range: tuple[float, float]
    finish: Finish

    def steps(self, low: float, high: float) -> list[passes.Step]:
        """The steps of light and colour, put together, for values from `low` to `high`."""
        found: list[passes.Step] = []
        for change, parameters in self.photometric:
            found += change.steps(parameters, self.shape[-1], low, high)
        return passes.put_together(found)


def plan(
    drawn: Sequence[tuple[Change, Parameters]],
    shape: tuple[int, ...],
    filling: warp.Filling,
    value_range: tuple[float, float],
    finish: Finish,
) -> Plan:
    """Sort changes by family and multiply the geometric ones."""
    geometric = [(change, parameters) for change, parameters in drawn if isinstance(change, Geometric)]
    warps = warp.put_together(geometric, shape, filling)
    return Plan(
        (warps[-1].height, warps[-1].width, shape[-1]) if warps else shape,
        warps,
        [(change, parameters) for change, parameters in drawn if isinstance(change, Photometric)],
        [(change, parameters) for change, parameters in drawn if isinstance(change, Erasing)],
        [(change, parameters) for change, parameters in drawn if isinstance(change, SignalChange)],
        value_range,
        finish,
    )


def carry_out(x: Any, plan: Plan) -> Any:
    """Do all of it to an array or a tensor; what comes out has the same kind and dtype.

    Raises:
        DataError: values that are no numbers.
    """
    if isinstance(x, torch.Tensor):
        with torch.no_grad():
            return _carry_out_tensor(x, plan)
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise DataError(f"expected numbers to change; got an array of dtype {array.dtype}.")
    working = array.dtype if plan.signal and array.dtype == np.float64 else np.dtype(np.float32)
    if array.dtype == np.uint8 and not plan.signal:
        working = array.dtype
    start = np.ascontiguousarray(array, working)
    changed = _signals(start, plan) if plan.signal else _images(start, plan, whole=array.dtype.kind != "f")
    if not plan.finish.does_nothing:
        return plan.finish.apply(changed)
    if array.dtype.kind != "f" and changed.dtype.kind == "f":
        changed = np.rint(changed)
    return changed.astype(array.dtype, copy=False)


def _carry_out_tensor(x: torch.Tensor, plan: Plan) -> torch.Tensor:
    on_cpu = x.device.type == "cpu"
    if on_cpu or plan.signal or len(plan.shape) == 2:
        # NumPy has no bfloat16.
        plain = x.detach().cpu()
        array = plain.float().numpy() if plain.dtype == torch.bfloat16 else plain.numpy()
        changed = torch.from_numpy(carry_out(array, plan)).to(x.device)
        return changed if not plan.finish.does_nothing else changed.to(x.dtype)
    changed = images_on_device(x, plan)
    if plan.finish.does_nothing:
        return changed
    return torch.from_numpy(plan.finish.apply(changed.float().cpu().numpy())).to(x.device)


def _signals(x: np.ndarray, plan: Plan) -> np.ndarray:
    for change, parameters in plan.signal:
        x = change.apply(x, parameters)
    return x


def _images(x: np.ndarray, plan: Plan, whole: bool) -> np.ndarray:
    low, high = plan.value_range
    steps = plan.steps(low, high)
    out = np.empty((len(x), *plan.shape), x.dtype)

    def work(start: int, stop: int) -> None:
        images, target = x[start:stop], out[start:stop]
        for each in plan.warps:
            part = each.part(start, stop)
            is_last = each is plan.warps[-1]
            size = (stop - start, each.height, each.width, x.shape[-1])
            warped = target if is_last else np.empty(size, x.dtype)
            warp.warp_images(images, part, warped)
            images = warped
        if not plan.warps:
            target[...] = images
        apply_steps(target, [step.part(start, stop) for step in steps], low, high)
        for change, parameters in plan.erasing:
            _erase(target, change, parameters, start, (low, high))

    share_out(work, len(x), out[:1].nbytes)
    return out


def _erase(
    x: np.ndarray, change: Erasing, parameters: Parameters, start: int, limits: tuple[float, float]
) -> None:
    boxes = change.boxes(parameters)[start : start + len(x)].tolist()
    for number, (top, left, bottom, right) in enumerate(boxes):
        if top < bottom and left < right:
            shape = (bottom - top, right - left, x.shape[-1])
            filling = change.filling(parameters, start + number, shape, *limits)
            x[number, top:bottom, left:right] = filling if x.dtype.kind == "f" else np.rint(filling)


def images_on_device(x: torch.Tensor, plan: Plan) -> torch.Tensor:
    """Do all of it to images with PyTorch's operations, on the device where they are."""
    whole = not x.is_floating_point()
    low, high = plan.value_range
    images = x.float()
    for each in plan.warps:
        images = on_device.warp_tensor(images, each)
        images = images.round() if whole else images
    images = on_device.steps_on_tensor(images, plan.steps(low, high), low, high, whole)
    for change, parameters in plan.erasing:
        images = images.clone()
        for number, (top, left, bottom, right) in enumerate(change.boxes(parameters).tolist()):
            if top < bottom and left < right:
                shape = (bottom - top, right - left, images.shape[-1])
                filling = torch.from_numpy(change.filling(parameters, number, shape, low, high).copy())
                images[number, top:bottom, left:right] = (filling.round() if whole else filling).to(images)
    return images.to(x.dtype).contiguous()


def mix(change: Mixing, x: Any, y_rows: Any, chance: Chance) -> tuple[Any, Any]:
    """Give each example a partner, the next one in the order of a number drawn for each."""
    shape = tuple(x.shape[1:])
    change.check_shape(shape)
    parameters = change.draw(chance, shape)
    order = np.argsort(chance.bits(), kind="stable")
    partners = np.empty_like(order)
    partners[order] = np.roll(order, -1)
    weights = change.weights(parameters, shape).reshape(-1, *(1 for _ in y_rows.shape[1:]))
    mixed = change.blend(
        x, x[torch.from_numpy(partners) if isinstance(x, torch.Tensor) else partners], parameters
    )
    if isinstance(y_rows, torch.Tensor):
        share = torch.from_numpy(weights).to(y_rows)
        other = y_rows[torch.from_numpy(partners).to(y_rows.device)]
        return mixed, share * y_rows + (1 - share) * other
    rows = np.asarray(y_rows)
    return mixed, (weights * rows + (1 - weights) * rows[partners]).astype(rows.dtype)
