from __future__ import annotations

import math

import pytest
import torch

from striate.callbacks.monitor import Monitor, better_direction
from striate.core.errors import ArgumentError


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("loss", "min"),
        ("val_loss", "min"),
        ("val_mean_squared_error", "min"),
        ("mae", "min"),
        ("binary_crossentropy", "min"),
        ("accordion_loss", "min"),
        ("false_negatives", "min"),
        ("accuracy", "max"),
        ("val_acc", "max"),
        ("auc_1", "max"),
        ("val_precision", "max"),
        ("recall_2", "max"),
        ("f1_score", "max"),
        ("binary_io_u", "max"),
        ("top_k_categorical_accuracy", "max"),
        ("val_top_5", "max"),
    ],
)
def test_the_better_direction_shows_in_the_name(name, direction):
    assert better_direction(name) == direction


@pytest.mark.parametrize("name", ["val_quality", "accordion", "stop_k"])
def test_a_name_that_says_nothing_asks_for_the_mode(name):
    with pytest.raises(ArgumentError, match=f"smaller '{name}' is better does not show in its name"):
        Monitor(name)
    assert Monitor(name, "max").mode == "max"


def test_a_mode_that_is_not_known_is_refused():
    with pytest.raises(ArgumentError, match="mode must be one of 'auto', 'min', 'max'; got 'up'"):
        Monitor("loss", "up")


def test_better_means_by_more_than_the_least_change():
    falling, rising = Monitor("loss", min_delta=0.5), Monitor("accuracy", min_delta=-0.5)
    assert falling.improved(1.0, None)
    assert falling.improved(0.25, 1.0)
    assert not falling.improved(0.5, 1.0)
    assert rising.improved(1.75, 1.0)
    assert not rising.improved(1.5, 1.0)
    assert not rising.improved(math.nan, None)


def test_a_name_that_is_not_there_offers_the_nearest_and_lists_what_is():
    with pytest.raises(
        ArgumentError,
        match=r"cannot watch 'val_acuracy': .* Did you mean 'val_accuracy'.* There is: loss, val_accuracy\.",
    ):
        Monitor("val_acuracy", "max").value({"loss": 1.0, "val_accuracy": 0.5})


def test_a_value_of_a_validation_that_was_never_done_says_how_to_get_one():
    with pytest.raises(ArgumentError, match=r"Give fit\(\) validation_data or validation_split\. There is"):
        Monitor("val_loss").value({"loss": 1.0})
    with pytest.raises(ArgumentError, match="There is: nothing"):
        Monitor("loss").value(None)


def test_epochs_without_their_validation_are_passed_over():
    monitor = Monitor("val_loss")
    assert monitor.value({"loss": 1.0}, {"validation_freq": 2}) is None
    assert monitor.value({"val_loss": torch.tensor(0.5)}) == 0.5
    assert monitor.value({"loss": 1.0}) is None


def test_what_is_not_a_single_number_cannot_be_watched():
    with pytest.raises(ArgumentError, match=r"'f1_score' is \[0\.5, 0\.25\], but only a single number"):
        Monitor("f1_score").value({"f1_score": torch.tensor([0.5, 0.25])})
