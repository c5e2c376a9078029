"""Training through `torch.compile`: asked for on a GPU; here the CPU stands in for it."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from striate import Sequential, layers
from striate.callbacks import Callback
from striate.core.errors import ArgumentError, BusyError, ShapeError
from striate.training import Compiled, translated
from striate.utils import set_random_seed

# PyTorch's compiler uses what PyTorch gives up.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")


def network(dropout=0.0, seed=None):
    set_random_seed(11)
    return Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(5, 3, activation="relu", activity_regularizer="l2"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(dropout, seed=seed),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def examples(count=37):
    rng = np.random.default_rng(0)
    return rng.random((count, 8, 8, 1), np.float32), rng.integers(0, 3, count)


def trained(jit, model=None, epochs=3, **fitting):
    """Train, and give the model with its history."""
    model = model or network()
    model.compile(
        "adam",
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        precision="float32",
        jit_compile=jit,
    )
    x, y = examples()
    history = model.fit(x, y, batch_size=8, epochs=epochs, verbose=0, **fitting)
    return model, history.history


@pytest.fixture
def calls(monkeypatch):
    """Let the CPU be translated for, by PyTorch's own operations, and count the translated steps."""
    monkeypatch.setattr(translated, "DEVICES", ("cpu",))
    monkeypatch.setattr(translated, "BACKEND", "aot_eager")
    torch._dynamo.reset()
    batches = []
    translate = torch.compile

    def counting(module, **options):
        run = translate(module, **options)

        def noted(inputs):
            batches.append(len(inputs))
            return run(inputs)

        return noted

    monkeypatch.setattr(torch, "compile", counting)
    return batches


def same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_translated_steps_learn_the_same(calls, monkeypatch):
    model, history = trained(True, validation_split=0.2)
    assert calls == [8, 8, 8, 5] * 3
    monkeypatch.setattr(translated, "DEVICES", ())
    plain, expected = trained(True, validation_split=0.2)
    same(model.get_weights(), plain.get_weights())
    for key, values in expected.items():
        np.testing.assert_allclose(history[key], values, rtol=1e-5, err_msg=key)


def test_a_real_compiler_gives_the_same(calls, monkeypatch):
    if shutil.which("g++") is None:
        pytest.skip("PyTorch's compiler needs g++ here")
    monkeypatch.setattr(translated, "BACKEND", "inductor")
    model, _ = trained(True, epochs=1)
    assert len(calls) == 5
    monkeypatch.setattr(translated, "DEVICES", ())
    same(model.get_weights(), trained(True, epochs=1)[0].get_weights())


# A generator of a layer's own divides the translation, at which PyTorch looks for gradients.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
@pytest.mark.parametrize("seed", [None, 3])
def test_dropout_is_drawn_anew_at_each_step_and_again_by_the_same_seed(calls, seed):
    first, _ = trained(True, network(0.5, seed))
    again, _ = trained(True, network(0.5, seed))
    same(first.get_weights(), again.get_weights())
    assert len(calls) == 30
    masks = {float(layers.Dropout(0.5)(torch.ones(8, 90), training=True).sum()) for _ in range(5)}
    assert len(masks) > 1


def test_only_true_translates(calls):
    trained(False, epochs=1)
    trained("auto", epochs=1)
    assert calls == []


def test_other_devices_take_the_network_as_it_is():
    assert translated.translated(network(), True, torch.device("cpu")) is None
    assert translated.translated(network(), True, torch.device("mps")) is None
    assert translated.translated(network(), False, torch.device("cuda")) is None
    assert translated.translated(network(), True, torch.device("cuda")) is not None


@pytest.mark.parametrize("value", ["yes", None, 2])
def test_other_words_are_refused(value):
    with pytest.raises(ArgumentError, match="jit_compile is True, False or 'auto'; got"):
        Compiled("adam", "mse", jit_compile=value)


def test_a_hook_put_in_while_training_sees_every_step(calls):
    model, seen = network(), []

    class Look(Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.handle = model.layers[0].register_forward_hook(lambda *_: seen.append(model.training))
            if epoch == 2:
                self.handle.remove()

    trained(True, model, callbacks=[Look()])
    assert sum(seen) == 5
    assert len(calls) == 10


def test_a_batch_in_parts_is_not_translated(calls, monkeypatch):
    monkeypatch.setattr("striate.training.step.part_size", lambda *_: 3)
    trained(True, network(0.5), epochs=1)
    assert calls == []


def test_predictions_and_scores_are_not_translated(calls):
    model, _ = trained(True, epochs=1)
    before = len(calls)
    x, y = examples()
    model.predict(x, verbose=0), model.evaluate(x, y, verbose=0)
    assert len(calls) == before


def test_freezing_a_layer_in_between_holds(calls):
    model, _ = trained(True, epochs=1)
    model.layers[0].trainable = False
    kernel = model.layers[0].kernel.detach().clone()
    trained(True, model, epochs=1)
    assert torch.equal(model.layers[0].kernel, kernel)
    assert len(calls) == 10


def test_mistakes_are_told_as_ever(calls):
    model = network()
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=True)
    with pytest.raises(ShapeError, match=r"takes \(None, 8, 8, 1\) but got \(8, 9, 9, 1\)"):
        model.fit(np.zeros((8, 9, 9, 1), np.float32), np.zeros(8, int), verbose=0)


def test_another_thread_cannot_use_the_model_meanwhile(calls):
    model, refused = network(), []

    class Other(Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                with model._turn.taken("here"):
                    x, y = examples()
                    error = ThreadPoolExecutor(1).submit(model.train_on_batch, x, y).exception()
                    refused.append(error)

    trained(True, model, epochs=1, callbacks=[Other()])
    assert isinstance(refused[0], BusyError)


def test_a_compiler_that_fails_is_told_and_training_goes_on(calls, monkeypatch, capsys):
    def broken(graph, inputs):
        raise OSError("no compiler anywhere")

    monkeypatch.setattr(translated, "BACKEND", broken)
    model, _ = trained(True)
    assert "jit_compile=True: torch.compile failed (" in capsys.readouterr().err
    assert calls == [8]
    monkeypatch.setattr(translated, "DEVICES", ())
    plain, _ = trained(True)
    same(model.get_weights(), plain.get_weights())


@pytest.mark.gpu
def test_on_a_gpu_the_steps_are_translated():
    histories = [trained(jit)[1]["loss"] for jit in (True, False)]
    np.testing.assert_allclose(*histories, rtol=1e-2)
