"""The softmax or sigmoid at the end, wherever it is written."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from striate import activations
from striate.visualize.ending import EndingWatch

LOGITS = torch.tensor([[1.0, 2.0, -1.0]])


@pytest.mark.parametrize(
    ("kind", "end"),
    [
        ("softmax", lambda x: torch.softmax(x, 1)),
        ("softmax", lambda x: F.softmax(x, dim=1)),
        ("softmax", nn.Softmax(1)),
        ("softmax", lambda x: x.softmax(-1)),
        ("softmax", activations.softmax),
        ("softmax", lambda x: F.softmax(x, dim=1).reshape(-1)),
        ("log-softmax", nn.LogSoftmax(1)),
        ("sigmoid", torch.sigmoid),
        ("sigmoid", nn.Sigmoid()),
        ("sigmoid", activations.sigmoid),
        ("sigmoid", lambda x: x.clone().sigmoid_()),
        ("sigmoid", lambda x: torch.sigmoid(input=x)),
    ],
)
def test_it_is_seen_with_what_went_into_it(kind, end):
    with EndingWatch() as seen:
        answer = end(LOGITS)
    found, logits = seen.before(answer)
    assert found == kind
    torch.testing.assert_close(logits.reshape(1, 3), LOGITS)
    assert logits.shape == answer.shape


def test_one_inside_the_network_is_no_ending():
    with EndingWatch() as seen:
        answer = torch.softmax(LOGITS, 1) * 2
    assert seen.before(answer) is None


def test_a_part_of_an_ending_is_none():
    with EndingWatch() as seen:
        answer = torch.softmax(LOGITS, 1)[:, :2]
    assert seen.before(answer) is None


def test_without_any_there_is_none():
    with EndingWatch() as seen:
        answer = LOGITS + 1
    assert seen.before(answer) is None
