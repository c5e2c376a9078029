"""Real files of Keras, of every layer that both have, opened here: the same answers."""

from __future__ import annotations

import warnings
import zlib

import numpy as np
import pytest

import striate
from striate.core.tree import leaves
from tests.peers import more_configurations  # noqa: F401 - fills GENERATORS
from tests.peers.configurations import GENERATORS
from tests.peers.keras_side import Configuration, arrays_of, blank, draw_weight, farthest, keras, make
from tests.peers.test_layers import classes

pytestmark = pytest.mark.peers

TOLERANCE = 1e-5
EACH = 2
FORMS = ("keras", "h5")

RANDOM = {
    "RandomBrightness": {"factor": 0.2},
    "RandomColorJitter": {},
    "RandomContrast": {"factor": 0.2},
    "RandomCrop": {"height": 4, "width": 5},
    "RandomErasing": {},
    "RandomFlip": {"mode": "horizontal", "seed": 3},
    "RandomGrayscale": {},
    "RandomHue": {"factor": 0.2},
    "RandomInvert": {},
    "RandomPerspective": {},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": 0.1, "fill_mode": "nearest"},
    "RandomSaturation": {"factor": 0.2},
    "RandomShear": {"x_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    "RandomZoom": {"height_factor": 0.2},
}
# Keras's RandomCrop hands images on in inference, whatever output shape it promises.
WITHOUT = {"ActivityRegularization", "RandomCrop"}


def shared():
    return [name for name in classes() if name in GENERATORS or name in RANDOM]


def case_of(name, rng):
    if name in RANDOM:
        return Configuration(RANDOM[name], (2, 8, 9, 3), "positive")
    return GENERATORS[name](name, rng)


def network_of(name, case):
    """A functional network with just this layer, on random weights."""
    library = keras()
    shapes = case.shape if isinstance(case.shape, list) else [case.shape]
    dtype = "int32" if isinstance(case.values, int) else "float32"
    inputs = [library.Input(shape[1:], dtype=dtype) for shape in shapes]
    layer = make(library.layers, name, {**blank(name), **case.arguments})
    model = library.Model(
        inputs if len(inputs) > 1 else inputs[0], layer(inputs if len(inputs) > 1 else inputs[0])
    )
    return model


def weigh(model, rng):
    model.set_weights([draw_weight(weight.name, tuple(weight.shape), rng) for weight in model.weights])
    return model


def difference(model, inputs, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path)
        wanted = model(inputs, training=False)
    found = striate.load(path)
    for ours, theirs in zip(leaves(found.get_weights()), model.get_weights(), strict=True):
        assert ours.shape == theirs.shape
    return farthest(arrays_of(found(inputs)), wanted)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", [name for name in shared() if name not in WITHOUT])
def test_a_layer_in_a_file_answers_as_in_keras(name, form, tmp_path, note):
    if not hasattr(keras().layers, name):
        pytest.skip(f"Keras has no {name}")
    rng = np.random.default_rng(zlib.crc32(f"file {name} {form}".encode()))
    found = []
    for number in range(EACH):
        case = case_of(name, rng)
        while len(case.shape) < 2:
            case = case_of(name, rng)
        model = weigh(network_of(name, case), rng)
        found.append(difference(model, case.inputs(rng), tmp_path / f"{number}.{form}"))
    assert max(found) <= TOLERANCE
    note(f"files, .{form}", name, EACH, max(found))
