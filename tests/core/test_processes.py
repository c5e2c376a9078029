import pytest

from striate.core.errors import ArgumentError
from striate.core.processes import Place, alone, is_first, own_share, place, restarts, together

LAUNCHED = {"RANK": "1", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "localhost"}


@pytest.fixture
def launched(monkeypatch):
    for name, value in LAUNCHED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def unlaunched(monkeypatch):
    for name in (*LAUNCHED, "TORCHELASTIC_RESTART_COUNT"):
        monkeypatch.delenv(name, raising=False)


def test_a_process_that_nobody_launched_is_the_only_one():
    assert place() == Place(0, 1, 0)
    assert is_first()
    assert not together()
    assert restarts() == 0


def test_the_launcher_says_which_process_this_is(launched):
    assert place() == Place(1, 4, 1)
    assert not is_first()
    assert together()


def test_a_scheduler_that_sets_one_of_the_variables_starts_no_processes(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert place() == Place()


def test_something_can_be_done_alone(launched):
    with alone():
        assert not together()
    assert together()


def test_restarts_are_counted_by_the_launcher(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "2")
    assert restarts() == 2


def test_a_rank_outside_the_processes_is_refused(launched, monkeypatch):
    monkeypatch.setenv("RANK", "4")
    with pytest.raises(ArgumentError, match="RANK=4 is not one of WORLD_SIZE=4 processes"):
        place()


def test_a_variable_that_is_no_number_is_refused(launched, monkeypatch):
    monkeypatch.setenv("RANK", "first")
    with pytest.raises(ArgumentError, match="RANK='first' is no whole number"):
        place()


@pytest.mark.parametrize("count", range(9))
def test_shares_part_all_rows_without_gaps(count):
    shares = [own_share(count, rank, 3) for rank in range(3)]
    assert [row for begin, end in shares for row in range(begin, end)] == list(range(count))
    assert max(end - begin for begin, end in shares) - min(end - begin for begin, end in shares) <= 1
