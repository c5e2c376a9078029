from __future__ import annotations

import pytest

from striate.augment import RandomRotation, deserialize, serialize
from striate.core.errors import UnknownNameError


def test_a_change_is_written_by_its_name_and_arguments():
    written = serialize(RandomRotation((0.1, 0.2)))
    assert written == {
        "class_name": "RandomRotation",
        "config": {"factor": [0.1, 0.2], "fill_mode": None, "interpolation": None, "fill_value": None},
    }
    assert repr(deserialize(written)) == "RandomRotation(factor=[0.1, 0.2], fill_mode=None, " + (
        "interpolation=None, fill_value=None)"
    )


@pytest.mark.parametrize("name", ["RandomRotatoin", "Change", "Augment"])
def test_only_changes_have_a_name(name):
    with pytest.raises(UnknownNameError, match=f"there is no change called '{name}'"):
        deserialize({"class_name": name, "config": {}})
