from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from striate import training
from striate.callbacks import Callback, CallbackList, EarlyStopping, History, LambdaCallback, SwapEMAWeights
from striate.core.errors import ArgumentError, DataError, StateError
from striate.layers import Conv2D, Dense, Dropout, Flatten, Input
from striate.models import Sequential
from striate.optimizers import SGD
from striate.utils import set_random_seed, to_categorical

GOLDEN = Path(__file__).parents[1] / "golden"


def make(loss="sparse_categorical_crossentropy", **options):
    model = Sequential([Input((5, 5, 1)), Conv2D(2, 3, activation="relu"), Flatten(), Dense(3, "softmax")])
    model.compile(
        options.pop("optimizer", "adam"), loss, metrics=["accuracy"], precision="float32", **options
    )
    return model


class Sizes(Callback):
    """Notes the sums of the batches that a fake layer sees."""

    def __init__(self):
        self.events = []

    def on_train_begin(self, logs=None):
        self.events.append("train begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.events.append(f"epoch {epoch} begin")

    def on_train_batch_begin(self, batch, logs=None):
        self.events.append(f"batch {batch} begin")

    def on_train_batch_end(self, batch, logs=None):
        self.events.append(f"batch {batch} end")

    def on_test_begin(self, logs=None):
        self.events.append("test begin")

    def on_test_end(self, logs=None):
        self.events.append("test end")

    def on_epoch_end(self, epoch, logs=None):
        self.events.append(f"epoch {epoch} end")

    def on_train_end(self, logs=None):
        self.events.append("train end")


class Recorder(nn.Module):
    """A network that notes the first value of every example that it trains on."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.batches = []

    def forward(self, inputs):
        if self.training and torch.is_grad_enabled():
            self.batches.append(inputs[:, 0].tolist())
        return inputs * self.weight


def batches_of(examples, monkeypatch=None, **options):
    """Train a recorder on the numbers 0, 1, 2, ... and list the batches that it saw."""
    recorder = Recorder()
    numbers = np.arange(examples, dtype=np.float32).reshape(-1, 1) / examples
    compiled = training.Compiled("sgd", "mse", precision="float32", device="cpu")
    training.fit(recorder, compiled, numbers, numbers, verbose=0, **options)
    measured = recorder.batches[1:]  # the first is the measurement of memory, on two examples
    return [[round(value * examples) for value in batch] for batch in measured]


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("shape", ["numbers", "column", "list"])
def test_images_and_labels_of_the_usual_kinds_train(images, labels, dtype, shape):
    data = (images * 255).astype(np.uint8) if dtype == "uint8" else images.astype(dtype)
    kinds = {"numbers": labels, "column": labels.reshape(-1, 1).astype(np.uint8), "list": labels.tolist()}
    history = make().fit(data, kinds[shape], epochs=2, verbose=0)
    assert sorted(history.history) == ["accuracy", "loss"]
    assert [type(value) for value in history.history["accuracy"]] == [float, float]
    assert history.epoch == [0, 1]
    assert np.isfinite(history.history["loss"]).all()


def test_one_hot_labels_give_the_same_loss_as_class_numbers(images, labels):
    first = make()
    second = make("categorical_crossentropy")
    second.set_weights(first.get_weights())
    one = first.fit(images, labels, shuffle=False, verbose=0)
    two = second.fit(images, to_categorical(labels), shuffle=False, verbose=0)
    assert one.history["loss"] == pytest.approx(two.history["loss"], rel=1e-6)
    assert one.history["accuracy"] == two.history["accuracy"]


def test_tensors_and_lists_of_numbers_train():
    model = Sequential([Input((2,)), Dense(1)])
    model.compile("sgd", "mse")
    model.fit([[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]], verbose=0)
    model.fit(torch.rand(4, 2), torch.rand(4, 1), verbose=0)


def test_the_loss_of_three_epochs_is_the_golden_one(images, labels):
    golden = json.loads((GOLDEN / "loss_curve.json").read_text(encoding="utf-8"))
    set_random_seed(2024)
    history = make().fit(images, labels, batch_size=8, epochs=3, validation_split=0.25, verbose=0)
    assert sorted(history.history) == sorted(golden)
    for name, values in golden.items():
        assert history.history[name] == pytest.approx(values, abs=1e-4)


def test_the_loss_goes_down(images):
    model = make()
    answers = (images.mean(axis=(1, 2, 3)) > 0.5).astype(int)
    history = model.fit(images, answers, epochs=30, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_one_seed_gives_the_same_bits(images, labels):
    def run():
        set_random_seed(11)
        layers = [Input((5, 5, 1)), Conv2D(2, 3), Flatten(), Dropout(0.3), Dense(3, activation="softmax")]
        model = Sequential(layers)
        model.compile("adam", "sparse_categorical_crossentropy", precision="float32")
        model.fit(images, labels, batch_size=4, epochs=2, verbose=0)
        return model.get_weights()

    assert all(np.array_equal(one, two) for one, two in zip(run(), run(), strict=True))


def test_shuffling_is_drawn_anew_each_epoch_and_can_be_left_out():
    in_order = [[0, 1, 2], [3, 4, 5], [6]]
    assert batches_of(7, batch_size=3, epochs=2, shuffle=False) == in_order * 2
    shuffled = batches_of(7, batch_size=3, epochs=2)
    first, second = (sorted(chain(*shuffled[start : start + 3])) for start in (0, 3))
    assert first == second == list(range(7))
    assert shuffled[:3] != shuffled[3:]


def test_validation_split_takes_the_last_examples():
    assert batches_of(10, batch_size=4, validation_split=0.3, shuffle=False) == [[0, 1, 2, 3], [4, 5, 6]]


def test_steps_without_a_batch_size_cut_the_whole_array():
    seen = batches_of(50, steps_per_epoch=10, epochs=2, shuffle=False)
    assert [len(batch) for batch in seen] == [5] * 20
    assert list(chain(*seen[:10])) == list(range(50))
    assert len(batches_of(100, steps_per_epoch=100)[0]) == 1


def test_steps_with_a_batch_size_go_on_where_the_last_epoch_stopped():
    seen = batches_of(6, batch_size=2, steps_per_epoch=2, epochs=3, shuffle=False)
    assert seen == [[0, 1], [2, 3], [4, 5], [0, 1], [2, 3], [4, 5]]


def test_initial_epoch_counts_the_epochs_done_before(images, labels):
    model = make()
    model.fit(images, labels, epochs=2, verbose=0)
    assert model.fit(images, labels, epochs=5, initial_epoch=2, verbose=0).epoch == [2, 3, 4]
    assert model.fit(images, labels, epochs=2, initial_epoch=2, verbose=0).epoch == []


def test_callbacks_are_called_in_order(images, labels):
    events = Sizes()
    make().fit(
        images[:4], labels[:4], 2, epochs=1, callbacks=[events], validation_data=(images, labels), verbose=0
    )
    assert events.events == [
        "train begin",
        "epoch 0 begin",
        "batch 0 begin",
        "batch 0 end",
        "batch 1 begin",
        "batch 1 end",
        "test begin",
        "test end",
        "epoch 0 end",
        "train end",
    ]


def test_stop_training_ends_after_the_batch_or_the_epoch(images, labels):
    model = make()

    def stop(*_):
        model.stop_training = True

    seen = []
    note = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    history = model.fit(images, labels, 4, 5, callbacks=[note, LambdaCallback(on_epoch_end=stop)], verbose=0)
    assert (history.epoch, len(seen)) == ([0], 5)
    seen.clear()
    history = model.fit(
        images, labels, 4, 5, callbacks=[note, LambdaCallback(on_train_batch_end=stop)], verbose=0
    )
    assert (history.epoch, len(seen)) == ([0], 1)


def test_early_stopping_puts_the_best_weights_back(images, labels):
    model = make(optimizer=SGD(1e6))
    before = model.get_weights()
    stopper = EarlyStopping(monitor="loss", patience=1, restore_best_weights=True)
    history = model.fit(images, labels, 20, epochs=20, callbacks=stopper, verbose=0)
    assert len(history.epoch) < 20
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_validation_data_with_weights_are_scored(images, labels):
    model = make()
    weights = np.where(labels == 0, 1.0, 0.0)
    history = model.fit(images, labels, epochs=1, validation_data=(images, labels, weights), verbose=0)
    assert sorted(history.history) == ["accuracy", "loss", "val_accuracy", "val_loss"]
    expected = model.evaluate(images, labels, sample_weight=weights, verbose=0, return_dict=True)
    assert history.history["val_loss"] == pytest.approx([expected["loss"]], rel=1e-6)
    plain = model.fit(images, labels, validation_data=[images, labels, None], verbose=0)
    assert "val_loss" in plain.history


def test_validation_batch_size_and_steps_bound_what_is_scored(images, labels):
    seen = []
    note = LambdaCallback(on_test_batch_end=lambda batch, logs: seen.append(batch))
    make().fit(
        images, labels, validation_data=(images, labels), validation_batch_size=4, validation_steps=3,
        callbacks=[note], verbose=0,
    )  # fmt: skip
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(("frequency", "scored"), [(1, 4), (2, 2), ([1, 4], 2), (5, 0)])
def test_validation_frequency_says_after_which_epochs(images, labels, frequency, scored):
    history = make().fit(images, labels, epochs=4, validation_split=0.3, validation_freq=frequency, verbose=0)
    assert len(history.history.get("val_loss", [])) == scored
    assert len(history.history["loss"]) == 4


def test_class_weights_do_as_sample_weights_do(images, labels):
    first, second = make(), make()
    second.set_weights(first.get_weights())
    by_class = {0: 1.0, 1: 0.5, 2: 2.0}
    weights = np.array([by_class[int(label)] for label in labels])
    one = first.fit(images, labels, class_weight=by_class, shuffle=False, verbose=0)
    two = second.fit(images, labels, sample_weight=weights, shuffle=False, verbose=0)
    assert one.history["loss"] == two.history["loss"]
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))
    both = make().fit(
        images, to_categorical(labels).argmax(1), class_weight=by_class, sample_weight=weights, verbose=0
    )
    assert np.isfinite(both.history["loss"][0])


def test_a_sample_weight_of_zero_hides_an_example(images, labels):
    first, second = make(), make()
    second.set_weights(first.get_weights())
    wrong = labels.copy()
    wrong[0] = (labels[0] + 1) % 3
    weights = np.ones(20)
    weights[0] = 0
    for model, given in ((first, labels), (second, wrong)):
        model.fit(images, given, sample_weight=weights, shuffle=False, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), second.get_weights(), strict=True))


def endless(images, labels):
    while True:
        for start in range(0, 20, 5):
            yield images[start : start + 5], labels[start : start + 5]


def test_an_endless_generator_trains_by_steps(images, labels):
    model = make()
    history = model.fit(endless(images, labels), steps_per_epoch=3, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    assert model.optimizer.iterations == 6
    assert model.input_range is None


def test_a_list_of_batches_a_dataloader_and_arrays_learn_the_same(images, labels):
    pairs = [(images[start : start + 5], labels[start : start + 5]) for start in range(0, 20, 5)]
    loader = DataLoader(TensorDataset(torch.from_numpy(images), torch.from_numpy(labels)), batch_size=5)
    start = make().get_weights()
    found = []
    for arguments in ((pairs,), (loader,), (images, labels)):
        model = make()
        model.set_weights(start)
        options = {"batch_size": 5, "shuffle": False} if len(arguments) == 2 else {}
        model.fit(*arguments, epochs=2, verbose=0, validation_data=pairs, **options)
        found.append(model.get_weights())
    for other in found[1:]:
        assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(found[0], other, strict=True))


def test_batches_with_weights_and_keras_sequences_train(images, labels):
    class Numbered:
        ended = 0

        def __len__(self):
            return 2

        def __getitem__(self, number):
            part = slice(number * 10, number * 10 + 10)
            return images[part], labels[part], np.ones(10)

        def on_epoch_end(self):
            self.ended += 1

    source = Numbered()
    model = make()
    model.fit(source, epochs=3, verbose=0)
    assert (source.ended, model.optimizer.iterations) == (3, 6)


def test_a_generator_that_ends_stops_the_training_and_says_so(images, labels, capsys):
    history = make().fit(((images, labels) for _ in range(2)), epochs=3, verbose=0)
    assert history.epoch == [0]
    assert "the data ended after 1 of 3 epochs: a generator can be read only once" in capsys.readouterr().out


def test_data_that_give_no_batch_are_refused():
    with pytest.raises(DataError, match=r"the data gave no batch\. Is the generator used up\?"):
        make().fit(iter(()), verbose=0)
    with pytest.raises(DataError, match=r"the data gave no batch"):
        make().fit(iter(()), steps_per_epoch=2, verbose=0)


def test_ctrl_c_keeps_weights_and_history(images, labels, capsys):
    model = make()

    def interrupt(epoch, logs):
        if epoch == 1:
            raise KeyboardInterrupt

    ended = []
    callbacks = [
        LambdaCallback(on_epoch_begin=interrupt),
        LambdaCallback(on_train_end=lambda logs: ended.append(logs)),
    ]
    history = model.fit(images, labels, epochs=5, callbacks=callbacks, verbose=0)
    assert history.interrupted
    assert history.epoch == [0]
    assert ended == [{name: values[-1] for name, values in history.history.items()}]
    assert model.history is history
    assert model.input_range is not None
    assert not model.training
    assert "stopped by Ctrl-C after 1 whole epochs; weights and history are kept." in capsys.readouterr().out
    assert not model.fit(images, labels, verbose=0).interrupted


def test_ctrl_c_inside_a_step_is_the_same(images, labels, monkeypatch):
    model = make()
    monkeypatch.setattr(type(model.optimizer), "step", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    history = model.fit(images, labels, epochs=5, verbose=0)
    assert history.interrupted
    assert history.history == {}


def test_another_error_inside_leaves_the_mode_as_it_was(images, labels):
    def fail(*_):
        raise OSError("the disk is full")

    model = make()
    with pytest.raises(OSError, match="the disk is full"):
        model.fit(images, labels, callbacks=[LambdaCallback(on_epoch_end=fail)], verbose=0)
    assert not model.training
    model.fit(images, labels, verbose=0)


def test_any_torch_module_trains():
    module = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    rows = np.random.default_rng(0).random((12, 4))
    before = [weight.detach().clone() for weight in module.parameters()]
    compiled = training.Compiled("adam", "mse", metrics=["mae"], precision="float32", device="cpu")
    history = training.fit(module, compiled, rows, rows[:, :2], epochs=3, verbose=0, validation_split=0.25)
    assert sorted(history.history) == ["loss", "mae", "val_loss", "val_mae"]
    assert all(not torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True))
    assert module.training
    assert training.predict(module, compiled, rows, verbose=0).shape == (12, 2)
    assert len(training.evaluate(module, compiled, rows, rows[:, :2], verbose=0)) == 2


def test_a_torch_optimizer_drives_a_model(images, labels):
    model = make()
    model.compile(torch.optim.SGD(model.parameters(), lr=0.1), "sparse_categorical_crossentropy")
    before = model.get_weights()[0]
    model.fit(images, labels, verbose=0)
    assert not np.array_equal(before, model.get_weights()[0])


def test_the_moving_average_takes_its_place_at_the_end(images, labels):
    model = make(optimizer=SGD(0.5, use_ema=True, ema_momentum=0.5))
    model.fit(images, labels, batch_size=20, shuffle=False, verbose=0)
    average = model.optimizer.state_arrays()
    for (name, weight), array in zip(model.named_parameters(), list(average.values()), strict=False):
        del name
        assert np.array_equal(weight.detach().numpy(), array) or array.ndim != weight.ndim
    swapped = make(optimizer=SGD(0.5, use_ema=True))
    swapped.fit(images, labels, epochs=2, callbacks=[SwapEMAWeights(swap_on_epoch=True)], verbose=0)


def test_verbose_0_prints_nothing(images, labels, capsys):
    model = make()
    model.fit(images, labels, epochs=2, validation_split=0.3, verbose=0)
    model.evaluate(images, labels, verbose=0)
    model.predict(images, verbose=0)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_line_an_epoch_is_printed_where_there_is_no_terminal(images, labels, capsys):
    make().fit(images, labels, epochs=2, validation_split=0.3)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" - ")[0] for line in lines] == ["Epoch 1/2", "Epoch 2/2"]
    assert all("val_accuracy" in line for line in lines)


def test_a_callback_list_of_ones_own_gets_a_history(images, labels):
    hooks = CallbackList([])
    history = make().fit(images, labels, callbacks=hooks, verbose=0)
    assert hooks.history is history
    assert len(history.history["loss"]) == 1
    own = History()
    assert make().fit(images, labels, callbacks=CallbackList([own]), verbose=0) is own


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": "3"}, r"epochs is a whole number from 0 up; got '3'"),
        ({"epochs": -1}, r"epochs is a whole number from 0 up; got -1"),
        ({"initial_epoch": 0.5}, r"initial_epoch is a whole number from 0 up; got 0\.5"),
        ({"steps_per_epoch": 0}, r"steps_per_epoch is a whole number from 1 up; got 0"),
        ({"steps_per_epoch": 2.5}, r"steps_per_epoch is a whole number from 1 up; got 2\.5"),
        (
            {"validation_freq": 0, "validation_split": 0.3},
            r"validation_freq is a whole number from 1 up; got 0",
        ),
        ({"batch_size": 0}, r"batch_size is a whole number from 1 up; got 0"),
    ],
)
def test_counts_that_cannot_be_are_refused(images, labels, options, words):
    with pytest.raises(ArgumentError, match=words):
        make().fit(images, labels, verbose=0, **options)


def test_nothing_to_train_is_refused(images, labels):
    model = make()
    model.trainable = False
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(StateError, match=r"there is nothing to train: .*frozen.*Set trainable = True"):
        model.fit(images, labels, verbose=0)
