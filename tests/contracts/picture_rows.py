"""One row for each function that makes a picture: what test_pictures.py proves of it.

A new picture is one more row: its name in `striate.visualize`, and a call of it. Where it looks
into a network, the call takes that network, so that it can be seen to stay as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from striate import visualize
from striate.layers import Conv1D, Conv2D, Dense, Flatten, GlobalAveragePooling1D, Input, MaxPooling2D
from striate.models import Sequential

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.random((12, 12, 3), np.float32)
ANSWERS = visualize.make_answers(RANDOM.dirichlet([1, 1, 1], 4), np.arange(4) % 3)
IMAGES = RANDOM.random((4, 12, 12, 3), np.float32)
LABELS = np.arange(4) % 3
SIGNAL = RANDOM.random((20, 2), np.float32)


def small_network() -> Sequential:
    """A network on small images, with an activation inside its first layer."""
    torch.manual_seed(0)
    return Sequential(
        [
            Input((12, 12, 3)),
            Conv2D(4, 3, activation="relu", name="conv"),
            MaxPooling2D(2, name="pool"),
            Flatten(name="flat"),
            Dense(3, name="answer"),
        ]
    )


def signal_network() -> Sequential:
    """A network on signals."""
    torch.manual_seed(0)
    return Sequential(
        [Input((20, 2)), Conv1D(4, 3, activation="relu", name="conv"), GlobalAveragePooling1D(), Dense(1)]
    )


def torch_network() -> nn.Module:
    """A network of PyTorch's own, with an activation that works in place."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(36, 3)
    )


@dataclass(frozen=True)
class PictureRow:
    """A function by its name, how it is called, and the network that it looks into, if any."""

    name: str
    make: Callable[[Any], Any]
    network: Callable[[], nn.Module] | None = None
    words: str = ""


ROWS = [
    PictureRow("class_output", lambda net: visualize.class_output(net, steps=2), small_network),
    PictureRow(
        "class_output", lambda net: visualize.class_output(net, size=12, steps=2), torch_network, "torch"
    ),
    PictureRow(
        "class_output", lambda net: visualize.class_output(net, 1, SIGNAL, steps=2), signal_network, "signal"
    ),
    PictureRow("compare_classes", lambda net: visualize.compare_classes(net, IMAGE), small_network),
    PictureRow("compare_methods", lambda net: visualize.compare_methods(net, IMAGE), small_network),
    PictureRow("compare_methods", lambda net: visualize.compare_methods(net, IMAGE), torch_network, "torch"),
    PictureRow(
        "compare_methods", lambda net: visualize.compare_methods(net, SIGNAL), signal_network, "signal"
    ),
    PictureRow("compare_pooling", lambda _: visualize.compare_pooling(IMAGE, 3)),
    PictureRow("compare_training", lambda _: visualize.compare_training({"loss": [2.0, 1.0]})),
    PictureRow("convolve", lambda _: visualize.convolve(IMAGE, ["edge", "blur"])),
    PictureRow("convolve", lambda _: visualize.convolve(SIGNAL[:, 0], "edge", pooling="max"), words="signal"),
    PictureRow("count_confusions", lambda _: visualize.count_confusions([0, 1], [1, 1])),
    PictureRow(
        "exciting_patches", lambda net: visualize.exciting_patches(net, "conv", IMAGES), small_network
    ),
    PictureRow(
        "exciting_patches", lambda net: visualize.exciting_patches(net, 1, IMAGES), torch_network, "torch"
    ),
    PictureRow(
        "exciting_patches",
        lambda net: visualize.exciting_patches(net, "conv", SIGNAL[None]),
        signal_network,
        "signal",
    ),
    PictureRow(
        "exciting_patches", lambda net: visualize.exciting_patches(net, "conv", IMAGES), small_network
    ),
    PictureRow("feature_maps", lambda net: visualize.feature_maps(net, IMAGE, "conv"), small_network),
    PictureRow("feature_maps", lambda net: visualize.feature_maps(net, IMAGE, 0), torch_network, "torch"),
    PictureRow(
        "feature_maps", lambda net: visualize.feature_maps(net, SIGNAL, "conv"), signal_network, "signal"
    ),
    PictureRow("filters", lambda net: visualize.filters(net, "conv"), small_network),
    PictureRow("filters", lambda net: visualize.filters(net, 0), torch_network, "torch"),
    PictureRow("filters", lambda net: visualize.filters(net, "conv"), signal_network, "signal"),
    PictureRow("filters", lambda net: visualize.filters(net, "conv"), small_network),
    PictureRow("imshow", lambda _: visualize.imshow(IMAGE)),
    PictureRow(
        "loss_along",
        lambda net: visualize.loss_along(
            net, IMAGES, LABELS, "sparse_categorical_crossentropy", points=3, steps=1
        ),
        small_network,
    ),
    PictureRow("maximise", lambda net: visualize.maximise(net, "conv", steps=2).sheet, small_network),
    PictureRow(
        "maximise", lambda net: visualize.maximise(net, 0, size=12, steps=2).sheet, torch_network, "torch"
    ),
    PictureRow(
        "maximise", lambda net: visualize.maximise(net, "conv", steps=2).sheet, signal_network, "signal"
    ),
    PictureRow("plot_activations", lambda _: visualize.plot_activations(["relu", "tanh"])),
    PictureRow("plot_model", lambda net: visualize.plot_model(net), small_network),
    PictureRow(
        "plot_model", lambda net: visualize.plot_model(net, input_shape=(12, 12, 3)), torch_network, "torch"
    ),
    PictureRow("plot_with_kernels", lambda _: visualize.plot_with_kernels(IMAGE)),
    PictureRow(
        "show_attribution",
        lambda net: visualize.show_attribution(visualize.explain(net, IMAGES, 1, "saliency")),
        small_network,
    ),
    PictureRow(
        "show_attribution",
        lambda net: visualize.show_attribution(visualize.explain(net, IMAGES, method="saliency")),
        small_network,
    ),
    PictureRow("show_augmented", lambda _: visualize.show_augmented(IMAGES, None, copies=2)),
    PictureRow("show_class_scores", lambda _: visualize.show_class_scores(ANSWERS)),
    PictureRow("show_doubts", lambda _: visualize.show_doubts(IMAGES, ANSWERS)),
    PictureRow("show_dropout", lambda _: visualize.show_dropout(steps=2)),
    PictureRow("show_why", lambda net: visualize.show_why(net, IMAGES, 1), small_network),
    PictureRow("show_why", lambda net: visualize.show_why(net, SIGNAL), signal_network, "signal"),
    PictureRow("show_examples", lambda _: visualize.show_examples(IMAGES)),
    PictureRow("show_mistakes", lambda _: visualize.show_mistakes(IMAGES, ANSWERS)),
    PictureRow("show_predictions", lambda _: visualize.show_predictions(IMAGES, ANSWERS)),
    PictureRow("show_reliability", lambda _: visualize.show_reliability(ANSWERS)),
    PictureRow("show_why", lambda net: visualize.show_why(net, IMAGE), small_network),
    PictureRow("slide", lambda net: visualize.slide(net, IMAGE, "conv", most=2), small_network),
    PictureRow("sum_at", lambda net: visualize.sum_at(net, IMAGE, "conv", 1, 2, 3).sheet, small_network),
    PictureRow(
        "sum_at", lambda net: visualize.sum_at(net, SIGNAL, "conv", 1, 2).sheet, signal_network, "signal"
    ),
]
