"""A loss, gradient or weight that is no finite number stops a training before the weights are moved by it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate import training
from striate.callbacks import BackupAndRestore, Callback, ModelCheckpoint, TerminateOnNaN
from striate.core.errors import NumbersError
from striate.layers import BatchNormalization, Dense, Input
from striate.models import Sequential
from striate.models.saving import load
from striate.optimizers import SGD
from striate.training.compiled import Compiled
from striate.training.numbers import NumbersWatch, bad_weight, first_bad

X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)
Y = X.sum(1, keepdims=True)
CPU = torch.device("cpu")


def network(rate=0.01, **options):
    model = Sequential([Input((4,)), Dense(5, activation="tanh"), BatchNormalization(), Dense(1)])
    model.compile(SGD(rate, **options), "mse", precision="float32")
    return model


def batches(count=6, bad=3, change=None):
    """Batches of eight, of which one has a gap in the third example."""
    for number in range(count):
        x, y = X[:8].copy(), Y[:8].copy()
        if number == bad:
            x[2] = np.nan
        yield x, y


def values(model):
    return [weight.copy() for weight in model.get_weights()]


def same(first, second):
    return all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))


class Weights(Callback):
    """Keeps the weights after each step."""

    def __init__(self):
        self.after = []

    def on_train_batch_end(self, batch, logs=None):
        self.after.append(values(self.model))


def test_the_weights_and_statistics_stay_those_of_before_the_step():
    model, seen = network(), Weights()
    with pytest.raises(
        NumbersError, match=r"in epoch 1, step 4: the loss became NaN at a learning rate of 0\.01"
    ):
        model.fit(batches(), verbose=0, callbacks=[seen])
    assert len(seen.after) == 3
    assert same(values(model), seen.after[-1])
    assert np.isfinite(np.concatenate([weight.ravel() for weight in values(model)])).all()


def test_the_history_of_the_epochs_before_is_kept():
    model = network()
    with pytest.raises(NumbersError, match="in epoch 3, step 1"):
        model.fit(batches(bad=4), epochs=3, steps_per_epoch=2, verbose=0)
    assert model.history.epoch == [0, 1]
    assert len(model.history.history["loss"]) == 2


def test_with_terminate_on_nan_a_training_ends_quietly_with_clean_weights(capsys):
    model, seen = network(), Weights()
    history = model.fit(batches(), verbose=0, callbacks=[TerminateOnNaN(), seen])
    assert "Batch 3: Invalid loss, terminating training" in capsys.readouterr().out
    assert np.isnan(history.history["loss"]).all()
    assert same(seen.after[2], seen.after[3])


def test_no_checkpoint_and_no_model_of_such_a_step_is_written(tmp_path):
    kept = [BackupAndRestore(tmp_path / "backup", delete_checkpoint=False, save_freq=1)]
    kept.append(ModelCheckpoint(tmp_path / "model.striate"))
    model = network()
    with pytest.raises(NumbersError, match="in epoch 3, step 1"):
        model.fit(batches(bad=4), epochs=3, steps_per_epoch=2, verbose=0, callbacks=kept)
    assert [path.name for path in (tmp_path / "backup").iterdir()] == ["000000000004.checkpoint"]
    assert same(values(load(tmp_path / "model.striate")), values(model))


def test_an_update_that_spoils_the_weights_at_the_end_of_an_epoch_is_noticed_before_anything_is_written(
    tmp_path,
):
    model = Sequential([Input((4,)), Dense(1)])
    model.compile(SGD(1e38), "mse", precision="float32")
    kept = [BackupAndRestore(tmp_path / "backup"), ModelCheckpoint(tmp_path / "model.striate")]
    with pytest.raises(
        NumbersError, match=r"the weight .* holds NaN or infinite values after the last update"
    ):
        model.fit(X * 1e3, Y, batch_size=40, verbose=0, callbacks=kept)
    assert not (tmp_path / "model.striate").exists()
    assert not list((tmp_path / "backup").glob("*"))


class Root(nn.Module):
    """The root of what may be 0: its slope is infinite there, and the chain rule makes NaN of that."""

    def forward(self, inputs):
        return (inputs * 0).abs().sqrt() + inputs


def test_a_gradient_that_is_no_number_stops_before_the_weights_are_moved():
    model = nn.Sequential(nn.Linear(4, 3), Root(), nn.Linear(3, 1))
    from_before = [weight.detach().clone() for weight in model.parameters()]
    with pytest.raises(
        NumbersError, match=r"the gradients are no numbers any more .* the gradient of '0\.bias' is"
    ):
        training.fit(model, Compiled(SGD(0.1), "mse", precision="float32"), X, Y, verbose=0)
    assert all(torch.equal(one, two) for one, two in zip(from_before, model.parameters(), strict=True))


def test_infinite_gradients_are_no_harm_where_each_is_cut_to_a_value():
    watch = NumbersWatch(layer := nn.Linear(2, 1), CPU)
    watch.settle()
    watch.note(torch.tensor(1.0))
    layer.bias.grad = torch.tensor([torch.inf])
    assert not watch.is_sound()
    assert watch.is_sound(clipped=True)
    layer.bias.grad = torch.tensor([torch.nan])
    assert not watch.is_sound(clipped=True)


@pytest.mark.parametrize("bad", [torch.nan, torch.inf, -torch.inf])
def test_one_part_of_a_batch_is_enough(bad):
    watch = NumbersWatch(nn.Linear(2, 1), CPU)
    watch.settle()
    for losses, sound in (((0.1, 0.2), True), ((0.1, bad, 0.3), False), ((0.5,), True)):
        watch.begin()
        for loss in losses:
            watch.note(torch.tensor(loss))
        assert watch.is_sound() is sound


def test_a_static_loss_scale_is_no_infinity():
    model = network(0.01, loss_scale_factor=2.0**15)
    history = model.fit(X, Y, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_the_smallest_gradient_of_the_first_layer_is_looked_at_and_large_tables_are_not():
    module = nn.Sequential(nn.Embedding(70_000, 2), nn.Linear(2, 3), nn.Linear(3, 1))
    watch = NumbersWatch(module, CPU)
    watch.settle()
    assert watch._sentinel is module[1].bias
    module[1].requires_grad_(False)
    watch.settle()
    assert watch._sentinel is module[2].bias


def test_large_constants_are_not_copied_at_each_step():
    module = nn.BatchNorm1d(4)
    module.register_buffer("table", torch.zeros(70_000))
    watch = NumbersWatch(module, CPU)
    watch.settle()
    assert [len(buffer) for buffer in watch._kept] == [4, 4]


def test_large_sums_of_finite_values_are_finite():
    assert first_bad([("a", torch.full((4,), 3e38)), ("b", None), ("c", torch.tensor([1, 2]))]) is None
    assert first_bad([("a", torch.ones(2)), ("b", torch.tensor([1.0, torch.nan]))]) == "b"


def test_only_weights_that_learn_are_asked():
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    model[1].weight.data.fill_(-torch.inf)
    assert bad_weight(model) == "1.weight"
    model[1].requires_grad_(False)
    assert bad_weight(model) is None


@pytest.mark.gpu
def test_on_a_gpu_the_weights_stay_those_of_before_the_step_as_well():
    model, seen = network(), Weights()
    model.compile(SGD(0.01), "mse", precision="float32", device="cuda")
    with pytest.raises(NumbersError, match="in epoch 1, step 4: the loss became NaN"):
        model.fit(batches(), verbose=0, callbacks=[seen])
    assert same(values(model), seen.after[-1])
