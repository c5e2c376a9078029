"""The contract of a metric, proved for each row of metric_rows.py."""

import inspect

import torch

from striate import metrics
from striate.core.registry import snake_case
from tests.contracts.metric_rows import EXCEPTED, ROWS
from tests.contracts.rooms import each, through_json, without_a_row

EACH_ROW = each(ROWS)


def made_by_name(row):
    """Whether a name alone makes it: nothing has to be said with it."""
    arguments = inspect.signature(row.kind).parameters.values()
    return all(each.default is not each.empty for each in arguments if each.kind is not each.VAR_KEYWORD)


def tensors(row, dtype=torch.float32):
    """The row's labels, and its answers as this type where they are no class numbers."""
    labels, answers = (torch.from_numpy(part) for part in row.batch())
    return labels, answers.to(dtype) if answers.is_floating_point() else answers


def close(found, wanted):
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-9)


def test_every_public_metric_has_a_row():
    assert without_a_row(metrics, ROWS, EXCEPTED) == set()


@EACH_ROW
def test_a_config_makes_the_same_metric_again(row):
    metric = row.make(name="mine")
    config = through_json(metric.get_config())
    again = row.kind.from_config(config)
    assert through_json(again.get_config()) == config
    assert again.name == "mine"
    assert torch.equal(again(*row.batch()), metric(*row.batch()))


@EACH_ROW
def test_what_is_serialized_is_deserialized(row):
    metric = row.make()
    again = metrics.deserialize(through_json(metrics.serialize(metric)))
    assert type(again) is row.kind
    assert through_json(again.get_config()) == through_json(metric.get_config())


@each(row for row in ROWS if made_by_name(row))
def test_its_name_in_either_spelling_stands_for_it(row):
    for name in (row.kind.__name__, snake_case(row.kind.__name__)):
        assert type(metrics.get(name)) is row.kind
        assert metrics.get(name).get_config() == row.kind().get_config()


@EACH_ROW
def test_uneven_batches_give_what_all_examples_at_once_give(row):
    whole, parts = row.make(), row.make()
    whole.update_state(*row.batch())
    for batch in row.batches():
        parts.update_state(*batch)
    close(parts.result(), whole.result())


@EACH_ROW
def test_a_reset_gives_the_start_state(row):
    metric, fresh = row.make(), row.make()
    metric.update_state(*row.batches()[-1])
    assert any(state.value.any() for state in metric.variables)
    metric.reset_state()
    for state, first in zip(metric.variables, fresh.variables, strict=True):
        # A metric that learns the number of classes from its first batch keeps that number.
        assert not state.value.any()
        assert not first.value.any()
    assert torch.equal(metric(*row.batch()), fresh(*row.batch()))


@EACH_ROW
def test_the_result_can_be_asked_for_at_any_time_and_changes_nothing(row):
    often, once = row.make(), row.make()
    for batch in row.batches():
        often.update_state(*batch)
        assert torch.equal(often.result(), often.result())
        once.update_state(*batch)
    assert torch.equal(often.result(), once.result())


@EACH_ROW
def test_half_precision_is_measured_as_the_same_numbers_in_single_precision(row):
    labels, answers = tensors(row, torch.bfloat16)
    wide = answers.float() if answers.is_floating_point() else answers
    value = row.make()(labels, answers)
    # Sums are kept in float64, so a result may be wider than float32, never narrower.
    assert value.dtype in (torch.float32, torch.float64)
    assert torch.equal(value, row.make()(labels, wide))
    assert row.make(dtype="float32")(labels, answers).dtype == torch.float32


@EACH_ROW
def test_arrays_and_tensors_give_the_same_plain_result(row):
    value = row.make()(*tensors(row))
    assert type(value) is torch.Tensor
    assert not value.requires_grad
    assert torch.isfinite(value).all()
    assert torch.equal(value, row.make()(*row.batch()))
