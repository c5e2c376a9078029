from __future__ import annotations

from torch import nn

from striate.report.effort import affordable, operations
from tests.report.toy import dense_network


def test_operations_are_those_of_the_layers():
    # 81 inputs to 3 units: a multiplication and an addition each.
    assert abs(operations(dense_network()) - 2 * 81 * 3) <= 30


def test_so_many_are_affordable_as_the_budget_holds_between_least_and_most():
    model = dense_network()
    each = operations(model)
    assert affordable(model, 10 * each, most=100, least=1) == 10
    assert affordable(model, 10 * each, most=100, least=1, times=5) == 2
    assert affordable(model, 10 * each, most=4, least=1) == 4
    assert affordable(model, 0, most=100, least=7) == 7


def test_a_network_whose_operations_nobody_knows_gets_the_most():
    assert operations(nn.Linear(2, 2)) == 0
    assert affordable(nn.Linear(2, 2), 1, most=9, least=1) == 9
