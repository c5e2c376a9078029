"""Sizes: output lengths, padding, receptive fields. Plain integers, no tensors.

Lengths may be None where a size is not known before data come; None goes in, None comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from striate.core.errors import ArgumentError

Shape = tuple[int | None, ...]

PADDINGS = ("valid", "same", "causal")


def per_axis(value: int | Iterable[int], rank: int, name: str, *, least: int = 1) -> tuple[int, ...]:
    """Make one whole number an axis out of a single number or a sequence of `rank` numbers.

    Raises:
        ArgumentError: a wrong count, something that is no whole number, or one below `least`.
    """
    if isinstance(value, Iterable) and not isinstance(value, str):
        numbers = tuple(value)
    else:
        numbers = (value,) * rank
    wanted = f"{name} takes one whole number" + (f" or {rank}, each" if rank > 1 else ",")
    wanted += f" at least {least}"
    if len(numbers) != rank:
        raise ArgumentError(f"{wanted}; got {value!r}.")
    for number in numbers:
        if isinstance(number, bool) or not hasattr(number, "__index__") or int(number) < least:
            raise ArgumentError(f"{wanted}; got {value!r}.")
    return tuple(int(number) for number in numbers)


def check_choice(value: str, choices: Sequence[str], name: str) -> str:
    """Hand back `value` in lower case if it is one of `choices`.

    Raises:
        ArgumentError: anything else.
    """
    lowered = value.lower() if isinstance(value, str) else value
    if lowered not in choices:
        raise ArgumentError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}.")
    return lowered


def window_extent(size: int, dilation: int) -> int:
    """How many input steps a window spans: `(size - 1) * dilation + 1`."""
    return (size - 1) * dilation + 1


def padding_amount(
    length: int | None, size: int, stride: int, padding: str, dilation: int = 1
) -> tuple[int, int]:
    """How many steps are added before and after an axis, as TensorFlow does: the odd one goes after.

    Raises:
        ArgumentError: 'same' with a stride above 1 where the length is not known.
    """
    extent = window_extent(size, dilation)
    if padding == "valid":
        return 0, 0
    if padding == "causal":
        return extent - 1, 0
    if stride == 1:
        total = extent - 1
    elif length is None:
        raise ArgumentError("padding='same' with a stride above 1 needs to know the input's length.")
    else:
        total = max((-(-length // stride) - 1) * stride + extent - length, 0)
    return total // 2, total - total // 2


def output_length(length: int | None, size: int, stride: int, padding: str, dilation: int = 1) -> int | None:
    """The length of an axis after a window has slid over it; 0 or less where it does not fit once."""
    if length is None:
        return None
    if padding == "valid":
        return (length - window_extent(size, dilation)) // stride + 1
    return -(-length // stride)


def receptive_step(field: int, jump: int, size: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Carry a receptive field through one more window.

    `field` is how many input pixels one unit sees, `jump` how many input pixels lie between
    two neighbouring units. (Araujo, Norris and Sim, "Computing receptive fields of
    convolutional neural networks", Distill 2019, equation 2.)

    >>> receptive_step(*receptive_step(1, 1, 3, 1), 2, 2)
    (4, 2)
    """
    return field + (window_extent(size, dilation) - 1) * jump, jump * stride


def product(sizes: Iterable[int | None]) -> int | None:
    """Multiply sizes; None where one of them is not known."""
    result = 1
    for size in sizes:
        if size is None:
            return None
        result *= size
    return result


def format_shape(shape: Sequence[int | None]) -> str:
    """Write a shape as Python would: (None, 28, 28, 1)."""
    return "(" + ", ".join(str(size) for size in shape) + ("," if len(shape) == 1 else "") + ")"


def format_bytes(count: float) -> str:
    """Write a size in bytes for people: 136.04 KB (1 KB is 1,024 bytes, as in Keras's summary)."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024:
            return f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} TB"
