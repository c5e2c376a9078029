"""One row for each public layer class (more where a layer has modes): what test_layers.py proves of it.

A new layer is one more row here: its class, its arguments, an input shape with a batch of three (or
a list of shapes, for a layer of several inputs) and the output shape that is expected.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from striate import layers


@dataclass(frozen=True)
class LayerRow:
    """A layer, what goes in, what has to come out, and where it differs from most layers."""

    kind: type[layers.Layer]
    input_shape: Any
    output_shape: tuple[int, ...]
    arguments: dict[str, Any] = field(default_factory=dict)
    differs_in_training: bool = False
    has_gradient: bool = True
    has_config: bool = True

    def make(self, **options: Any) -> layers.Layer:
        """Make the layer; `options` go beside the row's own arguments."""
        return self.kind(**{**self.arguments, **options})


IMAGES = (3, 7, 6, 4)
SIGNALS = (3, 9, 4)
VECTORS = (3, 8)
CHANNELS_FIRST = {"data_format": "channels_first"}

ROWS = [
    LayerRow(layers.Activation, VECTORS, VECTORS, {"activation": "gelu"}),
    LayerRow(layers.AveragePooling1D, SIGNALS, (3, 4, 4)),
    LayerRow(layers.AveragePooling2D, IMAGES, (3, 3, 3, 4)),
    LayerRow(layers.AveragePooling2D, IMAGES, (3, 4, 3, 4), {"padding": "same"}),
    LayerRow(layers.BatchNormalization, IMAGES, IMAGES, differs_in_training=True),
    LayerRow(layers.BatchNormalization, SIGNALS, SIGNALS, {"axis": 1}, differs_in_training=True),
    LayerRow(
        layers.BatchNormalization,
        VECTORS,
        VECTORS,
        {"center": False, "scale": False},
        differs_in_training=True,
    ),
    LayerRow(layers.Conv1D, SIGNALS, (3, 7, 2), {"filters": 2, "kernel_size": 3}),
    LayerRow(layers.Conv1D, SIGNALS, (3, 9, 2), {"filters": 2, "kernel_size": 3, "padding": "causal"}),
    LayerRow(layers.Conv2D, IMAGES, (3, 5, 4, 2), {"filters": 2, "kernel_size": 3, "activation": "tanh"}),
    LayerRow(
        layers.Conv2D,
        IMAGES,
        (3, 4, 3, 4),
        {
            "filters": 4,
            "kernel_size": (2, 3),
            "strides": 2,
            "padding": "same",
            "groups": 2,
            "use_bias": False,
        },
    ),
    LayerRow(layers.Conv2D, (3, 4, 7, 6), (3, 2, 5, 4), {"filters": 2, "kernel_size": 3, **CHANNELS_FIRST}),
    LayerRow(layers.Dense, VECTORS, (3, 5), {"units": 5, "activation": "sigmoid"}),
    LayerRow(layers.Dense, SIGNALS, (3, 9, 5), {"units": 5, "use_bias": False}),
    LayerRow(layers.Dropout, VECTORS, VECTORS, {"rate": 0.5}, differs_in_training=True),
    LayerRow(
        layers.Dropout,
        SIGNALS,
        SIGNALS,
        {"rate": 0.5, "noise_shape": (None, 1, None)},
        differs_in_training=True,
    ),
    LayerRow(layers.ELU, VECTORS, VECTORS, {"alpha": 0.5}),
    LayerRow(layers.Flatten, IMAGES, (3, 168)),
    LayerRow(layers.Flatten, IMAGES, (3, 168), CHANNELS_FIRST),
    LayerRow(layers.GlobalAveragePooling1D, SIGNALS, (3, 4)),
    LayerRow(layers.GlobalAveragePooling2D, IMAGES, (3, 4)),
    LayerRow(layers.GlobalMaxPooling1D, SIGNALS, (3, 4), {"keepdims": False}),
    LayerRow(layers.GlobalMaxPooling2D, IMAGES, (3, 1, 1, 4), {"keepdims": True}),
    LayerRow(layers.InputLayer, VECTORS, VECTORS, {"shape": (8,)}),
    LayerRow(layers.LeakyReLU, VECTORS, VECTORS, {"negative_slope": 0.001}),
    LayerRow(layers.MaxPooling1D, SIGNALS, (3, 4, 4)),
    LayerRow(layers.MaxPooling2D, IMAGES, (3, 3, 3, 4)),
    LayerRow(
        layers.MaxPooling2D, IMAGES, (3, 7, 3, 2), {"pool_size": (1, 3), "strides": (2, 1), **CHANNELS_FIRST}
    ),
    LayerRow(layers.ReLU, VECTORS, VECTORS, {"max_value": 6.0, "negative_slope": 0.1, "threshold": 0.2}),
    LayerRow(layers.Rescaling, IMAGES, IMAGES, {"scale": 1 / 255, "offset": [0.1, 0.2, 0.3, 0.4]}),
    LayerRow(layers.Reshape, VECTORS, (3, 4, 2, 1), {"target_shape": (4, -1, 1)}),
    LayerRow(layers.Softmax, VECTORS, VECTORS),
    LayerRow(layers.SumPooling1D, SIGNALS, (3, 5, 4), {"padding": "same"}),
    LayerRow(layers.SumPooling2D, IMAGES, (3, 3, 3, 4)),
    # Its module would be shared by all tests of the row, so it has no weights; see tests/layers.
    LayerRow(layers.TorchModule, VECTORS, VECTORS, {"module": torch.nn.Tanh()}, has_config=False),
]


def public_layers() -> set[type[layers.Layer]]:
    """Every class in `striate.layers` that a person puts into a model."""
    found = (getattr(layers, name) for name in layers.__all__)
    return {kind for kind in found if isinstance(kind, type) and issubclass(kind, layers.Layer)} - {
        layers.Layer
    }
