"""What `fit` does with its data before the first step: checks, the validation part, batch sizes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from striate.core.errors import ArgumentError, DataError, StateError
from striate.core.tree import leaves
from striate.training.augmenting import make_change
from striate.training.batch import unpack
from striate.training.checks import check_finite, check_range, check_split_classes, value_range
from striate.training.feed import (
    ArrayFeed,
    Feed,
    IterableFeed,
    as_arrays,
    check_batch_size,
    count_examples,
    holds_arrays,
    take,
)


@dataclass(frozen=True)
class FitData:
    """The person's data as given to `fit`."""

    x: Any
    y: Any
    weights: Any
    validation: Any = None
    class_weight: dict[int, float] | None = None
    augment: Any = None


@dataclass(frozen=True)
class Cut:
    """How the data are cut: into batches, and into a part to train on and one to validate on."""

    batch_size: int | None = None
    steps: int | None = None
    validation_split: float = 0.0
    validation_batch_size: int | None = None
    shuffle: bool = True


@dataclass(frozen=True)
class FitFeeds:
    """What training passes over, what is scored after each epoch, and the values' range."""

    train: Feed
    validation: Feed | None
    input_range: tuple[float, float] | None


def prepare_fit(data: FitData, cut: Cut, device: torch.device) -> FitFeeds:
    """Turn what was given to `fit` into feeds.

    Raises:
        DataError: no data, NaN in them, lengths that differ, an empty split.
        LabelError: classes that only the validation part has.
        ArgumentError: arguments that contradict each other.
    """
    if data.x is None or not holds_arrays(data.x):
        return _from_iterable(data, cut, device)
    data = replace(data, x=as_arrays(data.x), y=as_arrays(data.y), weights=as_arrays(data.weights))
    check_finite(data.x)
    data = split_off(data, cut.validation_split)
    if data.class_weight is not None:
        data = replace(data, weights=weights_by_class(data.y, data.class_weight, data.weights))
    size = check_batch_size(cut.batch_size)
    if cut.batch_size is None and cut.steps is not None:
        # Keras 2's meaning, kept: the whole array in so many steps.
        size = max(-(-count_examples(data.x) // cut.steps), 1)
    change = make_change(data.augment, data.x)
    train = ArrayFeed(data.x, data.y, data.weights, size, device, cut.shuffle, change=change)
    found = value_range(data.x)
    validation = _validation_feed(
        data.validation, check_batch_size(cut.validation_batch_size, size), device, found
    )
    return FitFeeds(train, validation, found)


def split_off(data: FitData, share: float) -> FitData:
    """Take the last `share` of the examples as validation data; `validation_data` goes first.

    Raises:
        ArgumentError: a share that is not from 0 to below 1.
        DataError: a part without examples.
        LabelError: classes that only the validation part has.
    """
    if not 0 <= share < 1:
        raise ArgumentError(f"validation_split is a share from 0 to below 1; got {share!r}.")
    if not share or data.validation is not None:
        return data
    examples = count_examples(data.x)
    kept = int(examples * (1 - share))
    if kept in (0, examples):
        raise DataError(
            f"validation_split={share:g} of {examples} examples leaves one part empty: "
            f"{kept} to train on, {examples - kept} to validate on. Give more examples or another share."
        )
    arrays = (data.x, data.y, data.weights)
    first, last = ([take(part, *cut) for part in arrays] for cut in ((None, kept), (kept, None)))
    check_split_classes(first[1], last[1])
    return replace(data, x=first[0], y=first[1], weights=first[2], validation=tuple(last))


def weights_by_class(labels: Any, class_weight: dict[int, float], weights: Any) -> np.ndarray:
    """Make sample weights of a dict from class number to weight; given sample weights multiply.

    Classes that the dict leaves out weigh 1, as in Keras.

    Raises:
        ArgumentError: labels of several outputs, or weights for classes that are not in the labels.
    """
    found = [leaf for leaf in leaves(labels) if leaf is not None]
    if len(found) != 1:
        raise ArgumentError("class_weight needs the labels of one output.")
    numbers = np.asarray(found[0])
    numbers = numbers.argmax(axis=-1) if numbers.ndim == 2 and numbers.shape[1] > 1 else numbers.reshape(-1)
    numbers = numbers.astype(np.int64)
    top = int(numbers.max(initial=0))
    strangers = sorted(int(label) for label in class_weight if not 0 <= int(label) <= top)
    if strangers:
        raise ArgumentError(
            f"class_weight has weights for the classes {strangers}, but the labels run from 0 to {top}."
        )
    table = np.ones(top + 1, np.float32)
    for label, weight in class_weight.items():
        table[int(label)] = weight
    by_class = table[numbers]
    return by_class if weights is None else by_class * np.asarray(weights)


def make_feed(x: Any, y: Any, weights: Any, batch_size: int, device: torch.device) -> Feed:
    """Make the feed for data to score or to predict, in their own order.

    Raises:
        DataError: no data, or lengths that differ.
    """
    if x is None:
        raise DataError("there are no data: x is None.")
    if holds_arrays(x):
        return ArrayFeed(x, y, weights, batch_size, device)
    if y is not None:
        raise ArgumentError(
            f"{type(x).__name__} must yield its labels itself, as (x, y); y cannot be given beside it."
        )
    return IterableFeed(x, device)


def _from_iterable(data: FitData, cut: Cut, device: torch.device) -> FitFeeds:
    if data.x is None:
        raise DataError("there is nothing to train on: x is None.")
    if data.y is not None or data.weights is not None or data.class_weight is not None:
        raise ArgumentError(
            f"{type(data.x).__name__} must yield labels and weights itself, "
            "as (x, y) or (x, y, sample_weight)."
        )
    if cut.validation_split:
        raise ArgumentError("validation_split takes arrays; give validation_data for what yields batches.")
    if not hasattr(data.x, "__iter__") and not hasattr(data.x, "__getitem__"):
        raise DataError(f"expected arrays or something that yields batches; got {type(data.x).__name__}.")
    size = check_batch_size(cut.validation_batch_size, check_batch_size(cut.batch_size))
    feed = IterableFeed(data.x, device, make_change(data.augment))
    return FitFeeds(feed, _validation_feed(data.validation, size, device), None)


def _validation_feed(
    validation: Any, batch_size: int, device: torch.device, trained_on: tuple[float, float] | None = None
) -> Feed | None:
    if validation is None:
        return None
    if isinstance(validation, tuple) or (isinstance(validation, list) and _are_parts(validation)):
        x, y, weights = unpack(validation)
        feed = ArrayFeed(x, y, weights, batch_size, device)
        check_finite(feed.x, "the validation data")
        check_range(trained_on, feed.x)
        return feed
    if not hasattr(validation, "__len__"):
        raise StateError(
            "validation_data that yields batches must have a length and start again each epoch; "
            "a generator is used up after one. Make it a list or a DataLoader."
        )
    return IterableFeed(validation, device)


def _are_parts(validation: list[Any]) -> bool:
    """Whether this is [x, y] or [x, y, weights], of which some may be None, and not a list of batches."""
    return holds_arrays([part for part in validation if part is not None])
