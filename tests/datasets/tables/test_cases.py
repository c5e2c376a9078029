"""What is wrong with a single case of an archive of series is said in words."""

from __future__ import annotations

import pytest

from striate.core.errors import DataError
from striate.datasets.tables import arff, ts_file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,zwei,3:1", "value 2 is 'zwei', which is no number"),
        ("1,inf,3:1", "it holds infinity"),
        ("1,2,3:", "the class is missing"),
        ("1", "there are no values, only a class"),
    ],
)
def test_a_case_of_ts(text, words):
    with pytest.raises(DataError, match=words):
        ts_file.read_case(text, labelled=True)


RELATION, NUMBER, CLASS = (arff.Attribute(kind, kind) for kind in ("relation", "number", "class"))


@pytest.mark.parametrize(
    ("cells", "attributes", "words"),
    [
        (["1", "a"], [NUMBER, NUMBER, CLASS], "2 values where there are 3 attributes"),
        (["1", "2", "?"], [NUMBER, NUMBER, CLASS], "the class is missing"),
        (["1", "zwei", "a"], [NUMBER, NUMBER, CLASS], "a value is no number: .*'zwei'"),
        (["1", "-inf", "a"], [NUMBER, NUMBER, CLASS], "it holds infinity"),
        (["1,2", "3", "a"], [RELATION, NUMBER, CLASS], "numbers stand beside the relational attribute"),
        (["1,2", "a"], [RELATION, CLASS], "1 channels where the first has 2"),
    ],
)
def test_a_case_of_arff(cells, attributes, words):
    with pytest.raises(DataError, match=words):
        arff.read_case(cells, attributes, len(attributes) - 1, channels=2)
