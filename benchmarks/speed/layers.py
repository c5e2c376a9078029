"""The rows that the networks are written in, one description for every library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Conv:
    """A convolution, with ReLU behind it or without."""

    filters: int
    kernel: int = 3
    padding: str = "valid"
    relu: bool = True


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation by channel."""


@dataclass(frozen=True)
class Relu:
    """A ReLU that is a layer of its own."""


@dataclass(frozen=True)
class Pool:
    """Max pooling whose steps are as long as its window."""

    size: int = 2


@dataclass(frozen=True)
class Dropout:
    """Dropout, active in training."""

    rate: float


@dataclass(frozen=True)
class Flatten:
    """All values of an example in one row."""


@dataclass(frozen=True)
class GlobalAverage:
    """The mean of each channel over all positions."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer; the last one of a network has no activation here."""

    units: int
    relu: bool = False


Row = Conv | BatchNorm | Relu | Pool | Dropout | Flatten | GlobalAverage | Dense


def shape_after(row: Row, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Say what shape one example has behind a row.

    Shape:
        in and out without the batch, channels last.
    """
    *places, channels = shape
    if isinstance(row, Conv):
        lost = row.kernel - 1 if row.padding == "valid" else 0
        return (*(place - lost for place in places), row.filters)
    if isinstance(row, Pool):
        return (*(place // row.size for place in places), channels)
    if isinstance(row, Flatten):
        length = channels
        for place in places:
            length *= place
        return (length,)
    if isinstance(row, GlobalAverage):
        return (channels,)
    if isinstance(row, Dense):
        return (*places, row.units)
    return shape
