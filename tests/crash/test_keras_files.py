"""Thousands of damaged Keras files: each opens or is refused in words, and none does anything else.

The reader of the child process is run here inside children that are forked from this warm process,
under its guard and with its limits: to start Python anew for each file would take hours.
"""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest

from striate.artifacts.keras_file import assemble
from striate.artifacts.keras_reader import prepare, read_messages
from striate.core.errors import FileFormatError
from striate.models import saving
from striate.models.saving import load
from tests.crash.harness import count, in_children
from tests.crash.keras_mutations import mutated_keras_file

BATCH = 100
FILES = sorted((Path(__file__).parents[1] / "artifacts" / "keras_files").glob("*.[kh]*"))


def load_here(path):
    """What `load` does, with the reader in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saving, "read_keras_file", lambda path: assemble(read_messages(path), str(path)))
        return load(path)


@pytest.fixture(scope="module", autouse=True)
def warm():
    prepare()
    for path in FILES:
        load_here(path)  # so that the children are born with all that loading needs


@pytest.mark.parametrize("batch", range(count(1_000, 20_000) // BATCH))
def test_a_mutated_file_opens_or_is_refused_and_does_nothing(batch, tmp_path):
    paths = []
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        draw = random.Random(number)
        seed = draw.choice(FILES)
        paths.append(tmp_path / f"mutation-{number}{seed.suffix}")
        paths[-1].write_bytes(mutated_keras_file(seed, draw))
    outcomes = in_children([partial(load_here, path) for path in paths], in_one=25)
    for path, outcome in zip(paths, outcomes, strict=True):
        if outcome.kind in ("hung", "died"):
            # HDF5 itself has such holes; the process that reads for `load` has less time than this one had.
            with pytest.raises(FileFormatError, match="more time or memory than such a file can need"):
                load(path)
            continue
        assert outcome.good, f"{path.name}: {outcome}"
        assert outcome.kind == "opened" or path.name in outcome.words
    assert {"opened", "refused"} <= {outcome.kind for outcome in outcomes}
