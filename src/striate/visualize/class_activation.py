"""Attribution by a layer's maps: Grad-CAM and Grad-CAM++, and the layer that suits them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from striate.core.errors import ArgumentError, ShapeError
from striate.core.shapes import format_shape
from striate.visualize.finding import Finding, axes_behind_batch, explain_blanks
from striate.visualize.gradients import Asked
from striate.visualize.probes import FoundLayer, Watch, find_layer, find_layers
from striate.visualize.question import Question

Weighting = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def grad_cam(asked: Asked, layer: Any = None) -> Finding:
    """A layer's maps, each weighted by the mean of its gradient; what speaks for the class is kept.

    (Selvaraju et al., "Grad-CAM", 2017, equations 1 and 2.) The sum is enlarged to the input's
    size between its values; `maps` holds it as it was, with what speaks against the class.

    Raises:
        ArgumentError: no layer that suits, or one that the score does not follow from.
        ShapeError: a layer whose output has no axes of space.
    """
    return _class_activation(asked, layer, _mean_gradient)


def grad_cam_plus_plus(asked: Asked, layer: Any = None) -> Finding:
    """Grad-CAM with places weighted so that several objects of a class count alike.

    (Chattopadhay, Sarkar, Howlader and Balasubramanian, "Grad-CAM++", 2018, equations 10 and 19,
    for the exponential of the score, so that its higher derivatives are powers of the gradient.)

    Raises:
        ArgumentError, ShapeError: as `grad_cam`.
    """
    return _class_activation(asked, layer, _weight_by_powers)


def _mean_gradient(maps: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    return gradient.mean(axes_behind_batch(maps)[:-1], keepdim=True)


def _weight_by_powers(maps: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    axes = axes_behind_batch(maps)[:-1]
    # The shares are the same for a gradient of any size; at size 1 its third power stays in range.
    size = gradient.abs().amax(axes_behind_batch(maps), keepdim=True)
    unit = gradient / torch.where(size > 0, size, 1)
    below = 2 * unit**2 + maps.sum(axes, keepdim=True) * unit**3 * size
    shares = torch.where(below != 0, unit**2 / torch.where(below != 0, below, 1), 0)
    return (shares * gradient.clamp(min=0)).sum(axes, keepdim=True)


def _class_activation(asked: Asked, layer: Any, weigh: Weighting) -> Finding:
    question, target, scale = asked
    found = choose_layer(question) if layer is None else find_layer(question.model, layer)
    parts = zip(question.x.split(question.batch_size), target.split(question.batch_size), strict=True)
    with question.running([found]) as seen:
        pairs = [_maps_and_gradient(question, seen, found, x, wanted) for x, wanted in parts]
    maps, gradient = (torch.cat(part) for part in zip(*pairs, strict=True))
    raw = (weigh(maps, gradient) * maps).sum(-1)
    shown = raw.clamp(min=0)
    values = enlarged(shown, tuple(question.x.shape[1:-1]))
    axes = axes_behind_batch(maps)
    flat = explain_blanks(
        (gradient * maps).abs().sum(axes), scale, f"the gradient at layer {found.name!r}",
        "units behind it are switched off or saturated, or its maps are zero.",
    )  # fmt: skip
    against = (
        f"the maps of layer {found.name!r}, weighted for this class, are nowhere above 0. Behind a Flatten "
        "the weight of a map, a mean over all places, can say little; occlusion asks each place."
    )
    nothing = (shown.amax(axes_behind_batch(shown)) == 0).tolist()
    blank = tuple(one or (against if none else "") for one, none in zip(flat, nothing, strict=True))
    size = " × ".join(map(str, raw.shape[1:])) + (" steps" if raw.ndim == 2 else " places")
    how = "chosen as the last convolution's" if layer is None else "as asked for"
    note = f"maps of layer {found.name!r}, {size}, {how}"
    return Finding(values, blank, notes=(note,), maps=raw, layer=found.name)


def _maps_and_gradient(
    question: Question, seen: Watch, layer: FoundLayer, x: torch.Tensor, target: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    # With a gradient of its own, the way from here on is in the graph, also where all weights are frozen.
    total = question.chosen(x.detach().requires_grad_(), target).sum()
    maps = seen.maps[layer.name]
    if maps.ndim != x.ndim:
        raise ShapeError(
            f"layer {layer.name!r} hands out {format_shape(maps.shape)}, which has no places in the input; "
            f"class activation takes a layer of {x.ndim} axes, such as a convolution."
        )
    gradient = None
    if total.requires_grad and maps.requires_grad:
        gradient = torch.autograd.grad(total, maps, allow_unused=True)[0]
    if gradient is None:
        raise ArgumentError(f"the score does not follow from layer {layer.name!r} by steps with a gradient.")
    return maps.detach(), gradient


def enlarged(maps: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    """Enlarge maps to an input's size, along straight lines between their values.

    Shape:
        maps: (examples, *smaller axes), out (examples, *axes)
    """
    mode = "linear" if len(axes) == 1 else "bilinear"
    return F.interpolate(maps[:, None], size=axes, mode=mode, align_corners=False)[:, 0]


def choose_layer(question: Question) -> FoundLayer:
    """Choose the last convolution whose output has places, with what follows at the same size.

    What follows, an activation or normalisation, belongs to it; pooling makes the map smaller
    and is left out.

    Raises:
        ArgumentError: no layer has places.
    """
    chosen = layer_with_places(question)
    if chosen is None:
        raise ArgumentError(
            "this network has no convolution whose output has places; class activation needs one. "
            "method='integrated_gradients' or 'occlusion' works without."
        )
    return chosen


def layer_with_places(question: Question) -> FoundLayer | None:
    """Find the layer that `choose_layer` takes; None where there is none."""
    layers = {layer.name: layer for layer in find_layers(question.model)}
    chosen: FoundLayer | None = None
    size: tuple[int, ...] = ()
    goes_on = False
    for name, shape in question.shapes_in_order().items():
        has_places = len(shape) == question.x.ndim and max(shape[1:-1]) > 1
        if has_places and _has_kernel(layers[name].module):
            chosen, size, goes_on = layers[name], shape, True
        elif goes_on and shape == size:
            chosen = layers[name]
        else:
            goes_on = False
    return chosen


def _has_kernel(module: nn.Module) -> bool:
    return any(weight.ndim >= 3 for weight in module.parameters(recurse=False))
