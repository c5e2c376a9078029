from __future__ import annotations

import numpy as np
import torch

from striate.callbacks import LazyLogs
from striate.callbacks.logs import as_number, as_numbers


def test_lazy_logs_are_computed_once_and_only_when_read():
    calls = []

    def compute():
        calls.append(1)
        return {"loss": torch.tensor(0.5), "accuracy": 0.25}

    logs = LazyLogs(compute)
    assert (logs or {}) is logs
    assert calls == []
    assert logs["loss"] == 0.5
    assert dict(logs) == logs.copy() == {"loss": 0.5, "accuracy": 0.25}
    assert "accuracy" in logs
    assert logs.get("nothing") is None
    assert len(logs) == 2
    assert calls == [1]


def test_single_elements_become_floats_and_several_a_list():
    assert as_number(torch.tensor([0.5], requires_grad=True)) == 0.5
    assert as_number(np.float32(0.25)) == 0.25
    assert as_number(np.array([1.0, 2.0])) == [1.0, 2.0]
    assert as_number("text") == "text"
    assert as_numbers(None) == {}
    assert isinstance(as_numbers({"loss": torch.tensor(1.0)})["loss"], float)
