"""Training curves as drawn: where their axes end."""

from __future__ import annotations

from striate.visualize import draw
from striate.visualize.base import Panel
from striate.visualize.drawing.curves import is_share
from striate.visualize.training_curves import compare_training


def test_an_axis_of_accuracies_ends_at_one_and_one_of_losses_does_not():
    loss, accuracy = draw(compare_training({"loss": [1.0, 0.2], "accuracy": [0.5, 1.0]})).axes
    assert accuracy.get_ylim()[1] == 1.0
    assert loss.get_ylim()[1] > 1.0


def test_shares_are_known_by_their_names():
    found = [label for label in ("acc", "sparse top k accuracy", "loss", "mae") if is_share(Panel(label, ()))]
    assert found == ["acc", "sparse top k accuracy"]
