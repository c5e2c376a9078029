"""A network that is changed after its plan was made: by hand, by callbacks, by a call that failed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import Input, Model, Sequential, activations, callbacks, layers, losses, optimizers, regularizers
from striate.core.errors import DataError
from striate.ops.native.program import Program
from striate.training import step
from striate.utils import set_random_seed


def network(dropout=0.0, tail="softmax"):
    set_random_seed(3)
    return Sequential(
        [
            Input((9, 9, 2)),
            layers.Conv2D(6, 3, activation="relu", name="first"),
            layers.MaxPooling2D(2),
            layers.Conv2D(8, 2, name="second"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(12, activation="relu", name="hidden"),
            layers.Dropout(dropout, name="drop"),
            layers.Dense(3, activation=tail, name="scores"),
        ]
    )


def examples(count=40):
    draw = np.random.default_rng(0)
    return draw.random((count, 9, 9, 2), np.float32), draw.integers(0, 3, count)


def ready(model, loss="sparse_categorical_crossentropy", optimizer="sgd", **options):
    model.compile(optimizer, loss, precision="float32", **options)
    return model


def by_layers(model, x):
    """What the layers give, one after the other, in fp32."""
    return model(x).numpy()


def check(model, x):
    np.testing.assert_allclose(model.predict(x, verbose=0), by_layers(model, x), rtol=1e-4, atol=1e-5)


@pytest.fixture
def kept(monkeypatch):
    """The keys that dropouts drew, pass by pass."""
    drawn = []
    forward = Program.forward

    def noting(self, lease, inputs, first):
        outputs = forward(self, lease, inputs, first)
        drawn.append(list(lease.keys))
        return outputs

    monkeypatch.setattr(Program, "forward", noting)
    return drawn


@pytest.mark.parametrize("before", [False, True])
def test_a_prediction_that_failed_leaves_nothing_to_the_next(before):
    model, (x, y) = ready(network()), examples()
    if before:
        model.predict(x, verbose=0)
        model.fit(x, y, verbose=0)
    spoilt = x.copy()
    spoilt[35] = np.nan
    with pytest.raises(DataError, match="NaN"):
        model.predict(spoilt, batch_size=32, verbose=0)
    check(model, x)


@pytest.mark.parametrize("edit", ["data", "numpy", "layout", "other memory"])
def test_weights_that_are_written_behind_pytorchs_back_are_seen(edit):
    model, (x, _) = ready(network()), examples()
    check(model, x)
    kernel = model.get_layer("second").kernel
    if edit == "data":
        kernel.data.mul_(0.5)
    elif edit == "numpy":
        model.get_layer("hidden").kernel.detach().numpy()[:] = 0.25
    elif edit == "layout":
        kernel.data = kernel.data.clone(memory_format=torch.contiguous_format)
    else:
        kernel.data = kernel.data * 2
    check(model, x)


def test_another_layout_learns_the_same():
    x, y = examples()
    plain, turned = ready(network()), ready(network())
    for model in (plain, turned):
        model.fit(x, y, batch_size=20, shuffle=False, verbose=0)
        kernel = model.get_layer("second").kernel
        if model is turned:
            kernel.data = kernel.data.clone(memory_format=torch.contiguous_format)
        model.fit(x, y, batch_size=20, shuffle=False, verbose=0)
    for ours, theirs in zip(turned.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_another_activation_counts_from_then_on():
    model, (x, _) = ready(network()), examples()
    check(model, x)
    model.layers[-1].activation = activations.linear
    check(model, x)
    assert not np.allclose(model.predict(x, verbose=0).sum(1), 1)


def test_a_penalty_that_is_put_in_later_counts():
    model, (x, y) = ready(network()), examples()
    free = model.fit(x, y, verbose=0).history["loss"][0]
    model.get_layer("first").activity_regularizer = regularizers.L2(10.0)
    assert ready(model).fit(x, y, verbose=0).history["loss"][0] > free + 1


def test_momentum_and_epsilon_count_from_the_next_step():
    model, (x, y) = ready(network()), examples()
    model.fit(x, y, batch_size=40, verbose=0)
    norm = model.get_layer("norm")
    norm.momentum, before = 1.0, norm.moving_mean.clone()
    model.fit(x, y, batch_size=40, verbose=0)
    assert torch.equal(norm.moving_mean, before)
    norm.epsilon = 10.0
    check(model, x)


@pytest.mark.parametrize(("before", "after"), [(0.5, 0.0), (0.2, 0.9)])
def test_a_callback_sets_the_share_that_is_dropped(before, after, monkeypatch):
    model, (x, y) = ready(network(before)), examples()
    model.fit(x, y, batch_size=40, verbose=0)
    drop, shares = model.get_layer("drop"), []
    forward = Program.forward

    def noting(self, *arguments):
        shares.append(max(part.dropout for part in self.parts))
        return forward(self, *arguments)

    monkeypatch.setattr(Program, "forward", noting)
    change = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: epoch and setattr(drop, "rate", after))
    model.fit(x, y, batch_size=40, epochs=2, verbose=0, callbacks=[change])
    assert shares[0] == before
    assert shares[-1] == after


def test_a_dropout_that_begins_to_drop_does(kept):
    model, (x, y) = ready(network(0.0)), examples()
    model.fit(x, y, batch_size=40, verbose=0)
    assert not any(kept)
    model.get_layer("drop").rate = 0.5
    model.fit(x, y, batch_size=40, verbose=0)
    assert any(kept)


@pytest.mark.parametrize("direct", [True, False])
def test_a_batch_in_parts_drops_otherwise_in_each_step(kept, monkeypatch, direct):
    monkeypatch.setattr(step, "part_size", lambda *_: 7)
    model, (x, y) = ready(network(0.5)), examples()
    model.fit(x, y, batch_size=20, epochs=2, verbose=0, sample_weight=None if direct else np.ones(40))
    keys = [each[0] for each in kept if each]
    assert len(keys) == 12
    assert len(set(keys)) == 4
    assert all(len(set(keys[first : first + 3])) == 1 for first in range(0, 12, 3))


def test_a_dropout_that_stands_twice_draws_twice(kept):
    set_random_seed(0)
    shared = layers.Dropout(0.5)
    inputs = Input((6,))
    hidden = shared(layers.Dense(8, activation="relu")(inputs))
    model = Model(inputs, layers.Dense(1)(shared(layers.Dense(8, activation="relu")(hidden))))
    ready(model, "mse").fit(np.ones((4, 6), np.float32), np.ones(4), verbose=0)
    one, other = kept[-1]
    assert one != other


def test_an_input_that_leads_nowhere_is_not_taken_for_the_other():
    unused, used = Input((6,)), Input((6,))
    model = ready(Model([unused, used], layers.Dense(1, use_bias=False)(used)), "mse")
    zeros, ones = np.zeros((8, 6), np.float32), np.ones((8, 6), np.float32)
    before = model.get_weights()[0].copy()
    model.fit([zeros, ones], np.full(8, 50.0), verbose=0)
    assert not np.array_equal(model.get_weights()[0], before)


def test_a_loss_that_asks_the_weights_moves_them_by_that():
    model, (x, y) = network(tail=None), examples()
    kernel = model.get_layer("hidden").kernel

    def only_small_weights(y_true, y_pred):
        return 0 * y_pred.sum(-1) + kernel.square().sum()

    before = kernel.detach().clone()
    ready(model, only_small_weights).fit(x, y, batch_size=40, verbose=0)
    torch.testing.assert_close(kernel.detach(), before * (1 - 2 * 0.01))


def test_a_loss_may_write_into_what_it_gets():
    model, (x, y) = network(tail=None), examples()

    def clamped(y_true, y_pred):
        return y_pred.clamp_(-1, 1).square().mean(-1)

    history = ready(model, clamped).fit(x, y, verbose=0).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("kind", ["register_hook", "register_post_accumulate_grad_hook"])
def test_hooks_on_weights_are_called_at_every_step(kind):
    model, (x, y) = ready(network()), examples()
    model.fit(x, y, verbose=0)
    kernel, seen = model.get_layer("first").kernel, []
    if kind == "register_hook":
        kernel.register_hook(lambda gradient: seen.append(1) or gradient * 0)
    else:
        kernel.register_post_accumulate_grad_hook(lambda weight: seen.append(weight.grad.zero_()))
    before = kernel.detach().clone()
    model.fit(x, y, batch_size=20, verbose=0)
    assert len(seen) == 2
    assert torch.equal(kernel, before)


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")
def test_hooks_on_all_modules_switch_a_row_back():
    model, (x, y) = ready(network()), examples()
    model.fit(x, y, verbose=0)
    seen = []
    handle = torch.nn.modules.module.register_module_full_backward_hook(lambda *_: seen.append(1))
    try:
        model.fit(x, y, batch_size=40, verbose=0)
    finally:
        handle.remove()
    assert len(seen) >= len(model.layers)


def test_pytorchs_threads_rest_only_where_no_layer_is_left_to_it():
    model = network()
    assert model.is_one_program(training=True, bf16=False)
    model.get_layer("norm").trainable = False
    assert not model.is_one_program(training=True, bf16=False)
    assert model.is_one_program(training=False, bf16=False)
    model.get_layer("norm").trainable = True
    handle = model.get_layer("first").register_forward_hook(lambda *_: None)
    assert not model.is_one_program(training=True, bf16=False)
    handle.remove()
    assert model.is_one_program(training=True, bf16=False)


def test_a_loss_that_is_set_otherwise_by_a_callback_counts_so():
    loss = losses.BinaryCrossentropy(label_smoothing=0.0)
    set_random_seed(0)
    model = Sequential([Input((4,)), layers.Dense(1, activation="sigmoid")])
    soften = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, _: setattr(loss, "label_smoothing", float(epoch))
    )
    x, y = np.ones((8, 4), np.float32), np.ones((8, 1), np.float32)
    model.compile(optimizers.SGD(0.0), loss, precision="float32")
    model.layers[0].set_weights([np.ones((4, 1), np.float32), np.zeros(1, np.float32)])
    sharp, soft = model.fit(x, y, epochs=2, verbose=0, callbacks=[soften]).history["loss"]
    right = 1 / (1 + np.exp(-4.0))
    assert sharp == pytest.approx(-np.log(right), rel=1e-4)
    assert soft == pytest.approx(-(np.log(right) + np.log(1 - right)) / 2, rel=1e-4)
