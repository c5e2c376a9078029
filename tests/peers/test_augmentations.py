"""Every change with fixed parameters beside Keras's layer."""

from __future__ import annotations

import numpy as np
import pytest

from striate import augment
from striate.augment import Augment, example_keys
from striate.augment.base import FILL_MODES
from tests.peers.keras_side import keras

pytestmark = pytest.mark.peers

# A grey level of 255 is 4e-3; warped places differ by the rounding of float32.
TOLERANCE = 1e-5
FILLED = {"fill_value": 7.0}

CASES = [
    *[("RandomRotation", {"factor": (0.1, 0.1), "fill_mode": mode, **FILLED}) for mode in FILL_MODES],
    *[
        (name, {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2), "fill_mode": mode, **FILLED})
        for name in ("RandomZoom", "RandomTranslation")
        for mode in FILL_MODES
    ],
    ("RandomBrightness", {"factor": (0.2, 0.2)}),
    ("RandomBrightness", {"factor": (-0.4, -0.4)}),
    ("RandomContrast", {"factor": (0.0, 0.0)}),
    ("RandomSaturation", {"factor": (0.3, 0.3)}),
    ("RandomSaturation", {"factor": (0.5, 0.5)}),
    ("RandomGrayscale", {"factor": 1.0}),
    ("RandomPosterization", {"factor": (3, 3)}),
    ("RandomInvert", {"factor": (1.0, 1.0)}),
    ("RandomHue", {"factor": (1.0, 1.0)}),
    ("RandomErasing", {"factor": (1.0, 1.0), "scale": (1.0, 1.0), "fill_value": 9.0}),
    ("RandomCrop", {"height": 16, "width": 20}),
]


@pytest.mark.parametrize(
    ("name", "arguments"), CASES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_change_is_that_of_keras(name, arguments, note):
    images = np.random.default_rng(0).integers(0, 256, (2, 16, 20, 3)).astype(np.float32)
    wanted = np.asarray(getattr(keras().layers, name)(**arguments)(images, training=True))
    found = Augment(getattr(augment, name)(**arguments))(images, example_keys(0, 0, np.arange(2)))
    assert found.shape == wanted.shape
    difference = np.abs(found - wanted).max() / 255
    assert difference <= TOLERANCE
    note("augmentations", name, 1, difference)
