from __future__ import annotations

import numpy as np
import pytest

from striate.utils import set_random_seed


@pytest.fixture(autouse=True)
def seeded():
    """One seed for every test here, so that a failure comes back when it is looked at alone."""
    set_random_seed(7)


@pytest.fixture
def images():
    return np.random.default_rng(0).random((20, 5, 5, 1), np.float32)


@pytest.fixture
def labels():
    return np.arange(20) % 3
