"""The contract of a loss, proved for each row of loss_rows.py."""

import numpy as np
import pytest
import torch

from striate import losses
from striate.core.registry import snake_case
from tests.contracts.loss_rows import EXCEPTED, ROWS
from tests.contracts.rooms import each, through_json, without_a_row

EACH_ROW = each(ROWS)
EACH_ROW_WITH_DEFAULTS = each([row for row in ROWS if row.has_defaults])


def tensors(row, dtype=torch.float32):
    """The row's labels, and its answers as this type."""
    labels, answers = row.batch()
    return torch.from_numpy(labels), torch.from_numpy(answers).to(dtype)


def test_every_public_loss_has_a_row():
    assert without_a_row(losses, ROWS, EXCEPTED) == set()


@EACH_ROW
def test_a_config_makes_the_same_loss_again(row):
    loss = row.make(name="mine", reduction="sum")
    config = through_json(loss.get_config())
    again = row.kind.from_config(config)
    assert through_json(again.get_config()) == config
    assert (again.name, again.reduction) == ("mine", "sum")
    assert torch.equal(again(*tensors(row)), loss(*tensors(row)))


@EACH_ROW
def test_what_is_serialized_is_deserialized(row):
    loss = row.make()
    again = losses.deserialize(through_json(losses.serialize(loss)))
    assert type(again) is row.kind
    assert through_json(again.get_config()) == through_json(loss.get_config())


@EACH_ROW_WITH_DEFAULTS
def test_its_name_in_either_spelling_stands_for_it(row):
    small = snake_case(row.kind.__name__)
    for name in (row.kind.__name__, small):
        assert type(losses.as_loss(name)) is row.kind
    assert type(losses.get(row.kind.__name__)) is row.kind
    assert losses.get(row.kind.__name__).get_config() == losses.as_loss(small).get_config()


@EACH_ROW
def test_a_reduced_loss_is_one_number_of_the_plain_type_and_the_same_each_time(row):
    loss, batch = row.make(), tensors(row)
    value = loss(*batch)
    assert (value.shape, value.dtype) == ((), torch.float32)
    assert torch.isfinite(value)
    assert torch.equal(loss(*batch), value)
    assert torch.equal(loss(*row.batch()), value)


@EACH_ROW
def test_half_precision_is_measured_as_the_same_numbers_in_single_precision(row):
    labels, answers = tensors(row, torch.bfloat16)
    value = row.make()(labels, answers)
    assert value.dtype == torch.float32
    assert torch.equal(value, row.make()(labels, answers.float()))


@EACH_ROW
def test_double_precision_stays_double(row):
    value = row.make()(*tensors(row, torch.float64))
    assert value.dtype == torch.float64
    torch.testing.assert_close(value.float(), row.make()(*tensors(row)), rtol=1e-5, atol=1e-6)


@EACH_ROW
def test_the_gradient_is_that_of_finite_differences(row):
    labels, answers = tensors(row, torch.float64)
    assert torch.autograd.gradcheck(lambda given: row.make()(labels, given), answers.requires_grad_())


@EACH_ROW
def test_a_batch_is_the_mean_of_its_samples_unless_the_row_says_so(row):
    labels, answers = tensors(row)
    singles = [
        row.make()(labels[number : number + 1], answers[number : number + 1]).item() for number in range(5)
    ]
    assert (row.make()(labels, answers).item() != pytest.approx(np.mean(singles), rel=1e-5)) == (
        row.mixes_samples
    )


@EACH_ROW
def test_the_mean_is_that_of_the_single_values_unless_the_row_says_so(row):
    values = row.make(reduction=None)(*tensors(row))
    if not row.mixes_samples:
        torch.testing.assert_close(row.make()(*tensors(row)), values.mean(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(row.make(reduction="sum")(*tensors(row)), values.sum(), rtol=1e-5, atol=1e-5)


@EACH_ROW
def test_nothing_given_is_changed(row):
    labels, answers = tensors(row)
    before = labels.clone(), answers.clone()
    row.make()(labels, answers, torch.ones(5) if not row.mixes_samples else None)
    assert torch.equal(labels, before[0])
    assert torch.equal(answers, before[1])
