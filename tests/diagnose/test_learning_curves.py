"""Verdicts on curves of which the answer is known, made and real."""

from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import DataError
from striate.core.runtime import set_random_seed
from striate.diagnose import Verdict, read_curves
from striate.diagnose.learning_curves import KINDS
from striate.layers import Dense, Input
from striate.models import Sequential
from striate.optimizers import SGD, Adam
from tests.reference.learning_curves import made_curves

MADE = ("good", "over-fit", "too short", "under-fit", "unstable")
FALLING = [1.0, 0.6, 0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.04]


@pytest.mark.parametrize("count", [12, 30, 100])
@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("kind", MADE)
def test_nine_in_ten_made_curves_are_named_rightly(kind, noise, count):
    generator = np.random.default_rng(1)
    found = [read_curves(made_curves(kind, count, noise, generator)[0]).kind for _ in range(40)]
    assert found.count(kind) >= 36


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_epoch_at_which_validation_turned_is_found(noise):
    generator = np.random.default_rng(2)
    for _ in range(40):
        history, turn = made_curves("over-fit", 30, noise, generator)
        verdict = read_curves(history)
        assert verdict.kind == "over-fit"
        assert abs(verdict.epoch - turn) <= 4


def test_the_story_of_cats_and_dogs():
    # Training accuracy goes to 98%, validation to 73%; validation loss turns after the tenth epoch.
    epochs = np.arange(30)
    verdict = read_curves(
        {
            "loss": 0.7 * np.exp(-epochs / 10),
            "val_loss": 0.55 + 0.15 * np.exp(-epochs / 4) + 0.03 * np.maximum(0, epochs - 9),
            "accuracy": np.minimum(0.98, 0.5 + 0.02 * epochs),
            "val_accuracy": np.minimum(0.73, 0.5 + 0.025 * epochs),
        }
    )
    assert verdict.words == "over-fit since epoch 10"
    assert verdict.evidence[0].startswith("Validation loss is lowest after epoch 10, 0.5")
    assert "while training loss falls on from" in verdict.evidence[0]
    assert verdict.evidence[1] == "Accuracy ends at 98.0% in training and 73.0% in validation."
    assert "augment='standard'" in " ".join(verdict.advice)


def test_a_validation_loss_that_stands_still_far_above_the_training_is_over_fit_too():
    history = {
        "loss": FALLING,
        "val_loss": [1.0, 0.7, 0.6, 0.58, 0.58, 0.58, 0.58, 0.58, 0.58, 0.58],
        "accuracy": [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99],
        "val_accuracy": [0.5, 0.6, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7],
    }
    verdict = read_curves(history)
    assert (verdict.kind, verdict.epoch) == ("over-fit", 3)
    assert verdict.evidence[0] == (
        "Validation loss hardly falls after epoch 3 and ends at 0.58, while training loss goes on to 0.04."
    )
    # The same losses are no harm where the answers are as often right.
    assert read_curves({**history, "val_accuracy": history["accuracy"]}).kind == "good"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(("key", "name"), [("loss", "training"), ("val_loss", "validation")])
def test_a_loss_that_is_no_number_is_unstable_in_its_epoch(value, key, name):
    history = {"loss": list(FALLING), "val_loss": list(FALLING)}
    history[key][6:] = [value] * 4
    verdict = read_curves(history)
    assert verdict.words == "unstable since epoch 7"
    assert verdict.evidence == [f"The {name} loss is no finite number in epoch 7."]
    assert "learning rate ten times smaller" in verdict.advice[0]


def test_a_loss_that_ends_above_its_beginning_is_unstable():
    verdict = read_curves({"loss": [1.0, 0.8, 0.7, 1.5, 3.0, 7.0, 9.0, 12.0], "val_loss": [1.0] * 8})
    assert verdict.kind == "unstable"
    assert "Training loss ends at 10.5, above the 1 that it began with" in verdict.evidence[0]


def test_a_loss_that_leaps_back_up_twice_is_unstable_and_once_is_not():
    loss = [1.0, 0.5, 0.3, 0.2, 0.15, 0.12, 0.1, 0.09, 0.08, 0.08, 0.08, 0.08, 0.08, 0.08]
    once, twice = list(loss), list(loss)
    once[5] = twice[5] = twice[9] = 0.9
    assert read_curves({"loss": once, "val_loss": loss}).kind == "good"
    verdict = read_curves({"loss": twice, "val_loss": loss})
    assert verdict.words == "unstable since epoch 6"
    assert verdict.evidence == [
        "Training loss leaps back up by more than half of its fall in 2 epochs, first in 6."
    ]


def test_few_epochs_are_too_few_to_judge_by():
    verdict = read_curves({"loss": [1.0, 0.5, 0.4], "val_loss": [1.0, 1.5, 2.0]})
    assert (verdict.kind, verdict.epoch) == ("too short", None)
    assert verdict.evidence == ["3 epochs are too few to judge by."]
    assert verdict.words == "too short"
    few = read_curves({"loss": FALLING, "val_loss": [1.0, 0.5]}, validation_epochs=[5, 10])
    assert few.evidence == ["10 epochs, 2 of them validated, are too few to judge by."]
    one = read_curves({"loss": [1.0], "val_loss": [1.0]})
    assert one.evidence == ["1 epoch is too few to judge by."]


def test_four_epochs_are_neither_over_fit_nor_unstable():
    loss = [1.0, 0.5, 0.3, 0.2]
    assert read_curves({"loss": loss, "val_loss": [1.0, 0.6, 1.0, 1.6]}).kind == "too short"
    assert read_curves({"loss": [1.0, 0.9, 4.0, 9.0]}).kind == "too short"
    assert read_curves({"loss": [*loss, 0.1], "val_loss": [1.0, 0.6, 1.0, 1.6, 2.0]}).kind == "over-fit"


def test_a_rise_on_few_validation_examples_may_be_chance():
    history = {
        "loss": [1.0, 0.6, 0.5, 0.48, 0.46, 0.44, 0.42, 0.4, 0.38, 0.36],
        "val_loss": [1.0, 0.7, 0.5, 0.5, 0.52, 0.55, 0.58, 0.6, 0.62, 0.65],
    }
    assert read_curves(history).kind == "over-fit"
    # Twice 0.5 / sqrt(1000) is 0.03, twice 0.5 / sqrt(14) is 0.27; the rise is 0.15.
    assert read_curves(history, validation_examples=1000).kind == "over-fit"
    verdict = read_curves(history, validation_examples=14)
    assert verdict.kind == "good"
    assert "with 14 validation examples that may be chance." in verdict.evidence[0]
    with pytest.raises(DataError, match=r"validation_examples is how many .* was scored on; got 0"):
        read_curves(history, validation_examples=0)


def test_a_gap_of_accuracies_on_few_examples_may_be_chance():
    history = {
        "loss": FALLING,
        "val_loss": [1.0, 0.7, 0.6, 0.58, 0.58, 0.58, 0.58, 0.58, 0.58, 0.58],
        "accuracy": [0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.97, 0.97],
        "val_accuracy": [0.5, 0.6, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8],
    }
    # The gap is 0.17; two standard errors of 80% are 0.018 for 2000 examples, 0.25 for 10.
    assert read_curves(history, validation_examples=2000).kind == "over-fit"
    assert read_curves(history, validation_examples=10).kind == "good"


def test_unrest_on_few_validation_examples_may_be_chance():
    # Up and down by 0.2 around 0.8; the standard error of 0.8 is 0.025 for 1000 examples, 0.57 for 2.
    history = {"loss": FALLING, "val_loss": [1.0, 0.6, 1.0, 0.6, 1.0, 0.6, 1.0, 0.6, 1.0, 0.6]}
    assert read_curves(history, validation_examples=1000).kind == "unstable"
    assert read_curves(history, validation_examples=2).kind != "unstable"


def test_advice_names_the_option_of_the_command_line_beside_the_argument():
    history = {"loss": FALLING, "val_loss": [1.0, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0]}
    advice = " ".join(read_curves(history).advice)
    assert "--augment standard, or fit(..., augment='standard')" in advice
    assert "`striate train` keeps it" in advice


def test_without_validation_it_is_said_that_nothing_can_be_said():
    verdict = read_curves({"loss": FALLING})
    assert verdict.kind == "no validation"
    assert verdict.evidence[0].startswith(
        "Training loss went from 1 to 0.04; whether the network learns or only"
    )
    assert "validation_split" in verdict.advice[0]
    assert read_curves({"loss": [1.0, 2.0, 4.0, 9.0, 30.0]}).kind == "unstable"


def test_a_loss_that_does_not_fall_is_under_fit_without_accuracies_too():
    verdict = read_curves({"loss": [1.0, 0.95, 0.92] + [0.9] * 9, "val_loss": [0.95] * 12})
    assert verdict.kind == "under-fit"
    assert verdict.evidence == ["Training loss has fallen by 10% only and falls no further."]


def test_validation_scored_now_and_then_keeps_its_epochs():
    epochs = np.arange(1, 41)
    val_loss = (0.5 + 0.5 * np.exp(-epochs / 4) + 0.04 * np.maximum(0, epochs - 16))[3::4]
    verdict = read_curves(
        {"loss": np.exp(-epochs / 8), "val_loss": val_loss}, validation_epochs=range(4, 41, 4)
    )
    assert verdict.words == "over-fit since epoch 16"


def test_every_kind_has_words_and_advice():
    for kind in KINDS:
        assert kind in Verdict(kind, 3, [], []).words
    assert Verdict("good", 7, [], []).words == "good; validation loss is lowest after epoch 7"


def test_a_history_without_losses_is_refused():
    with pytest.raises(DataError, match="got dict without a list called 'loss'"):
        read_curves({"accuracy": [0.5]})


def trained(epochs, optimizer, *, labels="true", units=16, examples=40):
    """A real training on two clouds of points, or on labels that are chance, or the signs' exclusive or."""
    set_random_seed(0)
    generator = np.random.default_rng(0)
    answers = generator.integers(0, 2, 2 * examples)
    x = generator.normal(size=(2 * examples, 20)).astype(np.float32)
    if labels == "exclusive or":
        x[:, 2:] = 0
        answers = ((x[:, 0] > 0) != (x[:, 1] > 0)).astype(int)
    elif labels == "true":
        x[:, :5] += 1.5 * (2 * answers[:, None] - 1)
    model = Sequential([Input((20,)), Dense(units, activation="relu"), Dense(1, activation="sigmoid")])
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"], precision="float32")
    half = slice(None, examples), slice(examples, None)
    return model.fit(
        x[half[0]], answers[half[0]], epochs=epochs, batch_size=10, verbose=0,
        validation_data=(x[half[1]], answers[half[1]]),
    )  # fmt: skip


def test_a_real_training_on_random_labels_is_over_fit():
    verdict = read_curves(trained(40, Adam(0.01), labels="random", units=64))
    assert verdict.kind == "over-fit"
    assert verdict.epoch <= 10


def test_a_real_training_that_works_is_good():
    assert read_curves(trained(40, SGD(0.1), examples=200)).kind == "good"


def test_a_real_training_that_ends_early_is_too_short():
    assert read_curves(trained(8, SGD(0.01), examples=100)).kind == "too short"


def test_a_real_training_with_a_huge_learning_rate_is_unstable():
    assert read_curves(trained(20, SGD(300.0), labels="random")).kind == "unstable"


def test_a_real_training_of_a_network_that_is_too_small_is_under_fit():
    verdict = read_curves(trained(15, SGD(0.1), labels="exclusive or", units=1, examples=400))
    assert verdict.kind == "under-fit"
