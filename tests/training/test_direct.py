"""A step without autograd between gives what the usual step gives."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from striate import Model, Sequential, callbacks, layers, losses, metrics
from striate.core.errors import BusyError, LabelError, NumbersError, ShapeError
from striate.ops.native.library import explain_native
from striate.training import Compiled, fit
from striate.training.direct import DirectStep
from striate.utils import set_random_seed


@pytest.fixture(autouse=True)
def kernels():
    """Without kernels there is no such step."""
    if explain_native().value is None:
        pytest.skip(explain_native().reason)


@pytest.fixture
def taken(monkeypatch):
    """What each step's part was answered with: None where the usual way was left to do it."""
    answers = []
    learn = DirectStep.learn

    def noting(self, stepper, part):
        answers.append(learn(self, stepper, part))
        return answers[-1]

    monkeypatch.setattr(DirectStep, "learn", noting)
    return answers


def network(units=3, tail="softmax", **options):
    return Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(5, 3, **options),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(units, activation=tail),
        ]
    )


def examples(count=37, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((count, 8, 8, 1), np.float32), rng.integers(0, 3, count)


def learn(loss, y, *, tail="softmax", units=3, scores=("accuracy",), direct=True, change=None, **fitting):
    """Train a little from one seed; weights, and the history of loss and metrics."""
    set_random_seed(5)
    model = network(units, tail)
    model.compile("sgd", loss, metrics=list(scores), precision="float32")
    if change is not None:
        change(model)
    with pytest.MonkeyPatch.context() as patch:
        if not direct:
            patch.setattr(DirectStep, "learn", lambda *given: None)
        history = model.fit(examples()[0], y, batch_size=8, epochs=3, verbose=0, **fitting).history
    return model.get_weights(), history


def assert_same(found, wanted):
    """Weights and history agree but for rounding."""
    for one, other in zip(found[0], wanted[0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert found[1].keys() == wanted[1].keys()
    for key, values in found[1].items():
        np.testing.assert_allclose(values, wanted[1][key], rtol=1e-4, err_msg=key)


Y = examples()[1]
ONE_HOT = np.eye(3, dtype="float32")[Y]
CASES = {
    "class numbers": ("sparse_categorical_crossentropy", Y, {}),
    "class numbers in a column": ("sparse_categorical_crossentropy", Y[:, None], {}),
    "logits": (losses.SparseCategoricalCrossentropy(from_logits=True), Y, {"tail": None}),
    "one-hot": ("categorical_crossentropy", ONE_HOT, {}),
    "smoothed": (losses.CategoricalCrossentropy(label_smoothing=0.1), ONE_HOT, {}),
    "one-hot logits": (losses.CategoricalCrossentropy(from_logits=True), ONE_HOT, {"tail": None}),
    "yes or no": ("binary_crossentropy", Y == 1, {"units": 1, "tail": "sigmoid"}),
    "yes or no, 0 and 1": ("binary_crossentropy", (Y == 1).astype("uint8"), {"units": 1, "tail": "sigmoid"}),
    "several units": ("binary_crossentropy", ONE_HOT, {"tail": "sigmoid"}),
    "unit logits": (losses.BinaryCrossentropy(from_logits=True), ONE_HOT, {"tail": None}),
    "squares": ("mse", ONE_HOT, {"scores": ["mae"]}),
    "another tail": ("mse", ONE_HOT, {"tail": "tanh"}),
    "sums": (losses.CategoricalCrossentropy(reduction="sum"), ONE_HOT, {}),
    "class numbers as floats": ("sparse_categorical_crossentropy", Y.astype("float32"), {}),
    "class weights": ("sparse_categorical_crossentropy", Y, {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}}),
    "sample weights": ("categorical_crossentropy", ONE_HOT, {"sample_weight": np.linspace(0, 2, 37)}),
    "more metrics": (
        "categorical_crossentropy",
        ONE_HOT,
        {"scores": ["accuracy", metrics.AUC(), "mse"]},
    ),
    "two thresholds": (
        "binary_crossentropy",
        ONE_HOT,
        {"tail": "sigmoid", "scores": [metrics.BinaryAccuracy(f"at{t}", threshold=t) for t in (0.3, 0.5)]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_loss_learns_and_counts_as_in_the_usual_step(case, taken):
    loss, y, options = CASES[case]
    found = learn(loss, y, **options)
    assert len(taken) == 15
    assert None not in taken
    assert_same(found, learn(loss, y, **options, direct=False))


def test_a_loss_of_ones_own_learns_as_in_the_usual_step(taken):
    def furthest(y_true, y_pred):
        return (y_true - y_pred).abs().amax(-1)

    found = learn(furthest, ONE_HOT, scores=[])
    assert None not in taken
    assert_same(found, learn(furthest, ONE_HOT, scores=[], direct=False))


def hook_a_layer(model):
    model.layers[0].register_forward_hook(lambda *given: None)


def hook_the_model(model):
    model.register_forward_hook(lambda *given: None)


@pytest.mark.parametrize("change", [hook_a_layer, hook_the_model])
def test_whoever_looks_inside_gets_the_usual_step(taken, change):
    learn("sparse_categorical_crossentropy", Y, change=change)
    assert taken == [None] * 15


def test_penalties_on_weights_get_the_usual_step(taken):
    set_random_seed(5)
    model = network(kernel_regularizer="l2")
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    model.fit(*examples(), verbose=0)
    assert set(taken) == {None}


def test_a_layer_that_is_there_twice_gets_both_gradients(taken):
    set_random_seed(5)
    twice = layers.Dense(6, activation="relu")
    inputs = layers.Input((6,))
    model = Model(inputs, layers.Dense(3)(twice(layers.Dense(6)(twice(inputs)))))
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(np.ones((6, 6), "float32"), np.arange(6) % 3, verbose=0)
    assert taken == [None]


def test_frozen_weights_get_no_gradient(taken):
    set_random_seed(5)
    model = network()
    model.layers[0].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    before = model.layers[0].get_weights()
    model.fit(*examples(), verbose=0)
    assert None not in taken
    assert all(np.array_equal(*pair) for pair in zip(before, model.layers[0].get_weights(), strict=True))
    assert all(weight.grad is None for weight in model.layers[0].parameters())
    assert all(weight.grad is not None for weight in model.layers[-1].parameters())


def test_a_layer_that_is_frozen_on_the_way_stays_as_it_is():
    set_random_seed(5)
    model = network()
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    kept = []

    def freeze(epoch, logs):
        kept.append(model.layers[0].get_weights())
        for weight in model.layers[0].parameters():
            weight.requires_grad_(False)

    x, y = examples()
    model.fit(x, y, epochs=3, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_end=freeze)])
    assert all(np.array_equal(*pair) for pair in zip(kept[0], kept[-1], strict=True))


def test_labels_without_a_class_are_refused_as_ever():
    model = network()
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    x, y = examples()
    batches = [(x, np.full_like(y, 3))]
    with pytest.raises(LabelError, match="labels run from 3 to 3"):
        model.fit(iter(batches), verbose=0)


def test_another_shape_than_the_networks_is_refused_as_ever():
    model = network()
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    x, y = examples()
    with pytest.raises(ShapeError, match="8, 8, 1"):
        model.fit(iter([(x, y), (x[:, :5], y)]), verbose=0)


def test_a_step_that_is_no_number_is_left_out():
    model = network()
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    x, y = examples()
    model.fit(x, y, verbose=0)
    before = model.get_weights()
    with pytest.raises(NumbersError, match="NaN"):
        model.fit(iter([(np.full_like(x, np.nan), y)]), verbose=0)
    assert all(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))


def test_a_model_in_use_by_another_thread_is_refused_as_ever():
    model = network()
    x, y = examples()

    def loss(y_true, y_pred):
        with ThreadPoolExecutor(1) as other, pytest.raises(BusyError, match="in use by another thread"):
            other.submit(model.train_on_batch, x, y).result()
        return (y_true[:, None] - y_pred).abs().amax(-1)

    model.compile("sgd", loss)
    model.train_on_batch(x, y)


def test_a_step_of_a_torch_module_is_the_usual_one(taken):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    fit(model, Compiled("sgd", loss), *examples(), verbose=0)
    assert set(taken) == {None}
