from __future__ import annotations

import numpy as np
import pytest

from striate import training
from striate.callbacks import LambdaCallback
from striate.core.errors import DataError
from striate.layers import BatchNormalization, Dense, Dropout, Flatten, Input
from striate.models import Model, Sequential


def make(metrics=None):
    layers = [Input((5, 5, 1)), Flatten(), BatchNormalization(), Dropout(0.5), Dense(3, activation="softmax")]
    model = Sequential(layers)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=metrics, precision="float32")
    return model


def test_evaluate_gives_a_number_a_list_or_a_dict(images, labels):
    plain, measured = make(), make(["accuracy"])
    assert isinstance(plain.evaluate(images, labels, verbose=0), float)
    loss, accuracy = measured.evaluate(images, labels, verbose=0)
    assert measured.evaluate(images, labels, verbose=0, return_dict=True) == {
        "loss": loss,
        "accuracy": accuracy,
    }
    answers = measured.predict(images, verbose=0)
    assert loss == pytest.approx(-np.log(answers[np.arange(20), labels]).mean(), rel=1e-5)


def test_evaluate_changes_nothing(images, labels):
    model = make()
    before = model.get_weights()
    model.train()
    model.evaluate(images, labels, verbose=0)
    assert model.training
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    assert all(weight.grad is None for weight in model.parameters())


def test_steps_bound_what_is_scored_and_predicted(images, labels):
    model = make()
    assert model.predict(images, batch_size=6, steps=2, verbose=0).shape == (12, 3)
    assert model.predict(images, batch_size=6, verbose=0).shape == (20, 3)
    first = model.evaluate(images[:12], labels[:12], verbose=0)
    assert model.evaluate(images, labels, batch_size=6, steps=2, verbose=0) == pytest.approx(first, rel=1e-6)


def test_generators_and_lists_of_batches_are_scored_and_predicted(images, labels):
    model = make()
    whole = model.evaluate(images, labels, verbose=0)
    pairs = [(images[:10], labels[:10]), (images[10:], labels[10:])]
    assert model.evaluate(pairs, verbose=0) == pytest.approx(whole, rel=1e-6)
    assert model.evaluate(iter(pairs), verbose=0) == pytest.approx(whole, rel=1e-6)
    assert model.predict((x for x, _ in pairs), verbose=0).shape == (20, 3)


def test_nothing_to_score_is_refused(labels):
    with pytest.raises(DataError, match=r"there is nothing to score: the data gave no batch"):
        make().evaluate(iter([]), verbose=0)
    with pytest.raises(DataError, match=r"there are no data: x is None"):
        make().evaluate(None, labels, verbose=0)
    with pytest.raises(DataError, match=r"there is nothing to predict: the data gave no batch"):
        make().predict(iter([]), verbose=0)


def test_bytes_and_wide_floats_predict_as_float32_does(images):
    model = make()
    whole = (images * 255).astype(np.uint8)
    expected = model.predict(whole.astype(np.float32), verbose=0)
    assert np.array_equal(model.predict(whole, verbose=0), expected)
    assert np.allclose(model.predict(whole.astype(np.float64), verbose=0), expected, atol=1e-6)
    assert expected.dtype == np.float32


def test_predict_keeps_the_structure_of_the_outputs(images):
    inputs = Input((5, 5, 1))
    flat = Flatten()(inputs)
    listed = Model(inputs, [Dense(1)(flat), Dense(2)(flat)]).predict(images, batch_size=8, verbose=0)
    assert [part.shape for part in listed] == [(20, 1), (20, 2)]
    named = Model(inputs, {"a": Dense(1)(flat)}).predict(images, batch_size=8, verbose=0)
    assert {key: part.shape for key, part in named.items()} == {"a": (20, 1)}
    assert isinstance(named["a"], np.ndarray)


def test_train_on_batch_takes_one_step(images, labels):
    model = make(["accuracy"])
    before = model.evaluate(images, labels, verbose=0)[0]
    for _ in range(30):
        loss, accuracy = model.train_on_batch(images, labels)
    assert model.optimizer.iterations == 30
    assert model.evaluate(images, labels, verbose=0)[0] < before
    assert 0 <= accuracy <= 1
    assert np.isfinite(loss)
    found = model.train_on_batch(images, labels, sample_weight=np.ones(20), return_dict=True)
    assert sorted(found) == ["accuracy", "loss"]
    assert isinstance(make().train_on_batch(images, labels), float)
    assert not model.training


def test_the_hooks_of_evaluation_and_prediction_are_called(images, labels):
    events = []
    names = ("on_test_begin", "on_test_batch_end", "on_test_end", "on_predict_begin", "on_predict_batch_end")
    watch = LambdaCallback(**{name: (lambda *_, name=name: events.append(name)) for name in names})
    make().evaluate(images, labels, batch_size=10, verbose=0, callbacks=[watch])
    make().predict(images, batch_size=20, verbose=0, callbacks=[watch])
    assert events == [
        "on_test_begin",
        "on_test_batch_end",
        "on_test_batch_end",
        "on_test_end",
        "on_predict_begin",
        "on_predict_batch_end",
    ]


def test_a_prediction_writes_one_line_where_there_is_no_terminal(images, capsys):
    make().predict(images, batch_size=5)
    out = capsys.readouterr().out
    assert out.startswith("4/4 - ")
    assert out.count("\n") == 1
    assert "loss" not in out


def test_an_uncompiled_module_predicts_too(images):
    model = Sequential([Flatten(), Dense(2)])
    assert training.predict(model, None, images, verbose=0).shape == (20, 2)


def test_prediction_gives_the_same_whether_or_not_somebody_looks_between_batches(images):
    model, seen = make(), []
    watch = LambdaCallback(on_predict_batch_end=lambda batch, _: seen.append(batch))
    for options in ({}, {"steps": 2}, {"steps": 3}, {"steps": 4}):
        seen.clear()
        quick = model.predict(images, batch_size=6, verbose=0, **options)
        watched = model.predict(images, batch_size=6, verbose=0, callbacks=[watch], **options)
        assert np.array_equal(quick, watched)
        assert seen == list(range(options.get("steps", 4)))


def test_a_callback_may_change_weights_between_two_batches(images):
    model = make()

    def clear(batch, _):
        model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])

    answers = model.predict(
        images, batch_size=5, verbose=0, callbacks=[LambdaCallback(on_predict_batch_end=clear)]
    )
    assert np.allclose(answers[5:], 1 / 3)
    assert not np.allclose(answers[:5], 1 / 3)


@pytest.mark.parametrize("example", [0, 13, 18, 19])
@pytest.mark.parametrize("steps", [None, 1])
def test_a_value_that_is_no_number_is_named_in_whichever_batch_it_is(images, example, steps):
    broken = images.astype(np.float32)
    broken[example, 2, 2] = np.inf
    with pytest.raises(
        DataError, match=rf"hold NaN or infinite values, first in example {example} \(of 20\)"
    ):
        make().predict(broken, batch_size=6, verbose=0, steps=steps)


def test_one_batch_is_scored_and_predicted_whole(images, labels):
    model = make()
    before = model.get_weights()
    assert model.test_on_batch(images, labels) == pytest.approx(model.evaluate(images, labels, verbose=0))
    weighted = model.test_on_batch(images, labels, sample_weight=np.eye(20)[3], return_dict=True)
    assert weighted["loss"] == pytest.approx(model.test_on_batch(images[3:4], labels[3:4]) / 20, rel=1e-4)
    whole = model.predict(images, verbose=0)
    np.testing.assert_allclose(model.predict_on_batch(images), whole, rtol=1e-6)
    assert all(map(np.array_equal, before, model.get_weights()))
