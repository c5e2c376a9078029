"""The five networks of the mission: their sizes, a step of training and a prediction of each."""

from __future__ import annotations

import numpy as np
import pytest

from striate.applications.reference import net_a, net_b, net_c, net_d, net_e
from striate.losses import SparseCategoricalCrossentropy
from striate.utils import set_random_seed

LOGITS = SparseCategoricalCrossentropy(from_logits=True)
NETWORKS = {
    "A": (net_a, 1_484_161, 1_482_369, (100, 100, 1), 1, "binary_crossentropy"),
    "B": (net_b, 5_550_273, 5_550_273, (150, 150, 3), 1, "binary_crossentropy"),
    "C": (net_c, 94_890, 94_890, (32, 32, 3), 10, LOGITS),
    "D": (net_d, 10_865_724, 10_865_724, (100, 100, 3), 60, "sparse_categorical_crossentropy"),
    "E": (net_e, 105_729, 105_729, (64, 100), 1, "binary_crossentropy"),
}


@pytest.mark.parametrize(
    ("make", "total", "trainable", "shape", "units", "loss"), NETWORKS.values(), ids=NETWORKS.keys()
)
def test_networks_a_to_e_have_their_sizes_learn_and_predict(make, total, trainable, shape, units, loss):
    set_random_seed(0)
    model = make()
    assert model.count_params() == total
    assert sum(weight.numel() for weight in model.trainable_weights) == trainable
    model.compile("sgd", loss, metrics=["accuracy"], precision="float32")
    data = np.random.default_rng(0).random((2, *shape), np.float32)
    before = model.get_weights()[0]
    history = model.fit(data, [0, 1], batch_size=2, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    assert not np.array_equal(model.get_weights()[0], before)
    answers = model.predict(data, verbose=0)
    assert answers.shape == (2, units)
    assert np.isfinite(answers).all()


def test_network_d_has_eighteen_layers_before_its_answer_counted_as_its_author_does():
    model = net_d()
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Conv2D") == 11
    assert kinds.count("MaxPooling2D") == 4
    assert kinds.count("Dense") == 2
    assert len(kinds) - kinds.count("InputLayer") == 18
