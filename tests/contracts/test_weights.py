"""The contract of initializers, regularizers and constraints, proved for each row of weight_rows.py."""

import pytest
import torch

from striate import constraints, initializers, regularizers
from striate.core.registry import snake_case
from tests.contracts.rooms import each, through_json, without_a_row
from tests.contracts.weight_rows import CONSTRAINTS, EXCEPTED, INITIALIZERS, REGULARIZERS

ROOMS = {initializers: INITIALIZERS, regularizers: REGULARIZERS, constraints: CONSTRAINTS}
EVERYTHING = pytest.mark.parametrize(
    ("room", "row"),
    [(room, row) for room, rows in ROOMS.items() for row in rows],
    ids=lambda part: part.kind.__name__ if hasattr(part, "kind") else "",
)
# 'l1_l2' by name means some of each, the class without arguments nothing; see regularizers.py.
NAMES_WITH_OTHER_DEFAULTS = {regularizers.L1L2}


def weight(row, dtype=torch.float32):
    return torch.randn(row.shape, generator=torch.Generator().manual_seed(1), dtype=dtype)


def outcome(room, thing, row):
    """What it does, with the same chance each time."""
    if room is initializers:
        return thing(row.shape, generator=torch.Generator().manual_seed(2))
    return thing(weight(row))


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_every_public_class_has_a_row(room):
    assert without_a_row(room, ROOMS[room], EXCEPTED) == set()


@EVERYTHING
def test_a_config_makes_the_same_again(room, row):
    thing = row.make()
    config = through_json(thing.get_config())
    assert {**config, **through_json(row.arguments)} == config
    written = through_json(room.serialize(thing))
    for again in (row.kind.from_config(config), room.deserialize(written), room.get(written)):
        assert type(again) is row.kind
        assert through_json(again.get_config()) == config
        assert torch.equal(outcome(room, again, row), outcome(room, thing, row))


@EVERYTHING
def test_its_name_in_either_spelling_stands_for_it(room, row):
    for name in (row.kind.__name__, snake_case(row.kind.__name__)):
        found = room.get(name)
        assert type(found) is row.kind
        assert found.get_config() == row.kind().get_config() or row.kind in NAMES_WITH_OTHER_DEFAULTS
    assert type(room.get(row.kind)) is row.kind


@each(INITIALIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_an_initializer_keeps_its_promises_of_shape_and_type(row, dtype):
    values = row.make()(row.shape, dtype)
    assert (values.shape, values.dtype) == (row.shape, getattr(torch, dtype))
    assert (values.device.type, values.requires_grad) == ("cpu", False)
    assert torch.isfinite(values).all()


@each(INITIALIZERS)
def test_chance_comes_from_the_generator_that_is_passed_in_and_only_from_there(row):
    generator = torch.Generator().manual_seed(2)
    before = torch.get_rng_state()
    first, second = (row.make()(row.shape, generator=generator) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first, outcome(initializers, row.make(), row))
    assert torch.equal(first, second) != row.by_chance


@each(REGULARIZERS)
def test_a_penalty_is_one_number_above_zero_and_its_gradient_right(row):
    penalty, exact = row.make(), weight(row, torch.float64)
    value = penalty(weight(row))
    assert (value.shape, value.dtype) == ((), torch.float32)
    assert value > 0
    half = weight(row).bfloat16()
    assert torch.equal(penalty(half), penalty(half.float()))
    assert penalty(exact).dtype == torch.float64
    assert torch.autograd.gradcheck(penalty, (exact.requires_grad_(),))


@each(CONSTRAINTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_a_constraint_keeps_shape_and_type_and_changes_a_copy(row, dtype):
    given = weight(row, dtype)
    before = given.clone()
    kept = row.make()(given)
    assert (kept.shape, kept.dtype) == (given.shape, dtype)
    assert torch.equal(given, before)
    assert not torch.equal(kept, given)


@each(CONSTRAINTS)
def test_a_constraint_that_is_kept_changes_nothing_more_unless_the_row_says_so(row):
    once = row.make()(weight(row, torch.float64))
    assert torch.allclose(row.make()(once), once, rtol=1e-6) == row.at_once
