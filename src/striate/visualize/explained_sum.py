"""One number of a feature map explained term by term: the window, the kernel, the products, the sum."""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch
from torch import nn

from striate.core.errors import ArgumentError
from striate.core.shapes import check_choice, per_axis
from striate.visualize.convolution import PADDINGS, pad_values, read_values
from striate.visualize.example import one_example
from striate.visualize.kernels import read_kernel
from striate.visualize.layer_search import FIRST, FoundLayer, find_layer
from striate.visualize.probes import watch
from striate.visualize.sum_sheet import ExplainedSum
from striate.visualize.windows import Window, window_of


def sum_at(
    model_or_kernel: Any,
    image: Any,
    layer: Any = None,
    filter: int = 0,
    row: int = 0,
    column: int | None = None,
    *,
    strides: int = 1,
    padding: str = "valid",
    dilation: int = 1,
    flip: bool = False,
) -> ExplainedSum:
    """Explain one value of a layer's output, or of a kernel's: which numbers were multiplied and added.

    Of a model, `layer` is its name or number, and `filter`, `row` and `column` the place in its
    output; of a signal, `row` is the step. All is computed in double precision from the fp32
    numbers of the network, so the total is at least as exact as the layer's own. Of a kernel,
    by name or as numbers, `filter` is the image's channel, and strides, padding, dilation and
    flip are those of `convolve`.

    Shape:
        image: one example, channels last, with or without the axis of the batch.

    Raises:
        ArgumentError: no such place; a layer whose output is no sum over a window.
        UnknownNameError: no such layer or kernel.

    >>> sum_at([[0, 1], [2, 3]], [[0, 1, 2], [3, 4, 5], [6, 7, 8]]).total
    19.0
    """
    place = (row,) if column is None else (row, column)
    if isinstance(model_or_kernel, nn.Module):
        if layer is None:
            raise ArgumentError("sum_at takes the layer as well: its name, or its number.")
        return LayerSums(model_or_kernel, image, layer).at(filter, *place)
    return kernel_sums(model_or_kernel, image, strides, padding, dilation, flip).at(filter, *place)


@final
class LayerSums:
    """All sums of one layer for one input; `at` explains one of them, without another run of the model.

    `before` holds the layer's own values before its activation.
    """

    def __init__(self, model: nn.Module, image: Any, layer: Any):
        found = find_layer(model, layer)
        with torch.no_grad(), watch(model, found, before_activation=True, inputs=True) as seen:
            seen.run(one_example(image, seen.taken), whole=False)
            before, source = seen.maps[found.name][0], seen.entering[found.name][0]
        if source.ndim > 3:
            raise ArgumentError(
                f"layer {found.name!r} works on volumes; sums are shown of images and signals."
            )
        self._set(found.name, found.kind, window_of(found, tuple(source.shape)), before, _flat(found, source))

    def _set(self, name: str, kind: str, rule: Window, before: torch.Tensor, source: torch.Tensor) -> None:
        self.name, self.kind, self.rule, self.before = name, kind, rule, before
        self.source = source.double().cpu().numpy()

    @classmethod
    def of_rule(cls, name: str, rule: Window, before: torch.Tensor, source: torch.Tensor) -> LayerSums:
        """The sums of a kernel without a network."""
        sums = cls.__new__(cls)
        sums._set(name, "kernel", rule, before, source)
        return sums

    @property
    def places(self) -> tuple[int, ...]:
        """How many places the output has along each axis."""
        return tuple(self.before.shape[:-1])

    def at(self, filter: int = 0, *place: int) -> ExplainedSum:
        """Explain the value of one filter at one place: (row, column), or a step.

        Raises:
            ArgumentError: no such filter or place.
        """
        where = self._checked(filter, place)
        rule = self.rule
        # A global pooling has no places: its one window is the whole map.
        at = where or (0,) * len(rule.strides)
        starts = tuple(
            one * stride - before
            for one, stride, (before, _) in zip(at, rule.strides, rule.padding, strict=True)
        )
        chosen, kernel, bias = rule.weights(filter)
        window, inside = _gather(self.source, rule, starts, chosen)
        products = None if kernel is None else window * kernel
        total = _reduced(window if products is None else products, inside, rule) + bias
        vector = self.before[where].detach().double().clone()
        vector[filter] = total
        after = total if rule.activation is None else float(rule.activation(vector)[filter])
        channels = np.arange(self.source.shape[-1])[chosen]
        return ExplainedSum(
            self.name, self.kind, filter, where, window, kernel, products, bias, float(total), after,
            rule.activation_name, rule.reduce, starts, rule.padding, rule.dilation, inside, self.source,
            channels, rule.mode,
        )  # fmt: skip

    def _checked(self, filter: int, place: tuple[int, ...]) -> tuple[int, ...]:
        *axes, count = self.before.shape
        if not 0 <= filter < count:
            raise ArgumentError(f"layer {self.name!r} has filters 0 to {count - 1}; got {filter}.")
        names = ("row", "column") if len(axes) == 2 else ("row",)
        where = place[: len(axes)] + (0,) * (len(axes) - len(place))
        for name, at, length in zip(names, where, axes, strict=False):
            if not 0 <= at < length:
                raise ArgumentError(
                    f"the output of layer {self.name!r} has {length} places along its {name} axis, "
                    f"counted from 0; got {name}={at}."
                )
        return where


def _flat(layer: FoundLayer, source: torch.Tensor) -> torch.Tensor:
    if layer.kind != "Flatten":
        return source
    # PyTorch's own flattens in its own order of axes.
    turned = layer.layout == FIRST and source.ndim > 1
    return (source.movedim(-1, 0) if turned else source).reshape(-1)


def _gather(
    source: np.ndarray, rule: Window, starts: tuple[int, ...], channels: slice
) -> tuple[np.ndarray, np.ndarray]:
    """Cut the window out of the input, padding included; also which of its places are real."""
    if rule.mode != "constant":
        source = np.pad(source, (*rule.padding, (0, 0)), mode=rule.mode)  # type: ignore[call-overload]
        starts = tuple(start + before for start, (before, _) in zip(starts, rule.padding, strict=True))
    axes = [
        start + np.arange(size) * gap
        for start, size, gap in zip(starts, rule.size, rule.dilation, strict=True)
    ]
    real = [(axis >= 0) & (axis < length) for axis, length in zip(axes, source.shape, strict=False)]
    kept = [np.clip(axis, 0, length - 1) for axis, length in zip(axes, source.shape, strict=False)]
    inside = np.ones(rule.size, dtype=np.bool_)
    for number, found in enumerate(real):
        inside &= found.reshape([-1 if other == number else 1 for other in range(len(real))])
    window = source[np.ix_(*kept)] if kept else source
    return window[..., channels] * inside[..., None], inside


def _reduced(values: np.ndarray, inside: np.ndarray, rule: Window) -> float:
    if rule.reduce == "max":
        return float(values[inside].max())
    count = 1 if rule.reduce == "sum" else values.size if rule.counts_padding else int(inside.sum())
    return float(values.sum()) / count


def kernel_sums(given: Any, image: Any, strides: int, padding: str, dilation: int, flip: bool) -> LayerSums:
    """All sums of a kernel made by hand over an image or a signal, as `LayerSums` has those of a layer.

    Raises:
        ArgumentError: a local statistic instead of weights; a kernel that does not fit.
        UnknownNameError: no such kernel.
    """
    strides, dilation = per_axis(strides, 1, "strides")[0], per_axis(dilation, 1, "dilation")[0]
    values = read_values(image)
    rank = values.ndim - 1
    padding = check_choice(padding, PADDINGS, "padding")
    kernel = read_kernel(given, rank)
    if kernel.statistic:
        raise ArgumentError(f"{kernel.name!r} is no sum of products; sums are shown of kernels with weights.")
    _, amounts = pad_values(values, kernel, strides, padding, dilation)
    weights = (np.flip(kernel.values) if flip else kernel.values)[..., None]
    rule = Window(
        kernel.values.shape,
        (strides,) * rank,
        amounts,
        (dilation,) * rank,
        lambda channel: (slice(channel, channel + 1), weights, 0.0),
        mode={"edge": "edge", "reflect": "reflect"}.get(padding, "constant"),
    )
    lengths = [
        (length + sum(pair) - (size - 1) * dilation - 1) // strides + 1
        for length, pair, size in zip(values.shape, amounts, kernel.values.shape, strict=False)
    ]
    if min(lengths) < 1:
        raise ArgumentError(f"the kernel {kernel.name!r} does not fit into this input once.")
    before = torch.zeros(*lengths, values.shape[-1], dtype=torch.float64)
    return LayerSums.of_rule(kernel.name, rule, before, torch.from_numpy(values))
