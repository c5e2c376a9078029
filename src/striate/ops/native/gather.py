"""Putting a batch together: rows of a tensor by their numbers."""

from __future__ import annotations

import torch

from striate.ops.native.library import explain_native


def gather_rows(source: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Copy rows of the first axis, in the order of their numbers.

    Natively where there are kernels: all threads that compute take part, without PyTorch's own.

    Shape:
        source (examples, ...); rows (count,) whole numbers from 0; out (count, ...).
    """
    library = explain_native().value
    on_cpu = source.device.type == "cpu" and rows.dtype == torch.int64 and rows.is_contiguous()
    if library is None or not on_cpu or not source.is_contiguous() or not len(rows):
        return torch.index_select(source, 0, rows.to(source.device))
    # The kernel trusts its numbers.
    first, last = torch.aminmax(rows)
    if first < 0 or last >= len(source):
        return torch.index_select(source, 0, rows)
    gathered = torch.empty((len(rows), *source.shape[1:]), dtype=source.dtype)
    size = gathered.nbytes // len(rows)
    library.functions.striate_gather(source.data_ptr(), size, rows.data_ptr(), len(rows), gathered.data_ptr())
    return gathered
