"""The table of blocks that PyTorch's own library computes faster."""

from __future__ import annotations

import json

import pytest

from striate.core.errors import FileFormatError
from striate.ops.native import choices
from striate.ops.native.part import Part
from striate.ops.native.structures import CONVOLUTION

SIZES = {"height": 30, "width": 20, "channels": 3, "filters": 32}
SIZES |= {f"{name}_{side}": 1 for name in ("stride", "dilation", "pool") for side in ("height", "width")}
SIZES |= {"window_height": 3, "window_width": 5}


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path))
    choices.use_choices(None)
    yield tmp_path / "kernels" / "choices.json"
    choices.use_choices(None)


def test_a_block_is_named_by_what_decides_its_speed():
    part = Part(CONVOLUTION, SIZES, {})
    assert choices.describe_block(part, bf16=True, training=True) == (
        "convolution, bf16, training, 30x20x3 to 32, window 3x5"
    )


def test_what_was_tuned_is_read_back_and_other_processors_keep_theirs(cache):
    cache.parent.mkdir()
    cache.write_text(json.dumps({"another": ["b"]}))
    assert choices.left_to_pytorch() == (choices._read(choices.PACKAGED) or frozenset())
    assert choices.write_choices(["a"]) == cache
    assert choices.left_to_pytorch() == {"a"}
    assert json.loads(cache.read_text()) == {"another": ["b"], choices.processor_name(): ["a"]}
    assert [path.name for path in cache.parent.iterdir()] == ["choices.json"]


def test_a_run_brings_its_own_choices(cache):
    choices.write_choices(["a"])
    choices.use_choices(["of the run"])
    assert choices.left_to_pytorch() == {"of the run"}
    choices.use_choices(None)
    assert choices.left_to_pytorch() == {"a"}


def test_a_broken_table_is_named(cache):
    cache.parent.mkdir()
    cache.write_text("{")
    with pytest.raises(FileFormatError, match=r"choices\.json is no table of kernels' choices: .* Remove it"):
        choices.left_to_pytorch()
    cache.write_text('{"x": 1}')
    with pytest.raises(FileFormatError, match=r"choices\.json is no table of kernels' choices\. Remove it"):
        choices.left_to_pytorch()


def test_the_packaged_table_is_well_formed():
    assert isinstance(choices._table(choices.PACKAGED), dict)


def test_the_processor_has_a_name_where_the_system_says_none(monkeypatch):
    monkeypatch.setattr("pathlib.Path.is_file", lambda self: False)
    assert choices.processor_name()
