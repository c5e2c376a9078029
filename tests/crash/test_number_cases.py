"""Numbers that go wrong, case by case: the training stops with words, and nothing of the step is written.

Each case trains one good epoch, which leaves a checkpoint and a model; then something spoils the next step.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from torch import nn

from striate import callbacks as keras_callbacks
from striate import losses, optimizers
from striate.core.errors import DataError, NumbersError
from striate.layers import BatchNormalization, Dense, Dropout, Input, TorchModule
from striate.models import Model, Sequential
from striate.utils import set_random_seed
from tests.crash.clear_messages import check_nothing_lost, lying_in

X = np.random.default_rng(0).uniform(0.5, 1.5, size=(24, 4)).astype(np.float32)
Y = X.sum(1, keepdims=True)
STEPS = 2


class Does(nn.Module):
    """A layer that does what a function says."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, inputs):
        return self.function(inputs)


def doing(function, name="odd"):
    return TorchModule(Does(function), name=name)


def stack(*layers, loss="mse", optimizer=None, last=1):
    model = Sequential([Input((4,)), *layers, Dense(last, name="last")])
    model.compile(optimizer or optimizers.SGD(0.001), loss, precision="float32")
    return model


def plain(**options):
    return stack(Dense(3, name="first"), **options)


def poisoned(value, rows, part="x"):
    """Batches of eight: a good epoch, then one with a value in some of its rows."""

    def make():
        good = (X[:8], Y[:8], np.ones(8, np.float32))
        arrays = {"x": X[8:16].copy(), "y": Y[8:16].copy(), "weight": np.ones(8, np.float32)}
        arrays[part][rows] = value
        yield from [good] * STEPS
        yield tuple(arrays.values())
        yield good

    return make


def two_outputs():
    inputs = Input((4,))
    first, second = Dense(1, name="first")(inputs), doing(torch.log, "logarithm")(inputs)
    model = Model(inputs, [first, Dense(1, name="second")(second)])
    model.compile("sgd", ["mse", "mse"], precision="float32")
    return model


def twice(data):
    return lambda: ((x, (y, y)) for x, y, _ in data())


class Spoils(keras_callbacks.Callback):
    """Does something to the model when the second epoch begins."""

    def __init__(self, change):
        self.change = change

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            self.change(self.model)


def rate(value):
    return Spoils(lambda model: setattr(model.optimizer, "learning_rate", value))


def fill_weights(value):
    def change(model):
        model.layers[-1].kernel.data.fill_(value)

    return Spoils(change)


def overflow(model):
    for layer in model.layers[-2:]:
        layer.kernel.data.fill_(1e30)


def nan_for_large(true, given):
    return torch.where(true[:, 0] > 90, torch.nan, 1.0) * (given - true).square().mean(-1)


NEGATIVE = poisoned(-1.0, [2, 5])
ZERO = poisoned(0.0, [1])
LARGE = poisoned(200.0, [3])
GOOD = poisoned(1.0, [0])

DATA = "the data of this batch hold NaN or infinite values"
LABELS = "the labels of this batch hold NaN or infinite values"
FIRST = "the first values that are no finite numbers come out of layer"

# A model, its data, what a callback does; then what the message must say, in this order.
CASES = {
    "NaN in one example": (plain, poisoned(np.nan, [2]), None, DATA, "Places in the batch, from 0: 2."),
    "infinity in one example": (plain, poisoned(np.inf, [7]), None, DATA, "from 0: 7."),
    "minus infinity": (plain, poisoned(-np.inf, [0]), None, DATA, "from 0: 0."),
    "NaN in a whole batch": (plain, poisoned(np.nan, slice(None)), None, DATA, "0, 1, 2, 3, 4, 5, 6, 7."),
    "NaN behind statistics": (lambda: stack(BatchNormalization()), poisoned(np.nan, [4]), None, DATA, ": 4."),
    "NaN in a label": (plain, poisoned(np.nan, [3], "y"), None, LABELS, "from 0: 3."),
    "an infinite label": (plain, poisoned(np.inf, [3, 4], "y"), None, LABELS, "from 0: 3, 4."),
    "a NaN weight": (
        plain,
        poisoned(np.nan, [1], "weight"),
        None,
        "the sample weights of this batch",
        "from 0: 1.",
    ),
    "an infinite weight": (
        plain,
        poisoned(np.inf, [1], "weight"),
        None,
        "Give weights that are numbers",
        "0: 1.",
    ),
    "a logarithm of less than 0": (
        lambda: stack(doing(torch.log)),
        NEGATIVE,
        None,
        f"{FIRST} 'odd' (Does): NaN",
        "0: 2, 5.",
    ),
    "a logarithm of 0": (
        lambda: stack(doing(torch.log)),
        ZERO,
        None,
        f"{FIRST} 'odd' (Does): infinite",
        "0: 1.",
    ),
    "a root of less than 0": (
        lambda: stack(doing(torch.sqrt, "root")),
        NEGATIVE,
        None,
        f"{FIRST} 'root' (Does): NaN",
        "2, 5.",
    ),
    "a division by 0": (
        lambda: stack(doing(torch.reciprocal)),
        ZERO,
        None,
        f"{FIRST} 'odd' (Does): infinite",
        ": 1.",
    ),
    "0 by 0": (lambda: stack(doing(lambda x: x / x)), ZERO, None, f"{FIRST} 'odd' (Does): NaN", "0: 1."),
    "an exponential too large": (
        lambda: stack(doing(torch.exp)),
        LARGE,
        None,
        f"{FIRST} 'odd' (Does): infinite",
        ": 3.",
    ),
    "a power too large": (lambda: stack(doing(lambda x: x**40)), LARGE, None, f"{FIRST} 'odd'", "0: 3."),
    "behind dropout": (
        lambda: stack(Dropout(0.3), doing(lambda x: (x + 0.5).log())),
        NEGATIVE,
        None,
        f"{FIRST} 'odd'",
        "epoch",
    ),
    "in a graph of two outputs": (two_outputs, twice(NEGATIVE), None, f"{FIRST} 'logarithm' (Does)", "2, 5."),
    "a rate far too high": (plain, GOOD, rate(1e38), "the weight '", "or infinite values"),
    "a rate too high for Adam": (
        lambda: plain(optimizer=optimizers.Adam(0.001)),
        GOOD,
        rate(1e39),
        "Try a lower learning rate",
        "such as 1e+38",
    ),
    "weights that were spoilt": (
        plain,
        GOOD,
        fill_weights(np.nan),
        "holds NaN or infinite values already",
        "Go on from an earlier checkpoint",
    ),
    "infinite weights": (
        plain,
        GOOD,
        fill_weights(np.inf),
        "holds NaN or infinite values already",
        "clipnorm=1.0",
    ),
    "weights too large": (plain, GOOD, Spoils(overflow), f"{FIRST} 'last' (Dense)", "clipnorm=1.0"),
    "a loss that is NaN": (
        lambda: plain(loss=nan_for_large),
        poisoned(99.0, [0], "y"),
        None,
        "all layers give finite numbers, so it is the loss itself",
        "a logarithm of 0",
    ),
    "a loss that is infinite": (
        lambda: plain(loss=losses.MeanSquaredError()),
        poisoned(1e30, [6], "y"),
        None,
        "the loss became infinite",
        "so it is the loss itself",
    ),
    "a root's slope at 0": (
        lambda: stack(Dense(3, name="first"), doing(lambda x: ((x - x) * 1).abs().sqrt() + x)),
        GOOD,
        "first epoch",
        "the loss itself is a number, but the gradient of 'first.",
        "A root or a logarithm of 0 has no finite slope",
    ),
    "a norm's slope at 0": (
        lambda: stack(
            Dense(3, name="first"), doing(lambda x: (x * 0).square().sum(-1, keepdim=True).sqrt() + x)
        ),
        GOOD,
        "first epoch",
        "the gradient of 'first.",
        "add a small number inside it",
    ),
    "with a loss scale": (
        lambda: plain(optimizer=optimizers.SGD(0.001, loss_scale_factor=1024.0)),
        poisoned(np.nan, [2]),
        None,
        DATA,
        "0: 2.",
    ),
    "with gradients added up": (
        lambda: plain(optimizer=optimizers.SGD(0.001, gradient_accumulation_steps=2)),
        poisoned(np.nan, [2]),
        None,
        DATA,
        "0: 2.",
    ),
    "with clipped gradients": (
        lambda: plain(optimizer=optimizers.Adam(0.001, global_clipnorm=1.0)),
        poisoned(np.nan, [2]),
        None,
        DATA,
        "0: 2.",
    ),
    "with a moving average": (
        lambda: plain(optimizer=optimizers.SGD(0.001, use_ema=True)),
        poisoned(np.nan, [2]),
        None,
        DATA,
        "0: 2.",
    ),
}


@pytest.mark.parametrize(("make", "data", "spoil", "first", "second"), CASES.values(), ids=CASES.keys())
def test_the_training_stops_with_words_and_loses_nothing(make, data, spoil, first, second, tmp_path):
    set_random_seed(1)
    model = make()
    kept = [
        keras_callbacks.BackupAndRestore(tmp_path / "backup", delete_checkpoint=False, save_freq=1, keep=9),
        keras_callbacks.ModelCheckpoint(tmp_path / "weights.safetensors", save_weights_only=True),
        keras_callbacks.CSVLogger(tmp_path / "results.csv"),
    ]
    before = {}

    class Looks(keras_callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            before.update(lying_in(tmp_path) if epoch == 1 else {})

    at_once = spoil == "first epoch"
    others = [] if spoil is None or at_once else [spoil]
    with pytest.raises(NumbersError) as caught:
        model.fit(data(), epochs=2, steps_per_epoch=STEPS, verbose=0, callbacks=[*kept, *others, Looks()])
    message = str(caught.value)
    assert message.startswith("in epoch 1, step 1" if at_once else "in epoch 2, step "), message
    assert re.search("at a learning rate of [0-9.e+-]+", message), message
    assert first in message, message
    assert second in message.partition(first)[2] or second in message, message
    check_nothing_lost(tmp_path, before)
    assert at_once or len(before) == 4
    assert len(list((tmp_path / "backup").glob("*.checkpoint"))) == (0 if at_once else STEPS)


WHOLE = np.where(np.arange(24)[:, None] == 17, np.nan, X)
REFUSED = {
    "in the data": (
        lambda model: model.fit(WHOLE, Y, verbose=0),
        r"the data hold NaN or infinite values, first in example 17 \(of 24\)",
    ),
    "in the validation data": (
        lambda model: model.fit(X, Y, verbose=0, validation_data=(WHOLE, Y)),
        r"the validation data hold NaN .* example 17",
    ),
    "when scoring": (
        lambda model: model.evaluate(WHOLE, Y, verbose=0),
        r"hold NaN or infinite values, first in example 17",
    ),
    "when predicting": (
        lambda model: model.predict(WHOLE, verbose=0),
        r"hold NaN or infinite values, first in example 17",
    ),
    "in half precision": (
        lambda model: model.fit(WHOLE.astype(np.float16), Y, verbose=0),
        r"first in example 17",
    ),
    "in double precision": (
        lambda model: model.fit(WHOLE.astype(np.float64), Y, verbose=0),
        r"first in example 17",
    ),
    "infinity in the data": (
        lambda model: model.fit(np.nan_to_num(WHOLE, nan=np.inf), Y, verbose=0),
        r"first in example 17",
    ),
}


@pytest.mark.parametrize(("act", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_arrays_are_looked_at_before_the_first_step(act, words):
    model = plain()
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(DataError, match=words):
        act(model)
    assert all(np.array_equal(one, two) for one, two in zip(before, model.get_weights(), strict=True))
