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
from tests.peers.test_networks import net_c, net_e

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
    return library.Model(
        inputs if len(inputs) > 1 else inputs[0], layer(inputs if len(inputs) > 1 else inputs[0])
    )


def weigh(model, rng):
    model.set_weights([draw_weight(weight.name, tuple(weight.shape), rng) for weight in model.weights])
    return model


def difference(model, inputs, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.save(path)
        except TypeError as error:
            if "cannot pickle" in str(error):
                pytest.skip(f"Keras cannot write it: {error}")
            raise
        wanted = model(inputs, training=False)
    found = striate.load(path)
    for ours, theirs in zip(leaves(found.get_weights()), model.get_weights(), strict=True):
        assert np.array_equal(ours, theirs)
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


def net_a(library):
    layers = library.layers
    stack = [library.Input((100, 100, 1))]
    for filters in (512, 256, 128):
        stack += [layers.Conv2D(filters, 3), layers.BatchNormalization(), layers.ReLU()]
        stack += [layers.MaxPooling2D(3), layers.Dropout(0.1)]
    return library.Sequential([*stack, layers.Flatten(), layers.Dense(1, activation="sigmoid")])


def net_b(library):
    layers = library.layers
    stack = [library.Input((150, 150, 3))]
    for filters in (32, 64, 128, 128):
        stack += [layers.Conv2D(filters, 3, padding="same", activation="relu"), layers.MaxPooling2D(2)]
    stack += [layers.Flatten(), layers.Dropout(0.5), layers.Dense(512, activation="relu")]
    return library.Sequential([*stack, layers.Dense(1, activation="sigmoid")])


def net_d(library):
    layers = library.layers
    tensor = inputs = library.Input((100, 100, 3))
    for filters, times in ((32, 3), (64, 3), (128, 3), (256, 2)):
        for _ in range(times):
            tensor = layers.Conv2D(filters, 3, padding="same", activation="relu")(tensor)
        tensor = layers.MaxPooling2D(2)(tensor)
    tensor = layers.Dense(1024, activation="relu")(layers.Flatten()(tensor))
    return library.Model(inputs, layers.Dense(60, activation="softmax")(tensor))


NETS = {"A": net_a, "B": net_b, "C": net_c, "D": net_d, "E": net_e}
PARAMETERS = {"A": 1_484_161, "B": 5_550_273, "C": 94_890, "D": 10_865_724, "E": 105_729}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("net", NETS)
def test_a_reference_network_in_a_file_answers_as_in_keras(net, form, tmp_path, note):
    keras().utils.set_random_seed(1)
    model = NETS[net](keras())
    loss = "categorical_crossentropy" if net == "D" else "binary_crossentropy"
    model.compile("adam", loss, metrics=["accuracy"])
    assert model.count_params() == PARAMETERS[net]
    inputs = np.random.default_rng(1).random((2, *model.input_shape[1:]), np.float32)
    found = difference(model, inputs, tmp_path / f"net.{form}")
    assert found <= TOLERANCE
    assert striate.load(tmp_path / f"net.{form}").compiled.metrics == ["accuracy"]
    note(f"files, .{form}", f"network {net}", 1, found)
