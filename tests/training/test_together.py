import pytest
import torch
from torch import nn

from striate import layers, models
from striate.core.errors import StateError
from striate.core.position import here
from striate.training.batch import Batch
from striate.training.together import Together, place_of


class Pretended:
    """Stands for the processes of a training of which this is the second of two."""

    rank, size, is_first = 1, 2, False

    def largest(self, numbers):
        return list(numbers)


def member(module=None):
    return Together(Pretended(), module or nn.Linear(2, 1), torch.device("cpu"), None)


def batch(**where):
    return Batch(torch.zeros(3, 2), None, None, 3, **where)


def test_a_step_before_the_first_batch_was_prepared_is_refused():
    with (
        pytest.raises(StateError, match=r"not prepared: call prepare\(batch\) before train"),
        place_of(batch(whole=6, first=3), 0, member()),
    ):
        pass


def test_a_weight_that_learns_later_is_refused():
    together = member()
    together._left_out = [("bias", together.module.bias)]
    together.end_step()
    together.module.bias.grad = torch.ones(1)
    with pytest.raises(StateError, match="weight 'bias' took no part in the first step"):
        together.end_step()


def test_a_process_by_itself_says_where_its_part_stands():
    with place_of(batch(), 4, None):
        spot = here()
        assert (spot.step, spot.batch, spot.first, spot.rows, spot.processes) == (4, 3, 0, 3, 1)
    with place_of(batch(whole=9, first=6), 4, None):
        assert (here().batch, here().first) == (9, 6)


def test_all_must_find_a_step_sound():
    assert member().all_are(True)
    assert not member().all_are(False)
    assert member().smallest(5) == 5


def test_statistics_that_are_joined_anyway_are_not_averaged():
    model = models.Sequential(
        [layers.Input((4,)), layers.Dense(2), layers.BatchNormalization(synchronized=True)]
    )
    together = member(model)
    assert list(together._lonely_statistics()) == []
    model.layers[-1].synchronized = False
    assert len(list(together._lonely_statistics())) == 2
