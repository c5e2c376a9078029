"""The contract of a metric: batches go in one by one, one exact number comes out at the end.

All that a metric remembers is `State`s, and every state is a sum: over uneven batches the result
is exact, and the states of several processes add up to the state of one. Sums are kept in float64
where the device has it, and nothing in `update_state` waits for the device.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, ClassVar, Self

import torch

from striate.core.allowance import take
from striate.core.arrays import as_dtype
from striate.core.registry import snake_case
from striate.metrics.registry import get, serialize
from striate.ops.scores import align_weights, as_scores, divide_or_zero


def precise(device: torch.device) -> torch.dtype:
    """Choose the type to sum in: float64, or float32 on Apple's GPUs, which have no other."""
    return torch.float32 if device.type == "mps" else torch.float64


class State:
    """A sum that grows batch by batch, on the device where the batches are."""

    def __init__(self, shape: Sequence[int] = (), name: str = ""):
        self.name = name
        take(math.prod(shape), f"a metric's state {name!r}")
        self._value = torch.zeros(tuple(shape), dtype=torch.float64)
        # A single sum on the CPU, while nobody looks: Python adds float64 as torch does, only sooner.
        self._number: float | None = None

    @property
    def value(self) -> torch.Tensor:
        """The sum so far."""
        if self._number is not None:
            self._value = torch.tensor(self._number, dtype=torch.float64)
            self._number = None
        return self._value

    @value.setter
    def value(self, value: torch.Tensor) -> None:
        self._value, self._number = value, None

    def assign_add(self, amount: torch.Tensor | float) -> None:
        """Add to the sum."""
        if self._is_number() and (not isinstance(amount, torch.Tensor) or _is_single(amount)):
            before = self._value.item() if self._number is None else self._number
            self._number = before + (amount.item() if isinstance(amount, torch.Tensor) else amount)
            return
        if isinstance(amount, torch.Tensor):
            amount = amount.detach().to(precise(amount.device))
            if amount.device != self.value.device:
                self.value = self.value.to(amount.device, amount.dtype)
        self.value = self.value + amount

    def reset(self) -> None:
        """Begin again at 0."""
        self.value = torch.zeros_like(self.value)

    def _is_number(self) -> bool:
        return self._number is not None or (_is_single(self._value) and self._value.dtype == torch.float64)


def _learns(values: Any) -> bool:
    return isinstance(values, torch.Tensor) and values.requires_grad


def _is_single(tensor: torch.Tensor) -> bool:
    return tensor.ndim == 0 and tensor.is_cpu


class Metric(ABC):
    """Base of all metrics; derive from it, make states by `add_variable`, write two methods.

    >>> class Largest(Metric):
    ...     def __init__(self, name="largest", dtype=None):
    ...         super().__init__(dtype, name)
    ...         self.total = self.add_variable(name="total")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.total.assign_add(y_pred.amax())
    ...     def result(self):
    ...         return self.total.value
    >>> metric = Largest()
    >>> float(metric(torch.zeros(2), torch.tensor([1.0, 3.0])))
    3.0
    """

    def __init__(self, dtype: Any = None, name: str | None = None):
        self.name = name or snake_case(type(self).__name__)
        self.dtype = None if dtype is None else as_dtype(dtype)
        self._states: list[State] = []

    def add_variable(self, shape: Sequence[int] = (), name: str = "") -> State:
        """Make a sum that begins at 0 and that `reset_state` sets back."""
        state = State(shape, name)
        self._states.append(state)
        return state

    @property
    def variables(self) -> list[State]:
        """The sums; to join the work of several processes, add theirs one by one."""
        return list(self._states)

    @abstractmethod
    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""

    @abstractmethod
    def result(self) -> torch.Tensor:
        """Compute the metric over all batches since the last reset."""

    def reset_state(self) -> None:
        """Forget all batches."""
        for state in self._states:
            state.reset()

    def __call__(self, *batch: Any, **options: Any) -> torch.Tensor:
        """Take a batch into account and compute the metric so far."""
        self.update_state(*batch, **options)
        return self.result()

    def finished(self, value: torch.Tensor) -> torch.Tensor:
        """Give a result the type that was asked for."""
        return value if self.dtype is None else value.to(self.dtype)

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        config: dict[str, Any] = {"name": self.name}
        if self.dtype is not None:
            config["dtype"] = str(self.dtype).removeprefix("torch.")
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make a metric from what `get_config` returned."""
        return cls(**config)


class Sum(Metric):
    """The weighted sum of all values.

    >>> float(Sum()([1.0, 3.0]))
    4.0
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None):
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take values into account."""
        values = as_scores(values)
        if sample_weight is not None:
            values = values * align_weights(sample_weight, values)
        self.total.assign_add(values.sum(dtype=precise(values.device)))

    def result(self) -> torch.Tensor:
        """Compute the sum."""
        return self.finished(self.total.value)


class Averaging(Metric):
    """Base of the metrics that are a weighted mean over samples."""

    def __init__(self, name: str | None = None, dtype: Any = None):
        super().__init__(dtype, name)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def add_values(self, values: Any, sample_weight: Any = None) -> None:
        """Add values to the mean: first axis the samples, each the mean over its other axes."""
        right_or_wrong = isinstance(values, torch.Tensor) and values.dtype == torch.bool
        if not right_or_wrong or sample_weight is not None:
            values = as_scores(values)
        wide = precise(values.device)
        samples = values.shape[0] if values.ndim else 1
        each = max(values.numel() // max(samples, 1), 1)
        if sample_weight is None:
            # Counting is quicker than adding up, and exact as well.
            found = values.count_nonzero() if right_or_wrong else values.detach().sum(dtype=wide)
            self.add_counts(found if each == 1 else found.to(wide) / each, samples)
            return
        weights = align_weights(sample_weight, values)
        self.total.assign_add((values * weights).sum(dtype=wide) / each)
        self.count.assign_add(weights.expand_as(values).sum(dtype=wide) / each)

    def add_counts(self, total: torch.Tensor | float, samples: int) -> None:
        """Add samples whose values add up to `total`."""
        self.total.assign_add(total)
        self.count.assign_add(samples)

    def mean(self) -> torch.Tensor:
        """Compute the mean so far; 0 before the first sample."""
        return divide_or_zero(self.total.value, self.count.value)

    def result(self) -> torch.Tensor:
        """Compute the mean over all samples."""
        return self.finished(self.mean())


class Mean(Averaging):
    """The weighted mean of all values.

    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0, 5.0])
    >>> float(mean([7.0]))
    4.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None):
        super().__init__(name, dtype)

    def update_state(self, values: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take values into account."""
        self.add_values(values, sample_weight)


class FunctionMetric(Averaging):
    """Base of the metrics that are the mean of one function, named by the class attribute `function`.

    Options given by keyword become attributes, arguments of the function, and part of the config.
    """

    function: ClassVar[Callable[..., torch.Tensor]]
    default_name: ClassVar[str | None] = None

    def __init__(self, name: str | None = None, dtype: Any = None, **options: Any):
        super().__init__(name or self.default_name, dtype)
        self._options = tuple(options)
        for key, value in options.items():
            setattr(self, key, value)

    def options(self) -> dict[str, Any]:
        """List the arguments that the function gets beside labels and answers."""
        return {key: getattr(self, key) for key in self._options}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        # The sums keep no graph in any case; only where there would be one is it worth forbidding it.
        with torch.no_grad() if _learns(y_pred) else nullcontext():
            self.add_values(type(self).function(y_true, y_pred, **self.options()), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Describe the metric so that `from_config` can make it again."""
        return {**super().get_config(), **self.options()}


class MeanMetricWrapper(Averaging):
    """The mean of a person's function `fn(y_true, y_pred, **kwargs)`, one value a sample.

    An object with `call`, such as a loss, is asked for that, so that its reduction does not come
    before the mean over all batches.

    >>> metric = MeanMetricWrapper(lambda y_true, y_pred: (y_true - y_pred).abs().amax(-1), name="furthest")
    >>> float(metric(torch.zeros(1, 2), torch.tensor([[1.0, -3.0]])))
    3.0
    """

    def __init__(
        self, fn: Callable[..., torch.Tensor], name: str | None = None, dtype: Any = None, **kwargs: Any
    ):
        super().__init__(name or getattr(fn, "__name__", None) or getattr(fn, "name", None), dtype)
        self.fn = fn
        self.kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        with torch.no_grad():
            measure = getattr(self.fn, "call", self.fn)
            self.add_values(measure(y_true, y_pred, **self.kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Describe the metric; the function goes by its name."""
        return {**super().get_config(), "fn": serialize(self.fn), **self.kwargs}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make a metric from what `get_config` returned; `fn` is a known name or the function itself."""
        rest = dict(config)
        fn = rest.pop("fn")
        return cls(get(fn) if isinstance(fn, str) else fn, **rest)
