"""The plan needs kernels; without them its tests have nothing to test."""

from __future__ import annotations

import pytest

from striate.ops.native.library import explain_native


@pytest.fixture(autouse=True)
def kernels():
    """The plan needs kernels; without a compiler, or with STRIATE_NATIVE=0, there is nothing to test."""
    if explain_native().value is None:
        pytest.skip(explain_native().reason)
