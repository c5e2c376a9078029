from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import losses, metrics
from striate.core.errors import ArgumentError
from striate.layers import Dense, Input
from striate.models import Model, Sequential
from striate.training.scores import named_parts

ROWS = np.random.default_rng(0).random((8, 4), np.float32)
AGES, KINDS = ROWS[:, :1] * 2, np.arange(8) % 3


def two_outputs(structure=list):
    inputs = Input((4,))
    age, kind = Dense(1, name="age")(inputs), Dense(3, activation="softmax", name="kind")(inputs)
    return Model(inputs, [age, kind] if structure is list else {"age": age, "kind": kind})


BOTH = ["mse", "sparse_categorical_crossentropy"]
NAMED = {"age": "mse", "kind": "sparse_categorical_crossentropy"}


@pytest.mark.parametrize("structure", [list, dict])
@pytest.mark.parametrize(
    ("loss", "y", "given_metrics"),
    [
        (BOTH, [AGES, KINDS], [["mae"], ["accuracy"]]),
        (NAMED, {"age": AGES, "kind": KINDS}, {"age": "mae", "kind": ["accuracy"]}),
    ],
)
def test_several_outputs_have_kerass_names_in_the_logs(structure, loss, y, given_metrics):
    model = two_outputs(structure)
    model.compile("sgd", loss, metrics=given_metrics, precision="float32")
    history = model.fit(ROWS, y, verbose=0, validation_data=(ROWS, y))
    wanted = ["age_loss", "age_mae", "kind_accuracy", "kind_loss", "loss"]
    assert sorted(history.history) == sorted([*wanted, *(f"val_{name}" for name in wanted)])
    values = model.evaluate(ROWS, y, verbose=0, return_dict=True)
    assert values["loss"] == pytest.approx(values["age_loss"] + values["kind_loss"], rel=1e-6)
    ages, kinds = (np.asarray(part) for part in leaves_of(model.predict(ROWS, verbose=0)))
    assert values["age_loss"] == pytest.approx(float(((ages - AGES) ** 2).mean()), rel=1e-5)
    assert values["kind_accuracy"] == pytest.approx(float((kinds.argmax(1) == KINDS).mean()))


def leaves_of(answers):
    return list(answers.values()) if isinstance(answers, dict) else answers


@pytest.mark.parametrize("weights", [[0.5, 2.0], {"age": 0.5, "kind": 2.0}])
def test_loss_weights_weigh_the_sum(weights):
    model = two_outputs()
    model.compile("sgd", BOTH, loss_weights=weights, precision="float32")
    values = model.evaluate(ROWS, [AGES, KINDS], verbose=0, return_dict=True)
    assert values["loss"] == pytest.approx(0.5 * values["age_loss"] + 2 * values["kind_loss"], rel=1e-6)


def test_an_output_without_a_loss_does_not_learn():
    model = two_outputs()
    model.compile("sgd", {"age": "mse"}, precision="float32")
    before = model.get_layer("kind").get_weights()
    model.fit(ROWS, {"age": AGES}, verbose=0)
    assert np.array_equal(before[0], model.get_layer("kind").get_weights()[0])


def test_sample_weights_may_differ_by_output():
    model = two_outputs()
    model.compile("sgd", BOTH, precision="float32")
    values = model.evaluate(
        ROWS, [AGES, KINDS], sample_weight=[np.zeros(8), np.ones(8)], verbose=0, return_dict=True
    )
    assert values["age_loss"] == 0
    assert values["kind_loss"] > 0


def test_evaluate_gives_the_metrics_in_the_order_of_compile():
    model = Sequential([Input((4,)), Dense(1)])
    model.compile("sgd", "mse", metrics=["mse", "mae"], weighted_metrics=["huber"], precision="float32")
    values = model.evaluate(ROWS, AGES, verbose=0)
    named = model.evaluate(ROWS, AGES, verbose=0, return_dict=True)
    assert values == [named["loss"], named["mse"], named["mae"], named["huber"]]
    assert list(named) == ["huber", "loss", "mae", "mse"]


def test_weighted_metrics_take_the_sample_weights_and_others_do_not():
    model = Sequential([Input((4,)), Dense(1)])
    model.compile(
        "sgd", "mse", metrics=["mae"], weighted_metrics=[metrics.MeanAbsoluteError(name="weighted")]
    )
    weights = np.eye(8)[0]
    values = model.evaluate(ROWS, AGES, sample_weight=weights, verbose=0, return_dict=True)
    errors = np.abs(model.predict(ROWS, verbose=0) - AGES).reshape(-1)
    assert values["mae"] == pytest.approx(errors.mean(), rel=1e-5)
    assert values["weighted"] == pytest.approx(errors[0], rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "units", "last", "labels", "kind"),
    [
        ("binary_crossentropy", 1, "sigmoid", KINDS % 2, "BinaryAccuracy"),
        ("sparse_categorical_crossentropy", 3, "softmax", KINDS, "SparseCategoricalAccuracy"),
        ("categorical_crossentropy", 3, "softmax", np.eye(3)[KINDS], "CategoricalAccuracy"),
        ("crossentropy", 3, "softmax", KINDS, "SparseCategoricalAccuracy"),
        ("mse", 3, "softmax", np.eye(3)[KINDS], "CategoricalAccuracy"),
    ],
)
def test_accuracy_suits_the_loss_and_the_labels(loss, units, last, labels, kind):
    model = Sequential([Input((4,)), Dense(units, activation=last)])
    model.compile("sgd", loss, metrics=["accuracy"], precision="float32")
    answers = model.predict(ROWS, verbose=0)
    found = model.evaluate(ROWS, labels, verbose=0)[1]
    chosen = answers[:, 0] > 0.5 if units == 1 else answers.argmax(1)
    classes = labels.argmax(1) if labels.ndim == 2 else labels
    assert found == pytest.approx(float((chosen == classes).mean())), kind


def test_uneven_batches_weigh_by_their_size():
    model = Sequential([Input((4,)), Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"], precision="float32")
    whole = model.evaluate(ROWS, AGES, batch_size=8, verbose=0)
    assert model.evaluate(ROWS, AGES, batch_size=3, verbose=0) == pytest.approx(whole, rel=1e-6)


@pytest.mark.parametrize(
    ("compile_options", "y", "words"),
    [
        (
            {"loss": {"aeg": "mse"}},
            [AGES, KINDS],
            r"loss for 'aeg', but the outputs are \['age', 'kind'\]\. Did",
        ),
        ({"loss": ["mse"]}, [AGES, KINDS], r"1 loss for 2 outputs \(age, kind\)"),
        ({"loss": BOTH}, AGES, r"the network has 2 outputs \(age, kind\): give labels as a list or dict"),
        ({"loss": BOTH, "metrics": ["mae", "mse", "mae"]}, [AGES, KINDS], r"3 metrics for 2 outputs"),
        ({"loss": BOTH}, {"age": AGES, "kinds": KINDS}, r"labels for 'kinds'.*Did you mean 'kind'"),
        ({"loss": None}, [AGES, KINDS], r"there is nothing to learn from: give compile a loss"),
        (
            {"loss": losses.MeanSquaredError(reduction=None)},
            [AGES, np.eye(3)[KINDS]],
            r"a value for each example \(reduction=N",
        ),
    ],
)
def test_losses_labels_and_metrics_must_fit_the_outputs(compile_options, y, words):
    model = two_outputs()
    model.compile("sgd", precision="float32", **compile_options)
    with pytest.raises(ArgumentError, match=words):
        model.fit(ROWS, y, verbose=0)


def test_outputs_without_names_are_numbered():
    one, two = torch.zeros(1), torch.ones(1)
    assert list(named_parts(one, None)) == ["output"]
    assert list(named_parts((one, two), None)) == ["output", "output_2"]
    assert named_parts({"a": one}, None) == {"a": one}
    assert list(named_parts([one, two], ["left", "right"])) == ["left", "right"]
