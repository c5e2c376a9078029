"""How PyTorch's libraries call and lay out the weights of layers, beside how ours are laid out.

PyTorch has a convolution's kernel as (filters, channels, height, width), a dense layer's as
(units, inputs), and flattens maps channels first: a dense layer behind `Flatten` sees the same
values there in another order.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.core.shapes import Shape
from striate.layers import BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Flatten
from striate.layers.weights import named_weights, public_shape

_NORM = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


@dataclass(frozen=True)
class Slot:
    """Where one of our weights comes from: the key there, the shapes it may have, how it is turned."""

    key: str
    accepts: tuple[tuple[int, ...], ...]
    turn: Callable[[np.ndarray], np.ndarray]


def slots_by_name(model: Any, prefixes: Mapping[str, str]) -> dict[str, Slot]:
    """Say of each weight of a model where it comes from, where each layer's weights begin with a prefix."""
    slots = {}
    flat = _flattened(model)
    for place, tensor, spec in named_weights(model):
        layer, _, weight = place.rpartition("/")
        shape = public_shape(tensor, spec)
        kind = model.get_layer(layer)
        name = _NORM[weight] if isinstance(kind, BatchNormalization) else _torch_name(weight)
        slots[place] = _slot(f"{prefixes[layer]}.{name}", kind, weight, shape, flat.get(layer))
    return slots


def _torch_name(weight: str) -> str:
    return "weight" if weight == "kernel" else "bias"


def _slot(key: str, layer: Any, weight: str, shape: tuple[int, ...], maps: Shape | None) -> Slot:
    if weight != "kernel":
        return Slot(key, (shape,), _same)
    if isinstance(layer, DepthwiseConv2D):
        height, width, channels, _ = shape
        return Slot(key, ((channels, 1, height, width),), lambda array: array.transpose(2, 3, 0, 1))
    if isinstance(layer, Conv2D):
        height, width, channels, filters = shape
        return Slot(key, ((filters, channels, height, width),), _filters_last)
    return _dense_slot(key, shape, maps)


def _dense_slot(key: str, shape: tuple[int, ...], maps: Shape | None) -> Slot:
    """A dense layer, which timm has as a convolution over the whole map."""
    inputs, units = shape
    height, width, channels = (1, 1, inputs) if maps is None else (int(size or 0) for size in maps)
    window = (units, channels, height, width)

    def turn(array: np.ndarray) -> np.ndarray:
        return _filters_last(array.reshape(window)).reshape(shape)

    return Slot(key, ((units, inputs), window), turn)


def _same(array: np.ndarray) -> np.ndarray:
    return array


def _filters_last(array: np.ndarray) -> np.ndarray:
    return array.transpose(2, 3, 1, 0)


def _flattened(model: Any) -> dict[str, Shape]:
    """The maps (height, width, channels) that each dense layer right behind a Flatten sees."""
    found = {}
    layers = model.layers
    for before, layer in itertools.pairwise(layers):
        if isinstance(before, Flatten) and isinstance(layer, Dense):
            found[layer.name] = tuple(before.nodes[0].inputs.shape[1:])
    return found


def vgg_in_torchvision(model: Any) -> dict[str, str]:
    """Names of torchvision's VGG, a list of layers that counts activations and poolings, too."""
    prefixes, place = {}, 0
    for layer in model.layers:
        if isinstance(layer, Conv2D):
            prefixes[layer.name] = f"features.{place}"
            place += 2
        elif layer.name.endswith("_pool"):
            place += 1
    return prefixes | {"fc1": "classifier.0", "fc2": "classifier.3", "predictions": "classifier.6"}


def vgg_in_timm(model: Any) -> dict[str, str]:
    """Names of timm's VGG: the convolutions as torchvision's, the dense layers as convolutions."""
    top = {"fc1": "pre_logits.fc1", "fc2": "pre_logits.fc2", "predictions": "head.fc"}
    return vgg_in_torchvision(model) | top


def resnet_in_torch(model: Any) -> dict[str, str]:
    """Names of the ResNets of torchvision and timm."""
    prefixes = {"conv1_conv": "conv1", "conv1_bn": "bn1", "predictions": "fc"}
    for layer in model.layers:
        stage, _, rest = layer.name.partition("_block")
        if not rest or not isinstance(layer, (Conv2D, BatchNormalization)):
            continue
        block, number, kind = rest.split("_")
        inside = f"layer{int(stage.removeprefix('conv')) - 1}.{int(block) - 1}"
        part = {"conv": "0", "bn": "1"}[kind]
        prefixes[layer.name] = f"{inside}.downsample.{part}" if number == "0" else f"{inside}.{kind}{number}"
    return prefixes


# The parts of an inverted bottleneck: the one layer's name here, in the port of the first EfficientNet
# to PyTorch, and in timm, whose first block has no expansion.
_LITE_PARTS = {
    "expand_conv": ("_expand_conv", "conv_pw", ""),
    "expand_bn": ("_bn0", "bn1", ""),
    "dwconv": ("_depthwise_conv", "conv_dw", "conv_dw"),
    "bn": ("_bn1", "bn2", "bn1"),
    "project_conv": ("_project_conv", "conv_pwl", "conv_pw"),
    "project_bn": ("_bn2", "bn3", "bn2"),
}


def lite_in_port(model: Any) -> dict[str, str]:
    """Names of EfficientNet's port to PyTorch, which counts all blocks through."""
    ends = {"stem_conv": "_conv_stem", "stem_bn": "_bn0", "top_conv": "_conv_head", "top_bn": "_bn1"}
    prefixes = {**ends, "predictions": "_fc"}
    blocks: list[str] = []
    for block, part, layer in _lite_layers(model):
        blocks += [] if block in blocks else [block]
        prefixes[layer] = f"_blocks.{blocks.index(block)}.{_LITE_PARTS[part][0]}"
    return prefixes


def lite_in_timm(model: Any) -> dict[str, str]:
    """Names of timm's EfficientNets, which count stages and the blocks of each."""
    ends = {"stem_conv": "conv_stem", "stem_bn": "bn1", "top_conv": "conv_head", "top_bn": "bn2"}
    prefixes = {**ends, "predictions": "classifier"}
    for block, part, layer in _lite_layers(model):
        stage, number = int(block[5]) - 1, ord(block[6]) - ord("a")
        name = _LITE_PARTS[part][2 if stage == 0 else 1]
        prefixes[layer] = f"blocks.{stage}.{number}.{name}"
    return prefixes


def _lite_layers(model: Any) -> list[tuple[str, str, str]]:
    """The layers with weights inside the blocks: ('block1a', 'dwconv', 'block1a_dwconv') and so on."""
    split = [(layer.name.partition("_")[::2], layer.name) for layer in model.layers]
    return [
        (block, part, name)
        for (block, part), name in split
        if block.startswith("block") and part in _LITE_PARTS
    ]
