from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate import training
from striate.core.errors import OutOfMemoryError, ShapeError
from striate.layers import BatchNormalization, Conv2D, Dense, Flatten, Input
from striate.losses import MeanSquaredError
from striate.models import Sequential
from striate.optimizers import SGD
from striate.training import memory, step


def make(loss="sparse_categorical_crossentropy", last="softmax", **options):
    layers = [
        Input((5, 5, 1)),
        Conv2D(2, 3, activation="relu", **options),
        Flatten(),
        Dense(3, activation=last),
    ]
    model = Sequential(layers)
    model.compile("sgd", loss, metrics=["accuracy"], precision="float32")
    return model


def cut_into(size, monkeypatch):
    monkeypatch.setattr(step, "part_size", lambda *_: size)


CASES = {
    "mean": ({}, "sparse_categorical_crossentropy", "softmax"),
    "sum": ({}, MeanSquaredError(reduction="sum"), None),
    "kernel penalty": ({"kernel_regularizer": "l2"}, "sparse_categorical_crossentropy", "softmax"),
    "activity penalty": ({"activity_regularizer": "l2"}, "sparse_categorical_crossentropy", "softmax"),
}


@pytest.mark.parametrize(("options", "loss", "last"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("weighted", [False, True])
def test_a_batch_cut_into_parts_gives_the_same_step(
    options, loss, last, weighted, images, labels, monkeypatch
):
    whole, cut = make(loss, last, **options), make(loss, last, **options)
    cut.set_weights(whole.get_weights())
    targets = labels if isinstance(loss, str) else np.eye(3, dtype=np.float32)[labels] / 50
    given = {"sample_weight": np.linspace(0.5, 1.5, 20)} if weighted else {}
    first = whole.fit(images, targets, batch_size=20, epochs=2, shuffle=False, verbose=0, **given)
    cut_into(7, monkeypatch)
    second = cut.fit(images, targets, batch_size=20, epochs=2, shuffle=False, verbose=0, **given)
    for one, two in zip(whole.get_weights(), cut.get_weights(), strict=True):
        assert np.allclose(one, two, atol=1e-6)
    for name, values in first.history.items():
        assert second.history[name] == pytest.approx(values, rel=1e-5)
    assert whole.optimizer.iterations == cut.optimizer.iterations == 2


def test_a_cut_batch_is_said_once(images, labels, monkeypatch, capsys):
    cut_into(8, monkeypatch)
    make().fit(images, labels, batch_size=20, epochs=3, verbose=0)
    assert capsys.readouterr().out == (
        "a batch of 20 does not fit into memory; it is cut into parts of 8 whose gradients are added up "
        "(batch statistics are those of each part).\n"
    )


def test_little_memory_leads_to_parts(images, labels, monkeypatch, capsys):
    monkeypatch.setattr(memory, "available_memory", lambda device: 20_000)
    make().fit(images, labels, batch_size=20, verbose=0)
    assert "a batch of 20 does not fit into memory; it is cut into parts of" in capsys.readouterr().out


def test_a_kernels_regulariser_is_part_of_the_loss(images, labels):
    plain, ruled = make(), make(kernel_regularizer="l2")
    ruled.set_weights(plain.get_weights())
    penalty = 0.01 * float((plain.get_weights()[0] ** 2).sum())
    without = plain.evaluate(images, labels, verbose=0)[0]
    assert ruled.evaluate(images, labels, verbose=0)[0] == pytest.approx(without + penalty, rel=1e-6)


def test_an_activitys_regulariser_is_part_of_the_loss(images, labels):
    plain, ruled = make(), make(activity_regularizer="l1")
    ruled.set_weights(plain.get_weights())
    penalty = 0.01 * float(plain.layers[0](images).abs().sum())
    without = plain.evaluate(images, labels, batch_size=20, verbose=0)[0]
    shown = ruled.evaluate(images, labels, batch_size=20, verbose=0)[0]
    assert shown == pytest.approx(without + penalty, rel=1e-5)
    first = ruled.fit(images, labels, batch_size=20, verbose=0).history["loss"][0]
    assert first == pytest.approx(without + penalty, rel=1e-5)


def test_a_constraint_holds_after_every_step(images, labels):
    model = make(kernel_constraint="unit_norm", bias_constraint="non_neg")
    model.fit(images, labels, batch_size=4, epochs=2, verbose=0)
    kernel, bias = model.get_weights()[:2]
    assert np.allclose(np.sqrt((kernel**2).sum(axis=0)), 1, atol=1e-5)
    assert (bias >= 0).all()


def test_layers_inside_a_plain_torch_module_keep_their_rules():
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Dense(
                2, kernel_constraint="non_neg", kernel_regularizer="l2", activity_regularizer="l2"
            )
            self.outer = nn.Linear(2, 1)

        def forward(self, inputs):
            return self.outer(self.inner(inputs))

    module, rows = Mixed(), np.random.default_rng(0).random((6, 3))
    module(torch.zeros(1, 3))
    training.fit(
        module, training.Compiled("sgd", "mse", device="cpu"), rows, rows[:, :1], epochs=3, verbose=0
    )
    assert (module.inner.get_weights()[0] >= 0).all()
    assert len(module.inner.activity_losses) == 1


def test_bfloat16_trains_and_keeps_the_weights_in_float32(images, labels):
    model = Sequential([Input((5, 5, 1)), Conv2D(4, 3), BatchNormalization(), Flatten(), Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", precision="bfloat16")
    before = model.get_weights()[0]
    history = model.fit(images, labels, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert not np.array_equal(before, model.get_weights()[0])
    assert {weight.dtype for weight in model.weights} == {torch.float32}
    answers = model.predict(images, verbose=0)
    assert answers.dtype == np.float32
    assert not np.array_equal(answers, model(images).numpy())
    assert np.allclose(answers, model(images).numpy(), atol=0.03)


def test_float32_predicts_what_a_call_computes(images):
    model = make()
    predicted = model.predict(images, batch_size=20, verbose=0)
    np.testing.assert_allclose(predicted, model(images).numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "error",
    [torch.OutOfMemoryError("CUDA out of memory"), MemoryError(), RuntimeError("can't allocate memory")],
)
def test_memory_that_runs_out_is_explained(images, labels, monkeypatch, error):
    model = make()

    def fail(*_):
        raise error

    monkeypatch.setattr(step.Stepper, "train", fail)
    with pytest.raises(OutOfMemoryError, match=r"memory ran out on a batch of 16 .* Try batch_size=8"):
        model.fit(images, labels, batch_size=16, verbose=0)


def test_other_errors_stay_what_they_are(images, labels, monkeypatch):
    def fail(*_):
        raise RuntimeError("something else")

    monkeypatch.setattr(step.Stepper, "train", fail)
    with pytest.raises(RuntimeError, match=r"^something else$"):
        make().fit(images, labels, verbose=0)


def test_a_loss_scale_changes_the_gradients_on_their_way_but_not_the_step():
    images = np.random.default_rng(0).random((6, 5, 5, 1), np.float32)
    labels = np.array([0, 1, 2, 0, 1, 2])
    plain, scaled = make(), make()
    scaled.set_weights(plain.get_weights())
    scaled.compile(
        SGD(0.01, loss_scale_factor=1024.0), "sparse_categorical_crossentropy", precision="float32"
    )
    for model in (plain, scaled):
        model.train_on_batch(images, labels)
    for one, other in zip(plain.get_weights(), scaled.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-8)


def test_a_mistake_met_while_measuring_memory_shows_the_person_s_own_batch():
    model = make()
    with pytest.raises(ShapeError, match=r"got 2: \(6, 25\)"):
        model.fit(np.zeros((6, 25), np.float32), np.zeros(6, int), verbose=0)
