"""The contract of a loss: labels and answers in, one number to make smaller out.

A loss has `call(y_true, y_pred)`, which gives one value a sample, and a `reduction` that turns
those into one number. `loss(y_true, y_pred, sample_weight)` does both. Losses whose mathematics
is a function derive from `FunctionLoss` and name it; a person's own function is wrapped by
`LossFunctionWrapper`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import torch

from striate.core.arrays import as_dtype, as_tensor
from striate.core.registry import snake_case
from striate.losses.reduction import MEANS, check_reduction, reduce_values
from striate.losses.registry import get, serialize
from striate.ops.scores import as_scores, same_rank


class Loss(ABC):
    """Base of all losses; derive from it and write `call`.

    What labels look like is said by `targets`, so that mistakes can be found before training:
    'binary' (0 or 1 for each unit), 'one_hot' (a column a class), 'index' (class numbers), or
    None where anything goes.

    >>> class Furthest(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return (y_true - y_pred).abs().amax(-1)
    >>> Furthest()(torch.zeros(1, 2), torch.tensor([[1.0, -3.0]]))
    tensor(3.)
    """

    targets: ClassVar[str | None] = None

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ):
        self.name = name or snake_case(type(self).__name__)
        self.reduction = check_reduction(reduction)
        self.dtype = None if dtype is None else as_dtype(dtype)

    @abstractmethod
    def call(self, y_true: Any, y_pred: Any) -> torch.Tensor:
        """Measure each sample."""

    def mask(self, y_true: Any, values: torch.Tensor) -> torch.Tensor | None:
        """Say which values count towards a mean; None means all."""
        return None

    def fused(self, y_true: Any, y_pred: torch.Tensor) -> torch.Tensor | None:
        """Compute the plain mean over all samples at once, where that is faster; else None."""
        return None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> torch.Tensor:
        """Measure, weigh and reduce.

        Shape:
            y_true and y_pred (batch, ...); sample_weight (batch,) or as the values; out ().
        """
        y_pred = as_scores(y_pred, self.dtype)
        if sample_weight is None and self.reduction in MEANS and y_pred.numel():
            mean = self.fused(y_true, y_pred)
            if mean is not None:
                return mean
        values = self.call(y_true, y_pred)
        return reduce_values(values, sample_weight, self.mask(y_true, values), self.reduction)

    def get_config(self) -> dict[str, Any]:
        """Describe the loss so that `from_config` can make it again."""
        config: dict[str, Any] = {"name": self.name, "reduction": self.reduction}
        if self.dtype is not None:
            config["dtype"] = str(self.dtype).removeprefix("torch.")
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make a loss from what `get_config` returned."""
        return cls(**config)


class FunctionLoss(Loss):
    """Base of the losses whose mathematics is one function, named by the class attribute `function`.

    Options given by keyword become attributes, arguments of the function, and part of the config.
    """

    function: ClassVar[Callable[..., torch.Tensor]]
    default_name: ClassVar[str | None] = None

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **options: Any,
    ):
        super().__init__(name=name or self.default_name, reduction=reduction, dtype=dtype)
        self._options = tuple(options)
        for key, value in options.items():
            setattr(self, key, value)

    def options(self) -> dict[str, Any]:
        """List the arguments that the function gets beside labels and answers."""
        return {key: getattr(self, key) for key in self._options}

    def call(self, y_true: Any, y_pred: Any) -> torch.Tensor:
        """Measure each sample."""
        return type(self).function(y_true, y_pred, **self.options())

    def get_config(self) -> dict[str, Any]:
        """Describe the loss so that `from_config` can make it again."""
        return {**super().get_config(), **self.options()}


class LossFunctionWrapper(Loss):
    """A loss made of a person's function `fn(y_true, y_pred, **kwargs)`, one value a sample.

    >>> loss = LossFunctionWrapper(lambda y_true, y_pred: (y_true - y_pred).abs().amax(-1))
    >>> loss(torch.zeros(1, 2), torch.tensor([[1.0, -3.0]]))
    tensor(3.)
    """

    def __init__(
        self,
        fn: Callable[..., torch.Tensor],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(name=name or getattr(fn, "__name__", None), reduction=reduction, dtype=dtype)
        self.fn = fn
        self.kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> torch.Tensor:
        """Measure each sample with the function."""
        predictions = as_scores(y_pred)
        targets = as_tensor(y_true).to(predictions.device, predictions.dtype)
        return self.fn(*same_rank(targets, predictions), **self.kwargs)

    def get_config(self) -> dict[str, Any]:
        """Describe the loss; the function goes by its name."""
        return {**super().get_config(), "fn": serialize(self.fn), **self.kwargs}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make a loss from what `get_config` returned; `fn` is a known name or the function itself."""
        rest = dict(config)
        return cls(get(rest.pop("fn")), **rest)
