"""One row for each public change (more where it has modes): what test_augmentations.py proves of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from striate import augment
from striate.augment import Augment, example_keys

# The families, which change nothing.
EXCEPTED: set[type] = {
    augment.Change,
    augment.Erasing,
    augment.Geometric,
    augment.Mixing,
    augment.Photometric,
    augment.SignalChange,
    # What puts changes together, what is drawn, and where chance comes from.
    augment.Augment,
    augment.Draw,
    augment.Chance,
}

IMAGE = (9, 8, 3)
SIGNAL = (24, 2)


@dataclass(frozen=True)
class AugmentationRow:
    """A change, its arguments, and the shape of examples before and after."""

    kind: type[augment.Change]
    arguments: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, ...] = IMAGE
    becomes: tuple[int, ...] | None = None
    # The dtypes that arrays are tried in.
    dtypes: tuple[str, ...] = ("uint8", "float32", "float64")

    def make(self) -> augment.Change:
        """Make the change."""
        return self.kind(**self.arguments)

    @property
    def after(self) -> tuple[int, ...]:
        """The shape of examples afterwards."""
        return self.shape if self.becomes is None else self.becomes

    @property
    def is_mixing(self) -> bool:
        """Whether it takes two examples."""
        return issubclass(self.kind, augment.Mixing)

    def batch(self, dtype: str, examples: int = 7) -> np.ndarray:
        """Draw examples, always the same, with values from 0 to 255."""
        values = np.random.default_rng(5).uniform(0, 255, (examples, *self.shape))
        return values.astype(dtype)

    def run(self, x: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Change a batch by one `Augment`; the answers of a mixing change come along."""
        augmented = Augment(self.make())
        rows = np.eye(len(x))
        return augmented.mix(x, rows, keys) if self.is_mixing else (augmented(x, keys), rows)

    def keys(self, examples: int = 7, epoch: int = 0) -> np.ndarray:
        """The keys of the examples."""
        return example_keys(11, epoch, np.arange(examples))


def signal_row(kind: type[augment.Change], **arguments: Any) -> AugmentationRow:
    """A row of a change to signals, which are floats."""
    return AugmentationRow(kind, arguments, SIGNAL, dtypes=("float32", "float64"))


ROWS = [
    AugmentationRow(augment.RandomFlip),
    AugmentationRow(augment.RandomRotation, {"factor": 0.1}),
    AugmentationRow(augment.RandomRotation, {"factor": (0.1, 0.2), "fill_mode": "constant", "fill_value": 9}),
    AugmentationRow(augment.RandomZoom, {"height_factor": 0.3, "width_factor": (-0.2, 0.1)}),
    AugmentationRow(
        augment.RandomTranslation, {"height_factor": 0.3, "width_factor": 0.2, "fill_mode": "wrap"}
    ),
    AugmentationRow(augment.RandomShear, {"x_factor": 0.3, "y_factor": 0.1, "interpolation": "nearest"}),
    AugmentationRow(augment.RandomCrop, {"height": 4, "width": 5}, becomes=(4, 5, 3)),
    AugmentationRow(augment.RandomPerspective, {"scale": 0.5}),
    AugmentationRow(augment.RandomSideShift, {"height_shift": 0.3, "width_shift": [1, 2, 3]}),
    AugmentationRow(augment.RandomShearAngle, {"degrees": 20}),
    AugmentationRow(augment.RandomBrightness, {"factor": 0.3}),
    AugmentationRow(augment.RandomContrast, {"factor": 0.5}),
    AugmentationRow(augment.RandomContrast, {"factor": (0.5, 0.1)}, shape=(5, 6, 1)),
    AugmentationRow(augment.RandomInvert, {"factor": (0.5, 0.5)}),
    AugmentationRow(augment.RandomGrayscale, {"factor": 0.5}),
    AugmentationRow(augment.RandomHue, {"factor": 0.6}),
    AugmentationRow(augment.RandomSaturation, {"factor": (0.2, 0.7)}),
    AugmentationRow(augment.RandomPosterization, {"factor": 5}),
    AugmentationRow(
        augment.RandomColorJitter,
        {
            "brightness_factor": 0.2,
            "contrast_factor": 0.3,
            "saturation_factor": (0.3, 0.7),
            "hue_factor": 0.2,
        },
    ),
    AugmentationRow(augment.RandomExposure, {"factor": (0.5, 1.3)}),
    AugmentationRow(augment.RandomChannelShift, {"shift": 40}),
    AugmentationRow(augment.RandomErasing),
    AugmentationRow(
        augment.RandomErasing, {"factor": (0.5, 0.5), "scale": (0.1, 0.2), "fill_value": [1, 2, 3]}
    ),
    AugmentationRow(augment.MixUp),
    AugmentationRow(augment.MixUp, {"alpha": 1.0}, SIGNAL, dtypes=("float32", "float64")),
    AugmentationRow(augment.CutMix),
    signal_row(augment.RandomShift, factor=0.3),
    signal_row(augment.RandomScale, factor=0.2),
    signal_row(augment.RandomNoise, factor=0.2),
    signal_row(augment.RandomTimeWarp, factor=0.3),
    signal_row(augment.RandomBaselineDrift, factor=0.3),
    signal_row(augment.RandomCutout, factor=0.3),
]
