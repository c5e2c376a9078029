"""Random configurations of every layer that both libraries have: the same numbers as Keras gives."""

from __future__ import annotations

import zlib

import numpy as np
import pytest

from striate import layers
from tests.peers import more_configurations  # noqa: F401 - fills GENERATORS
from tests.peers.configurations import GENERATORS
from tests.peers.keras_side import TOLERANCE, forward_difference, keras, training_difference

pytestmark = pytest.mark.peers

FORWARD, TRAINING = 1000, 200

# What no random arguments can be given to.
NO_FORWARD = {"Input", "InputLayer", "InputSpec", "Layer", "Wrapper", "Lambda", "TorchModule"}
# These draw by chance in training, each library in its own way.
BY_CHANCE = {"Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout"} | {
    f"SpatialDropout{rank}D" for rank in (1, 2, 3)
}


def classes() -> list[str]:
    """Name every layer class of Striate, once, by the class's own name."""
    kinds = [getattr(layers, name) for name in layers.__all__]
    return sorted(
        {kind.__name__ for kind in kinds if isinstance(kind, type) and issubclass(kind, layers.Layer)}
        - NO_FORWARD
    )


def compared() -> list[str]:
    return [name for name in classes() if name in GENERATORS]


def trained() -> list[str]:
    return [name for name in compared() if name not in BY_CHANCE]


def largest(name, count, compare, what):
    """Compare so many random configurations, and say which is the worst where one fails."""
    rng = np.random.default_rng(zlib.crc32(f"{what} {name}".encode()))
    found = []
    for number in range(count):
        case = GENERATORS[name](name, rng)
        found.append((compare(name, case, rng), number, case))
    worst = max(found, key=lambda entry: entry[0])
    failed = [entry for entry in found if not entry[0] <= TOLERANCE]
    assert not failed, f"{len(failed)} of {count} {name}, first: {failed[0]}"
    return worst[0]


@pytest.mark.parametrize("name", classes())
def test_a_layer_answers_as_in_keras(name, note):
    if not hasattr(keras().layers, name):
        pytest.skip(f"Keras has no {name}")
    assert name in GENERATORS, f"write a generator of random configurations for {name}"
    count = -(-FORWARD // sum(hasattr(keras().layers, one) for one in compared()))
    note("layers, forward", name, count, largest(name, count, forward_difference, "forward"))


@pytest.mark.parametrize("name", trained())
def test_a_layer_learns_as_in_keras(name, note):
    if not hasattr(keras().layers, name):
        pytest.skip(f"Keras has no {name}")
    # The one layer with statistics of its own gets more of them.
    count = 24 if name == "BatchNormalization" else max(2, -(-(TRAINING - 24) // (len(trained()) - 1)))
    note("layers, training", name, count, largest(name, count, training_difference, "training"))
