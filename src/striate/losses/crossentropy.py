"""The cross-entropies: losses for networks that answer with probabilities of classes, or their logits."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from striate.core.arrays import as_tensor
from striate.losses.base import FunctionLoss
from striate.ops import scores


class BinaryCrossentropy(FunctionLoss):
    """The loss for yes or no: one unit, or several that are each right or wrong by themselves.

    `from_logits=True` says that the last layer has no sigmoid. Label smoothing s makes 0 and 1
    into s/2 and 1 - s/2.

    Shape:
        y_true and y_pred (batch, ..., units); labels 0 or 1, or anything between.

    >>> BinaryCrossentropy()([[1.0], [0.0]], [[0.5], [0.5]])
    tensor(0.6931)
    """

    function = staticmethod(scores.binary_crossentropy)
    targets = "binary"
    from_logits: bool
    label_smoothing: float
    axis: int

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            reduction, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis
        )

    def fused(self, y_true: Any, y_pred: torch.Tensor) -> torch.Tensor | None:
        """Measure in one pass; probabilities only on the CPU, where they can be looked at."""
        if not self.from_logits and (y_pred.device.type != "cpu" or self.axis != -1):
            return None
        targets, answers = scores.pair(y_true, y_pred, self.name)
        targets = scores.smooth_binary(targets, self.label_smoothing)
        if self.from_logits:
            return F.binary_cross_entropy_with_logits(answers, targets)
        try:
            return F.binary_cross_entropy(answers.clamp(scores.EPSILON, 1 - scores.EPSILON), targets)
        except RuntimeError:
            # torch refuses NaN, and labels outside 0 to 1; both have a value here.
            return None


class CategoricalCrossentropy(FunctionLoss):
    """The loss for one class out of several, labels as columns (one-hot, or shares that sum to 1).

    `from_logits=True` says that the last layer has no softmax.

    Shape:
        y_true and y_pred (batch, ..., classes).

    >>> CategoricalCrossentropy()([[0.0, 1.0]], [[0.75, 0.25]])
    tensor(1.3863)
    """

    function = staticmethod(scores.categorical_crossentropy)
    targets = "one_hot"
    from_logits: bool
    label_smoothing: float
    axis: int

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            reduction, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis
        )

    def fused(self, y_true: Any, y_pred: torch.Tensor) -> torch.Tensor | None:
        """Measure in one pass, or in fewer than sample by sample."""
        if self.axis not in (-1, y_pred.ndim - 1):
            return None
        targets, answers = scores.pair(y_true, y_pred, self.name)
        classes = answers.shape[-1]
        targets = scores.smooth_categorical(targets, self.label_smoothing)
        if self.from_logits:
            return F.cross_entropy(answers.reshape(-1, classes), targets.reshape(-1, classes))
        logs = scores.log_probabilities(answers, from_logits=False)
        return (targets * logs).sum() / -(answers.numel() // classes)


class SparseCategoricalCrossentropy(FunctionLoss):
    """The loss for one class out of several, labels as class numbers counted from 0.

    `from_logits=True` says that the last layer has no softmax. Samples labelled `ignore_class`
    neither cost anything nor count in a mean.

    Shape:
        y_true (batch, ...) or (batch, ..., 1); y_pred (batch, ..., classes).

    Raises:
        LabelError: a number without a class.

    >>> SparseCategoricalCrossentropy()([1], [[0.75, 0.25]])
    tensor(1.3863)
    """

    function = staticmethod(scores.sparse_categorical_crossentropy)
    targets = "index"
    from_logits: bool
    ignore_class: int | None
    axis: int

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            reduction, name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis
        )

    def fused(self, y_true: Any, y_pred: torch.Tensor) -> torch.Tensor | None:
        """Measure in one pass, or in fewer than sample by sample."""
        if self.ignore_class is not None or self.axis not in (-1, y_pred.ndim - 1):
            return None
        answers = y_pred.reshape(-1, y_pred.shape[-1])
        labels = scores.class_numbers(y_true, y_pred).reshape(-1)
        scores.check_range(labels, answers.shape[-1])
        # torch skips one label, -100 unless told another; here no label may be skipped in silence.
        if self.from_logits:
            return F.cross_entropy(answers, labels, ignore_index=_NEVER)
        logs = scores.log_probabilities(scores.as_scores(answers), from_logits=False)
        return F.nll_loss(logs, labels, ignore_index=_NEVER)

    def mask(self, y_true: Any, values: torch.Tensor) -> torch.Tensor | None:
        """Count the samples that are not labelled `ignore_class`."""
        if self.ignore_class is None:
            return None
        labels = as_tensor(y_true).to(values.device)
        return (labels != self.ignore_class).reshape(values.shape)


_NEVER = -(2**62)


class BinaryFocalCrossentropy(FunctionLoss):
    """Binary cross-entropy in which easy samples count less, by (1 - p_t)^gamma.

    `apply_class_balancing=True` weighs class 1 by alpha and class 0 by 1 - alpha.
    (Lin et al., "Focal loss for dense object detection", arXiv:1708.02002.)

    >>> BinaryFocalCrossentropy()([[1.0]], [[0.5]])
    tensor(0.1733)
    """

    function = staticmethod(scores.binary_focal_crossentropy)
    targets = "binary"
    from_logits: bool

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalFocalCrossentropy(FunctionLoss):
    """Categorical cross-entropy in which easy samples count less, by alpha (1 - p)^gamma.

    alpha is one number, or a list with one a class.
    (Lin et al., "Focal loss for dense object detection", arXiv:1708.02002.)

    >>> CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])
    tensor(0.0433)
    """

    function = staticmethod(scores.categorical_focal_crossentropy)
    targets = "one_hot"
    from_logits: bool

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
