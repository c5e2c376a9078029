"""What is built from a file may be as large as the file says, and no larger."""

from __future__ import annotations

import pytest

from striate.core.allowance import allowance, take
from striate.core.errors import FileFormatError


def test_without_a_file_nothing_is_counted():
    assert not take(10**30, "a weight")


def test_numbers_are_counted_until_they_are_used_up():
    with allowance(10, "the file holds 10"):
        assert take(4, "one")
        assert take(6, "two")
        with pytest.raises(FileFormatError, match=r"^three would take 1 numbers, but the file holds 10\.$"):
            take(1, "three")
    assert not take(1, "four")


def test_an_inner_allowance_is_one_of_its_own_and_a_negative_number_gives_nothing_back():
    with allowance(1, "the outer is spent"):
        with allowance(5, "the inner is spent"):
            take(5, "all")
        take(-7, "less than nothing")
        take(1, "the rest")
        with pytest.raises(FileFormatError, match="the outer is spent"):
            take(1, "more")
