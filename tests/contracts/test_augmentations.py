"""What holds for every change to training examples."""

from __future__ import annotations

import numpy as np

from striate import augment
from striate.augment import Augment
from tests.contracts.augmentation_rows import EXCEPTED, ROWS
from tests.contracts.rooms import each, through_json, without_a_row

EACH_ROW = each(ROWS)


def test_every_public_change_has_a_row():
    assert without_a_row(augment, ROWS, EXCEPTED) == set()


@EACH_ROW
def test_shape_and_dtype_are_as_promised(row):
    for dtype in row.dtypes:
        changed, _ = row.run(row.batch(dtype), row.keys())
        assert (changed.shape, changed.dtype) == ((7, *row.after), np.dtype(dtype))
        assert np.isfinite(changed.astype(float)).all()


@EACH_ROW
def test_something_changes_and_epochs_differ(row):
    x = row.batch("float32")
    first, second = row.run(x, row.keys())[0], row.run(x, row.keys(epoch=1))[0]
    assert first.shape != x.shape or not np.array_equal(first, x)
    assert not np.array_equal(first, second)


@EACH_ROW
def test_a_config_makes_the_same_change_again(row):
    change = row.make()
    config = through_json(change.get_config())
    again = row.kind.from_config(config)
    assert through_json(again.get_config()) == config
    x = row.batch("float32")
    for made in (again, augment.deserialize(through_json(augment.serialize(change)))):
        assert type(made) is row.kind
        if not row.is_mixing:
            np.testing.assert_array_equal(Augment(made)(x, row.keys()), row.run(x, row.keys())[0])


@EACH_ROW
def test_the_same_keys_give_the_same_bits(row):
    for dtype in row.dtypes:
        first, second = (row.run(row.batch(dtype), row.keys()) for _ in range(2))
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])


@EACH_ROW
def test_a_draw_applied_again_gives_the_same_bits(row):
    if row.is_mixing:
        return
    x, made = row.batch("float32"), Augment(row.make())
    draw = made.draw(row.keys(), row.shape)
    np.testing.assert_array_equal(made.apply(x, draw), made(x, row.keys()))


@EACH_ROW
def test_a_batch_is_the_stack_of_its_singles(row):
    if row.is_mixing:
        return
    for dtype in row.dtypes:
        x, keys = row.batch(dtype), row.keys()
        singles = [row.run(x[at : at + 1], keys[at : at + 1])[0] for at in range(7)]
        np.testing.assert_array_equal(row.run(x, keys)[0], np.concatenate(singles))


@EACH_ROW
def test_the_order_of_a_batch_does_not_matter(row):
    order = np.random.default_rng(1).permutation(7)
    x, keys = row.batch("float32"), row.keys()
    np.testing.assert_array_equal(row.run(x[order], keys[order])[0], row.run(x, keys)[0][order])


@EACH_ROW
def test_nothing_given_is_changed(row):
    for dtype in row.dtypes:
        x = row.batch(dtype)
        before = x.copy()
        row.run(x, row.keys())
        np.testing.assert_array_equal(x, before)


@EACH_ROW
def test_an_empty_batch_stays_empty(row):
    if row.is_mixing:
        return
    changed, _ = row.run(row.batch("float32", 0), row.keys(0))
    assert changed.shape == (0, *row.after)


@EACH_ROW
def test_it_says_what_it_does(row):
    assert len(row.make().describe()) > 3
    assert row.make().describe() in Augment(row.make()).describe()
