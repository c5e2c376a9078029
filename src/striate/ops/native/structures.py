"""The structures that cross the border to the kernels, as `source/striate.h` has them."""

from __future__ import annotations

import ctypes

INTERFACE = 1
CONVOLUTION, NORMALIZATION, FIRST, DENSE, GLOBAL = range(5)

# fmt: off
_WHOLE = (
    "kind", "bf16", "training", "input_is_fp32", "output_is_fp32", "input_gradient",
    "height", "width", "channels", "filters", "window_height", "window_width",
    "stride_height", "stride_width", "dilation_height", "dilation_width", "top", "left",
    "map_height", "map_width", "relu",
    "pool_height", "pool_width", "pool_top", "pool_left", "output_height", "output_width", "maximum",
)
_SHARES = ("dropout", "epsilon", "momentum")
_POINTERS = (
    "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance",
    "kernel_gradient", "bias_gradient", "gamma_gradient", "beta_gradient",
)
_PLACES = (
    "kept_output", "kept_choice", "kept_moments", "kept_other", "work_packed", "work_packed_back",
    "work_partial", "partial_stride", "work_other", "work_other_back", "work_gradient", "seat_gradient",
)
# fmt: on


class Block(ctypes.Structure):
    """One fused run of layers: what it does, its weights, and where its maps lie."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in _WHOLE),
        *((name, ctypes.c_float) for name in _SHARES),
        ("dropout_key", ctypes.c_uint64),
        *((name, ctypes.c_void_p) for name in _POINTERS),
        *((name, ctypes.c_int64) for name in _PLACES),
    ]


class Pass(ctypes.Structure):
    """One pass of a batch through a row of blocks."""

    _fields_ = [
        ("blocks", ctypes.POINTER(Block)),
        *((name, ctypes.c_int32) for name in ("count", "batch", "slots", "packed", "threads", "seats")),
        *(
            (name, ctypes.c_int64)
            for name in ("first_example", "kept_bytes", "work_bytes", "work_seats", "seat_bytes")
        ),
        *(
            (name, ctypes.c_void_p)
            for name in ("input", "output", "output_gradient", "input_gradient", "kept", "work", "unsound")
        ),
    ]
