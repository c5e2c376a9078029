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
    whole_numbers_below: int | None = None

    def make(self, **options: Any) -> layers.Layer:
        """Make the layer; `options` go beside the row's own arguments."""
        return self.kind(**{**self.arguments, **options})


IMAGES = (3, 7, 6, 4)
SIGNALS = (3, 9, 4)
COLOURS = (3, 7, 6, 3)
VOLUMES = (3, 4, 5, 3, 2)
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
    LayerRow(layers.Conv3D, VOLUMES, (3, 3, 4, 2, 2), {"filters": 2, "kernel_size": 2}),
    LayerRow(
        layers.Conv1DTranspose,
        SIGNALS,
        (3, 18, 2),
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"},
    ),
    LayerRow(
        layers.Conv2DTranspose,
        IMAGES,
        (3, 15, 14, 2),
        {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": (0, 1)},
    ),
    LayerRow(
        layers.Conv3DTranspose, VOLUMES, (3, 5, 6, 4, 2), {"filters": 2, "kernel_size": 2, "use_bias": False}
    ),
    LayerRow(layers.DepthwiseConv1D, SIGNALS, (3, 7, 8), {"kernel_size": 3, "depth_multiplier": 2}),
    LayerRow(
        layers.DepthwiseConv2D, IMAGES, (3, 4, 3, 4), {"kernel_size": 3, "strides": 2, "padding": "same"}
    ),
    LayerRow(
        layers.SeparableConv1D, SIGNALS, (3, 7, 3), {"filters": 3, "kernel_size": 3, "activation": "tanh"}
    ),
    LayerRow(
        layers.SeparableConv2D, IMAGES, (3, 5, 4, 3), {"filters": 3, "kernel_size": 3, "depth_multiplier": 2}
    ),
    LayerRow(layers.AveragePooling3D, VOLUMES, (3, 2, 2, 1, 2)),
    LayerRow(layers.MaxPooling3D, VOLUMES, (3, 2, 2, 1, 2)),
    LayerRow(layers.SumPooling3D, VOLUMES, (3, 2, 2, 1, 2)),
    LayerRow(layers.AveragePooling3D, VOLUMES, (3, 2, 3, 2, 2), {"padding": "same"}),
    LayerRow(layers.GlobalAveragePooling3D, VOLUMES, (3, 2)),
    LayerRow(layers.GlobalMaxPooling3D, VOLUMES, (3, 2)),
    LayerRow(layers.AdaptiveAveragePooling1D, SIGNALS, (3, 4, 4), {"output_size": 4}),
    LayerRow(layers.AdaptiveAveragePooling2D, IMAGES, (3, 2, 3, 4), {"output_size": (2, 3)}),
    LayerRow(layers.AdaptiveAveragePooling3D, VOLUMES, (3, 2, 2, 2, 2), {"output_size": 2}),
    LayerRow(layers.AdaptiveMaxPooling1D, SIGNALS, (3, 4, 4), {"output_size": 4}),
    LayerRow(layers.AdaptiveMaxPooling2D, IMAGES, (3, 2, 3, 4), {"output_size": (2, 3)}),
    LayerRow(layers.AdaptiveMaxPooling3D, VOLUMES, (3, 2, 2, 2, 2), {"output_size": 2}),
    LayerRow(layers.ZeroPadding1D, SIGNALS, (3, 12, 4), {"padding": (1, 2)}),
    LayerRow(layers.ZeroPadding2D, IMAGES, (3, 9, 9, 4), {"padding": ((1, 1), (0, 3))}),
    LayerRow(layers.ZeroPadding3D, VOLUMES, (3, 6, 7, 5, 2)),
    LayerRow(layers.ReflectPadding1D, SIGNALS, (3, 12, 4), {"padding": (1, 2)}),
    LayerRow(layers.ReflectPadding2D, IMAGES, (3, 9, 9, 4), {"padding": ((1, 1), (0, 3))}),
    LayerRow(layers.ReflectPadding3D, VOLUMES, (3, 6, 7, 5, 2)),
    LayerRow(layers.EdgePadding1D, SIGNALS, (3, 12, 4), {"padding": (1, 2)}),
    LayerRow(layers.EdgePadding2D, IMAGES, (3, 9, 9, 4), {"padding": ((1, 1), (0, 3))}),
    LayerRow(layers.EdgePadding3D, VOLUMES, (3, 6, 7, 5, 2)),
    LayerRow(layers.Cropping1D, SIGNALS, (3, 6, 4), {"cropping": (1, 2)}),
    LayerRow(layers.Cropping2D, (3, 4, 7, 6), (3, 4, 5, 5), {"cropping": (1, (0, 1)), **CHANNELS_FIRST}),
    LayerRow(layers.Cropping3D, VOLUMES, (3, 2, 3, 1, 2)),
    LayerRow(layers.UpSampling1D, SIGNALS, (3, 18, 4)),
    LayerRow(layers.UpSampling2D, IMAGES, (3, 14, 18, 4), {"size": (2, 3)}),
    LayerRow(layers.UpSampling2D, IMAGES, (3, 14, 12, 4), {"interpolation": "bilinear"}),
    LayerRow(layers.UpSampling3D, VOLUMES, (3, 8, 10, 6, 2)),
    LayerRow(layers.RepeatVector, VECTORS, (3, 2, 8), {"n": 2}),
    LayerRow(layers.Permute, IMAGES, (3, 4, 7, 6), {"dims": (3, 1, 2)}),
    LayerRow(layers.LayerNormalization, SIGNALS, SIGNALS),
    LayerRow(layers.LayerNormalization, IMAGES, IMAGES, {"axis": [1, 2]}),
    LayerRow(layers.GroupNormalization, IMAGES, IMAGES, {"groups": 2}),
    LayerRow(layers.InstanceNormalization, IMAGES, IMAGES),
    LayerRow(layers.RMSNormalization, SIGNALS, SIGNALS),
    LayerRow(layers.UnitNormalization, SIGNALS, SIGNALS, {"axis": [1, 2]}),
    LayerRow(layers.Add, [IMAGES, IMAGES, (3, 4)], IMAGES),
    LayerRow(layers.Multiply, [IMAGES, IMAGES, (3, 4)], IMAGES),
    LayerRow(layers.Average, [IMAGES, IMAGES, (3, 4)], IMAGES),
    LayerRow(layers.Maximum, [IMAGES, IMAGES, (3, 4)], IMAGES),
    LayerRow(layers.Minimum, [IMAGES, IMAGES, (3, 4)], IMAGES),
    LayerRow(layers.Subtract, [SIGNALS, (3, 1, 4)], SIGNALS),
    LayerRow(layers.Divide, [SIGNALS, (3, 1, 4)], SIGNALS),
    LayerRow(layers.Concatenate, [IMAGES, (3, 7, 6, 2)], (3, 7, 6, 6)),
    LayerRow(layers.Concatenate, [SIGNALS, (3, 2, 4)], (3, 11, 4), {"axis": 1}),
    LayerRow(layers.Dot, [SIGNALS, (3, 5, 4)], (3, 9, 5), {"axes": 2, "normalize": True}),
    LayerRow(layers.Dot, [VECTORS, VECTORS], (3, 1), {"axes": -1}),
    LayerRow(
        layers.Arithmetic, VECTORS, VECTORS, {"operation": "subtract", "number": 1, "number_first": True}
    ),
    LayerRow(layers.SpatialDropout1D, SIGNALS, SIGNALS, {"rate": 0.5}, differs_in_training=True),
    LayerRow(layers.SpatialDropout2D, IMAGES, IMAGES, {"rate": 0.5}, differs_in_training=True),
    LayerRow(layers.SpatialDropout3D, VOLUMES, VOLUMES, {"rate": 0.5}, differs_in_training=True),
    LayerRow(layers.AlphaDropout, VECTORS, VECTORS, {"rate": 0.5}, differs_in_training=True),
    LayerRow(layers.GaussianDropout, VECTORS, VECTORS, {"rate": 0.5}, differs_in_training=True),
    LayerRow(layers.GaussianNoise, VECTORS, VECTORS, {"stddev": 0.5}, differs_in_training=True),
    LayerRow(layers.ActivityRegularization, VECTORS, VECTORS, {"l2": 0.1}),
    LayerRow(
        layers.Embedding,
        VECTORS,
        (3, 8, 5),
        {"input_dim": 10, "output_dim": 5},
        has_gradient=False,
        whole_numbers_below=10,
    ),
    LayerRow(layers.PReLU, IMAGES, IMAGES, {"shared_axes": [1, 2]}),
    LayerRow(layers.PReLU, VECTORS, VECTORS),
    LayerRow(layers.Resizing, IMAGES, (3, 5, 9, 4), {"height": 5, "width": 9}),
    LayerRow(
        layers.Resizing,
        IMAGES,
        (3, 4, 4, 4),
        {"height": 4, "width": 4, "interpolation": "bicubic", "pad_to_aspect_ratio": True},
    ),
    LayerRow(layers.CenterCrop, IMAGES, (3, 5, 2, 4), {"height": 5, "width": 2}),
    LayerRow(layers.Normalization, VECTORS, VECTORS, {"mean": 1.5, "variance": 4.0}),
    LayerRow(layers.ZCAWhitening, SIGNALS, SIGNALS, {"epsilon": 0.1}),
    LayerRow(layers.ZCAWhitening, VECTORS, VECTORS, {"invert": True}),
    LayerRow(layers.RandomFlip, IMAGES, IMAGES, {"seed": 1}, differs_in_training=True),
    LayerRow(layers.RandomRotation, IMAGES, IMAGES, {"factor": 0.2}, differs_in_training=True),
    LayerRow(
        layers.RandomZoom,
        IMAGES,
        IMAGES,
        {"height_factor": (-0.3, 0.2), "width_factor": 0.1, "fill_mode": "constant", "fill_value": 0.5},
        differs_in_training=True,
    ),
    LayerRow(
        layers.RandomTranslation,
        (3, 4, 7, 6),
        (3, 4, 7, 6),
        {"height_factor": 0.2, "width_factor": (0.1, 0.2), **CHANNELS_FIRST},
        differs_in_training=True,
    ),
    LayerRow(layers.RandomShear, IMAGES, IMAGES, {"x_factor": 0.3}, differs_in_training=True),
    LayerRow(layers.RandomPerspective, IMAGES, IMAGES, {"scale": 0.5}, differs_in_training=True),
    LayerRow(layers.RandomCrop, IMAGES, (3, 4, 3, 4), {"height": 4, "width": 3}, differs_in_training=True),
    LayerRow(layers.RandomErasing, IMAGES, IMAGES, {"scale": (0.2, 0.5)}, differs_in_training=True),
    LayerRow(layers.RandomBrightness, IMAGES, IMAGES, {"factor": 0.2}, differs_in_training=True),
    LayerRow(
        layers.RandomContrast,
        IMAGES,
        IMAGES,
        {"factor": [0.5, 0.1], "value_range": [-3, 3]},
        differs_in_training=True,
    ),
    LayerRow(
        layers.RandomHue, COLOURS, COLOURS, {"factor": 1.0, "value_range": (0, 1)}, differs_in_training=True
    ),
    LayerRow(layers.RandomSaturation, COLOURS, COLOURS, {"factor": 0.5}, differs_in_training=True),
    LayerRow(
        layers.RandomPosterization,
        COLOURS,
        COLOURS,
        {"factor": 2, "value_range": (0, 1)},
        differs_in_training=True,
    ),
    LayerRow(layers.RandomInvert, IMAGES, IMAGES, {"value_range": (0, 1)}, differs_in_training=True),
    LayerRow(layers.RandomGrayscale, COLOURS, COLOURS, {"factor": 1.0}, differs_in_training=True),
    LayerRow(
        layers.RandomColorJitter,
        COLOURS,
        COLOURS,
        {"brightness_factor": 0.2, "contrast_factor": 0.3, "value_range": (0, 1)},
        differs_in_training=True,
    ),
    LayerRow(layers.MixUp, IMAGES, IMAGES, {"alpha": 1.0}, differs_in_training=True),
    LayerRow(layers.CutMix, IMAGES, IMAGES, {"seed": 3}, differs_in_training=True),
    LayerRow(layers.Identity, VECTORS, VECTORS),
    LayerRow(layers.Lambda, VECTORS, VECTORS, {"function": torch.tanh}, has_config=False),
]


def public_layers() -> set[type[layers.Layer]]:
    """Every class in `striate.layers` that a person puts into a model."""
    found = (getattr(layers, name) for name in layers.__all__)
    return {kind for kind in found if isinstance(kind, type) and issubclass(kind, layers.Layer)} - {
        layers.Layer
    }
