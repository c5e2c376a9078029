import torch

from striate.core.position import Position, at, here, own_rows


def test_outside_of_a_step_there_is_no_position():
    assert here() is None
    assert own_rows(3, torch.arange).tolist() == [0, 1, 2]


def test_a_position_holds_inside_the_block_only():
    inner, outer = Position(1, 8, 4, 2), Position(1, 8, 0, 4)
    with at(outer):
        with at(inner):
            assert here() == inner
        assert here() == outer
    assert here() is None


def test_a_part_takes_its_rows_of_what_is_drawn_for_the_batch():
    with at(Position(step=0, batch=10, first=6, rows=3)):
        assert own_rows(3, torch.arange).tolist() == [6, 7, 8]


def test_several_entries_an_example_lie_side_by_side():
    with at(Position(step=0, batch=4, first=1, rows=2)):
        assert own_rows(6, torch.arange).tolist() == [3, 4, 5, 6, 7, 8]


def test_what_is_not_counted_by_examples_is_drawn_as_it_is():
    with at(Position(step=0, batch=4, first=1, rows=2)):
        assert own_rows(3, torch.arange).tolist() == [0, 1, 2]


def test_a_whole_batch_is_drawn_once():
    position = Position(step=0, batch=4, first=0, rows=4)
    assert position.is_whole
    with at(position):
        assert own_rows(4, torch.arange).tolist() == [0, 1, 2, 3]
