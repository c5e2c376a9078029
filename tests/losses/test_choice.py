from __future__ import annotations

import pytest

from striate import losses
from striate.core.errors import ArgumentError
from striate.losses.registry import MEMBERS


@pytest.mark.parametrize("name", [name for name in MEMBERS if name.islower()])
def test_a_name_of_a_function_becomes_its_class(name):
    loss = losses.as_loss(name)
    assert type(loss).function is getattr(losses, name)


def test_a_loss_stays_itself_and_none_stays_none():
    loss = losses.Huber()
    assert losses.as_loss(loss) is loss
    assert losses.as_loss(None) is None


def test_another_function_is_wrapped():
    def mine(y_true, y_pred):
        return y_pred - y_true

    loss = losses.as_loss(mine)
    assert isinstance(loss, losses.LossFunctionWrapper)
    assert loss.name == "mine"


@pytest.mark.parametrize(
    ("output_shape", "target_shape", "kind"),
    [
        ((None, 1), (None,), losses.BinaryCrossentropy),
        ((None, 10), (None,), losses.SparseCategoricalCrossentropy),
        ((None, 10), (None, 1), losses.SparseCategoricalCrossentropy),
        ((None, 10), (None, 10), losses.CategoricalCrossentropy),
    ],
)
def test_crossentropy_is_chosen_by_the_shapes(output_shape, target_shape, kind):
    assert type(losses.as_loss("crossentropy", output_shape, target_shape)) is kind


def test_crossentropy_without_shapes_is_refused():
    with pytest.raises(ArgumentError, match=r"loss='ce' is chosen by the shape.*write 'binary_crossentropy'"):
        losses.as_loss("ce")
