"""What a library has no kernel for is said, so that the layers run themselves."""

from __future__ import annotations

import pytest
import torch

from striate.ops.native.library import native_library
from striate.ops.native.part import Part, Setting
from striate.ops.native.program import Program
from striate.ops.native.structures import GLOBAL


def test_a_block_without_a_kernel_is_refused():
    library = native_library()
    if library is None:
        pytest.skip("no native kernels here")
    sizes = {"height": 4, "width": 4, "channels": 3, "filters": 3, "relu": 1}
    sizes |= {"output_height": 1, "output_width": 1}
    setting = Setting(2, False, True, torch.float32, torch.float32, False)
    with pytest.raises(NotImplementedError, match="no native kernel for one of the blocks"):
        Program(library, [Part(GLOBAL, sizes, {})], setting)
