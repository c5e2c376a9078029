import pytest
import torch

from striate.training.batch import Batch
from striate.training.cutting import cut


def whole(rows):
    return Batch(torch.arange(rows), torch.arange(rows), None, rows)


@pytest.mark.parametrize("rows", range(1, 12))
@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_every_example_is_in_just_one_part_and_shares_add_up(rows, processes, size):
    found, shares, counts = [], 0.0, []
    for rank in range(processes):
        mine = whole(rows) if processes == 1 else whole(rows).share(rank, processes)
        parts = list(cut(mine, size, processes))
        counts.append(len(parts))
        assert [part.last for part, _ in parts] == [False] * (len(parts) - 1) + [True]
        for part, share in parts:
            assert len(part.inputs) == part.size <= max(size, 1)
            if part.counts:
                assert part.inputs[0] == part.first
                found += part.inputs.tolist()
                shares += share
    assert sorted(found) == list(range(rows))
    assert shares == pytest.approx(1.0)
    # All take part in as many rounds.
    assert len(set(counts)) == 1


def test_a_process_without_examples_has_a_row_that_does_not_count():
    ((part, share),) = cut(whole(1).share(1, 2), 8, 2)
    assert not part.counts
    assert (part.size, share) == (1, 1.0)
