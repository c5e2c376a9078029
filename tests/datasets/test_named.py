"""Sets are found by name."""

from __future__ import annotations

import pytest

from striate.core.errors import ArgumentError, FileAccessError, UnknownNameError
from striate.datasets.named import NAMES, load_named


def test_a_set_is_found_by_its_name():
    assert load_named("digits").name == "digits"


@pytest.mark.parametrize("name", [name.replace("_", "-").upper() for name in NAMES if name != "digits"])
def test_a_set_with_files_is_sought_in_the_folder_that_is_named(name, tmp_path):
    with pytest.raises(FileAccessError, match="does not hold"):
        load_named(name, tmp_path)


def test_a_name_that_is_not_known_gets_the_nearest():
    with pytest.raises(
        UnknownNameError, match=r"no data set called 'fashion_mnits'\. Did you mean 'fashion_mnist'"
    ):
        load_named("fashion_mnits")


def test_a_set_without_files_takes_no_folder(tmp_path):
    with pytest.raises(
        ArgumentError, match="the set digits comes with Striate's libraries and takes no data_dir"
    ):
        load_named("digits", tmp_path)
