from __future__ import annotations

import io

import pytest


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self):
        return True


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Optimizer:
    """The little of an optimiser that callbacks use."""

    def __init__(self, learning_rate=1.0):
        self.learning_rate = learning_rate
        self.use_ema = False
        self.swaps = 0

    def swap_average(self):
        self.swaps += 1


class Model:
    """The little of a model that callbacks use."""

    def __init__(self):
        self.stop_training = False
        self.optimizer = Optimizer()
        self.weights = ["epoch 0"]
        self.saved = []

    def get_weights(self):
        return list(self.weights)

    def set_weights(self, weights):
        self.weights = weights

    def save(self, path):
        self.saved.append(("model", str(path)))

    def save_weights(self, path):
        self.saved.append(("weights", str(path)))


@pytest.fixture
def model():
    return Model()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    return Terminal()


@pytest.fixture
def play(model):
    """Run a callback through epochs whose values are given; answer how many epochs were run."""

    def run(callback, epochs, **params):
        callback.set_model(model)
        callback.set_params({"epochs": len(epochs), **params})
        callback.on_train_begin()
        for epoch, logs in enumerate(epochs):
            callback.on_epoch_begin(epoch)
            model.weights = [f"epoch {epoch}"]
            callback.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        callback.on_train_end()
        return epoch + 1

    return run
