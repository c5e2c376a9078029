"""A training that was cut off anywhere goes on to the same bits."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from striate import training
from striate.augment import Augment, preset
from striate.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    SwapEMAWeights,
    TerminateOnNaN,
)
from striate.core.errors import NumbersError, StateError
from striate.datasets.generator.image_generator import ImageDataGenerator
from striate.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from striate.losses import SparseCategoricalCrossentropy
from striate.models import Sequential
from striate.models.saving import load
from striate.optimizers import SGD, Adam
from striate.optimizers.schedules import CosineDecay
from striate.training import loop, stopping
from striate.training.compiled import Compiled
from striate.training.stopping import Stopped, StopRequest
from striate.utils import set_random_seed, to_categorical

X = np.random.default_rng(0).random((22, 6, 6, 1), np.float32)
Y = np.arange(22) % 3
BATCH, EPOCHS = 4, 4
STEPS = 6


class Dies(Callback):
    """Ends the training without a warning after so many steps."""

    def __init__(self, after):
        self.left = after

    def on_train_batch_begin(self, batch, logs=None):
        if self.left == 0:
            raise RuntimeError("the machine died")
        self.left -= 1


def network(optimizer=None, metrics=("accuracy",), loss="sparse_categorical_crossentropy"):
    set_random_seed(3)
    model = Sequential(
        [
            Input((6, 6, 1)),
            Conv2D(3, 3, activation="relu"),
            BatchNormalization(),
            Flatten(),
            Dropout(0.3),
            Dense(5, activation="relu"),
            Dropout(0.2, seed=5),
            Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer or Adam(0.01), loss, metrics=list(metrics), precision="float32")
    return model


def digest(model):
    found = hashlib.sha256()
    for tensor in (*model.parameters(), *model.buffers()):
        found.update(tensor.detach().numpy().tobytes())
    for name, array in model.compiled.optimizer.state_arrays().items():
        found.update(name.encode().split(b"/")[0] + array.tobytes())
    return found.hexdigest()


def run(make, folder, fit=None, after=None, **backup):
    """Train in a folder; die after so many steps where that is asked for; give what came of it."""
    model, callbacks = make()
    kept = BackupAndRestore(folder / "backup", delete_checkpoint=False, **{"seconds": None, **backup})
    dies = [] if after is None else [Dies(after)]
    options = {"epochs": EPOCHS, "verbose": 0, "validation_data": (X[:7], Y[:7]), **(fit or {})}
    if "x" not in options:
        options |= {"x": X, "y": Y, "batch_size": BATCH}
    options = {key: value() if callable(value) else value for key, value in options.items()}
    history = model.fit(callbacks=[kept, *callbacks, *dies], **options)
    return digest(model), history.history, history.epoch


def agree(make, tmp_path, deaths, fit=None, **backup):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    wanted = run(make, whole, fit, **backup)
    for after in deaths:
        with pytest.raises(RuntimeError, match="the machine died"):
            run(make, broken, fit, after, **backup)
    found = run(make, broken, fit, **backup)
    assert found[1:] == wanted[1:]
    assert found[0] == wanted[0]


def test_arrays_at_the_ends_of_epochs(tmp_path):
    agree(lambda: (network(), []), tmp_path, [STEPS + 2, STEPS])


def test_a_training_without_a_backup_is_the_same(tmp_path):
    model = network()
    history = model.fit(X, Y, BATCH, EPOCHS, verbose=0, validation_data=(X[:7], Y[:7]))
    found = run(lambda: (network(), []), tmp_path)
    assert (digest(model), history.history) == found[:2]


@pytest.mark.parametrize("every", [1, 4, STEPS])
def test_within_an_epoch_wherever_the_checkpoint_stands(tmp_path, every):
    agree(lambda: (network(), []), tmp_path, [7, 8, 5], save_freq=every)


def test_several_steps_an_epoch_pass_over_the_arrays_in_their_own_time(tmp_path):
    fit = {"steps_per_epoch": 4, "x": X, "y": Y, "batch_size": BATCH}
    agree(lambda: (network(), []), tmp_path, [6, 1, 5], fit, save_freq=2)


def test_a_pass_that_ended_just_when_the_checkpoint_was_written(tmp_path):
    fit = {"steps_per_epoch": 9, "x": X, "y": Y, "batch_size": BATCH}
    agree(lambda: (network(), []), tmp_path, [STEPS], fit, save_freq=STEPS)


def test_schedule_moving_average_and_accumulation(tmp_path):
    def make():
        rate = CosineDecay(0.05, decay_steps=40)
        optimizer = Adam(rate, use_ema=True, ema_momentum=0.9, gradient_accumulation_steps=3)
        return network(optimizer), [SwapEMAWeights(swap_on_epoch=True)]

    agree(make, tmp_path, [STEPS + 1, 3], save_freq=2)
    agree(make, tmp_path / "epochs", [STEPS + 1, STEPS + 3])


def test_rates_set_from_outside(tmp_path):
    def make():
        return network(SGD(0.1, momentum=0.9)), [LearningRateScheduler(lambda epoch, rate: rate * 0.7)]

    agree(make, tmp_path, [STEPS + 3, STEPS], save_freq=2)
    agree(make, tmp_path / "epochs", [STEPS + 3, STEPS + 1])


def test_a_rate_that_took_a_schedule_s_place(tmp_path):
    def make():
        rate = CosineDecay(0.05, decay_steps=40)
        return network(Adam(rate)), [LearningRateScheduler(lambda epoch: 0.01 / (epoch + 1))]

    agree(make, tmp_path, [STEPS + 3], save_freq=2)


def test_what_callbacks_remember(tmp_path):
    def make_in(folder):
        def make():
            return network(), [
                CSVLogger(folder / "log.csv"),
                ModelCheckpoint(str(folder / "best.striate"), save_best_only=True),
                ReduceLROnPlateau(patience=1, min_delta=10),
                EarlyStopping(patience=2, min_delta=10, restore_best_weights=True),
            ]

        return make

    places = [tmp_path / "whole", tmp_path / "broken"]
    for place in places:
        place.mkdir()
    wanted = run(make_in(places[0]), places[0])
    for after in (STEPS * 2 + 1, 1):
        with pytest.raises(RuntimeError, match="the machine died"):
            run(make_in(places[1]), places[1], after=after)
    found = run(make_in(places[1]), places[1])
    assert found == wanted
    assert len(found[2]) == 3
    assert (places[0] / "log.csv").read_bytes() == (places[1] / "log.csv").read_bytes()
    one, other = (load(place / "best.striate").get_weights() for place in places)
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_training_that_had_stopped_early_is_not_trained_on(tmp_path):
    def make():
        return network(), [EarlyStopping(monitor="loss", patience=1, min_delta=10)]

    wanted = run(make, tmp_path)
    assert len(wanted[2]) == 2
    assert run(make, tmp_path) == wanted


def test_augmentation_draws_the_same_pictures(tmp_path):
    fit = {"augment": lambda: Augment(*preset("strong", "image", (6, 6, 1)).changes, value_range=(0, 1))}
    agree(lambda: (network(), []), tmp_path, [7, 3], fit, save_freq=3)


def test_mixed_labels_and_every_kind_of_running_score(tmp_path):
    rows = to_categorical(Y, 3)
    fit = {"x": X, "y": rows, "batch_size": BATCH, "validation_data": (X[:7], rows[:7])}

    def make():
        return network(metrics=("accuracy", "auc", "precision"), loss="categorical_crossentropy"), []

    agree(make, tmp_path, [8, 1], fit, save_freq=1)


def test_a_data_loader_with_its_own_generator(tmp_path):
    def loader():
        generator = torch.Generator().manual_seed(5)
        data = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
        return DataLoader(data, 4, shuffle=True, generator=generator)

    agree(lambda: (network(), []), tmp_path, [7, 4], {"x": loader}, save_freq=2)
    agree(
        lambda: (network(), []), tmp_path / "steps", [7, 4], {"x": loader, "steps_per_epoch": 4}, save_freq=3
    )


def test_a_data_loader_that_draws_from_the_seed_of_all(tmp_path):
    def loader():
        return DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), 4, shuffle=True)

    fit = {"x": loader, "validation_data": loader}
    agree(lambda: (network(), []), tmp_path, [7, 4], fit, save_freq=2)


def test_a_generator_that_can_be_read_only_once(tmp_path):
    def batches():
        generator = np.random.default_rng(8)
        while True:
            chosen = generator.integers(0, len(X), 4)
            yield X[chosen], Y[chosen]

    fit = {"x": lambda: batches(), "steps_per_epoch": 5}
    agree(lambda: (network(), []), tmp_path, [7, 4, 1], fit, save_freq=2)
    # The weights of this one are made by the first batch, which must not be lost by that.
    agree(lambda: (unbuilt(), []), tmp_path / "unbuilt", [7, 4], fit, save_freq=1)


def unbuilt():
    set_random_seed(4)
    model = Sequential([Flatten(), Dense(4, activation="relu"), Dense(3)])
    model.compile("rmsprop", SparseCategoricalCrossentropy(from_logits=True), precision="float32")
    return model


def test_the_older_generator_of_images(tmp_path):
    def flow():
        return ImageDataGenerator(rotation_range=20).flow(X, Y, batch_size=4, seed=2)

    agree(lambda: (network(), []), tmp_path, [7, 4], {"x": flow}, save_freq=2)


def test_any_torch_module_by_torch_s_own_optimizer(tmp_path):
    def once(folder, after=None):
        set_random_seed(1)
        layers = [nn.Linear(36, 4), nn.BatchNorm1d(4), nn.Dropout(0.2), nn.Linear(4, 3)]
        module = nn.Sequential(nn.Flatten(), *layers)
        loss = SparseCategoricalCrossentropy(from_logits=True)
        compiled = Compiled(torch.optim.Adam(module.parameters(), 0.01), loss, precision="float32")
        callbacks = [BackupAndRestore(folder, save_freq=4), *([] if after is None else [Dies(after)])]
        module.compiled = compiled
        history = training.fit(module, compiled, X, Y, BATCH, EPOCHS, verbose=0, callbacks=callbacks)
        return [tensor.tolist() for tensor in module.state_dict().values()], history.history

    wanted = once(tmp_path / "whole")
    with pytest.raises(RuntimeError, match="the machine died"):
        once(tmp_path / "broken", 10)
    assert once(tmp_path / "broken") == wanted


def test_fine_tuning_goes_on_in_its_phase(tmp_path):
    def once(folder, after=None):
        model = network()
        callbacks = [BackupAndRestore(folder, save_freq=4), *([] if after is None else [Dies(after)])]
        options = {"epochs": EPOCHS, "head_epochs": 2, "batch_size": BATCH, "verbose": 0}
        history = training.fine_tune(model, model.compiled, X, Y, callbacks=callbacks, **options)
        return digest(model), history.history

    wanted = once(tmp_path / "whole")
    for after in (7, 8, 3):
        with pytest.raises(RuntimeError, match="the machine died"):
            once(tmp_path / "broken", after)
    assert once(tmp_path / "broken") == wanted


def test_python_s_and_numpy_s_own_chance_comes_back(tmp_path):
    class Draws(Callback):
        def __init__(self):
            self.drawn = []

        def on_train_batch_begin(self, batch, logs=None):
            self.drawn.append((random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn()))

    def once(folder, after=None):
        draws = Draws()
        try:
            run(lambda: (network(), [draws]), folder, after=after, save_freq=1)
        except RuntimeError:
            return []
        return draws.drawn

    wanted = once(tmp_path / "whole")
    once(tmp_path / "broken", 9)
    assert once(tmp_path / "broken") == wanted[9:]


def test_the_same_seed_of_another_training_s_data_is_refused(tmp_path):
    make = lambda: (network(), [])  # noqa: E731
    run(make, tmp_path)
    with pytest.raises(
        StateError, match=r"a training on 22 examples in batches of 4; here are 22 in .* of 5"
    ):
        run(make, tmp_path, {"x": X, "y": Y, "batch_size": 5})


def test_another_network_or_optimizer_is_refused(tmp_path):
    run(lambda: (network(), []), tmp_path)
    with pytest.raises(StateError, match="a training by Adam, and this one is by SGD"):
        run(lambda: (network(SGD()), []), tmp_path)

    def other():
        model = Sequential([Input((6, 6, 1)), Flatten(), Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", precision="float32")
        return model, []

    with pytest.raises(
        StateError, match=r"of another network: it holds a weight of \(3, 1, 3, 3\), and this"
    ):
        run(other, tmp_path)


def test_another_machine_is_said(tmp_path, capsys, monkeypatch):
    run(lambda: (network(), []), tmp_path)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 7)
    run(lambda: (network(), []), tmp_path)
    assert "comes from elsewhere (threads 1 there, 7 here)" in capsys.readouterr().out


def test_a_loss_that_is_no_number_leaves_the_last_good_checkpoint(tmp_path):
    class Spoils(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                for weight in self.model.parameters():
                    weight.data.fill_(float("nan"))

    with pytest.raises(NumbersError, match="in epoch 3, step 1: the loss became NaN"):
        run(lambda: (network(), [Spoils()]), tmp_path)
    run(lambda: (network(), [Spoils(), TerminateOnNaN()]), tmp_path)
    assert [path.name for path in (tmp_path / "backup").iterdir()] == [f"{2 * STEPS:012d}.checkpoint"]


class Signals(Callback):
    """Sends this process a signal in the middle of a step."""

    def __init__(self, number, after):
        self.number, self.left = number, after

    def on_train_batch_begin(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(self.number)


def test_ctrl_c_writes_where_the_training_stood_and_it_goes_on(tmp_path, capsys):
    wanted = run(lambda: (network(), []), tmp_path / "whole")
    stopped = run(lambda: (network(), [Signals(signal.SIGINT, 9)]), tmp_path)
    assert len(stopped[2]) == 1
    said = capsys.readouterr().out
    assert "stopped by Ctrl-C after 1 whole epochs" in said
    assert f"where it stopped is kept in {tmp_path / 'backup'}" in said
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["000000000009.checkpoint"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert run(lambda: (network(), []), tmp_path) == wanted
    assert "going on in epoch 2 after step 3" in capsys.readouterr().out


def test_sigterm_is_handed_on_when_all_is_written(tmp_path):
    came = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
    try:
        model = network()
        callbacks = [BackupAndRestore(tmp_path), Signals(signal.SIGTERM, 2)]
        history = model.fit(X, Y, BATCH, EPOCHS, verbose=0, callbacks=callbacks)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert history.interrupted
    assert came == [signal.SIGTERM]
    assert [path.name for path in tmp_path.iterdir()] == ["000000000002.checkpoint"]


def test_a_second_signal_interrupts_at_once():
    with StopRequest() as stop:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Stopped) as ended:
            signal.raise_signal(signal.SIGINT)
        assert stop.seen()
    assert ended.value.signal == signal.SIGINT


def wait():
    for _ in range(1000):
        time.sleep(0.01)


def test_a_step_that_takes_long_is_interrupted_where_it_is(monkeypatch):
    monkeypatch.setattr(stopping, "_PATIENCE", 0.01)
    with StopRequest():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(Stopped, match="stopped by SIGINT"):
            wait()


def test_outside_the_main_thread_signals_are_left_alone(tmp_path):
    found = []

    def train():
        found.append(run(lambda: (network(), []), tmp_path))

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert found[0][2] == list(range(EPOCHS))


def test_a_signal_ends_the_training_between_two_steps():
    class Backup:
        saved = 0

        def save(self, course):
            self.saved += 1

    course, stop = SimpleNamespace(backups=[Backup()], taken=1), StopRequest()
    loop._write_down(SimpleNamespace(backups=[], taken=1), stop)
    stop.number = signal.SIGINT
    with pytest.raises(Stopped) as ended:
        loop._write_down(course, stop)
    assert ended.value.signal == signal.SIGINT
    assert course.backups[0].saved == 1


def test_a_history_of_one_s_own_is_filled_as_if_nothing_had_happened(tmp_path):
    own = History()
    with pytest.raises(RuntimeError, match="the machine died"):
        run(lambda: (network(), []), tmp_path, after=9)
    run(lambda: (network(), [own]), tmp_path)
    assert own.epoch == list(range(EPOCHS))
    assert json.dumps(own.history)
