"""Loss and metrics of one pass over data, for networks with one or several outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch

from striate import losses, metrics
from striate.core.arrays import plain
from striate.core.errors import ArgumentError, did_you_mean
from striate.metrics.base import precise
from striate.training.compiled import WAITING, Compiled
from striate.training.denominators import correction


class Scores:
    """Computes the loss of a batch and keeps loss and metrics over many batches.

    Made when the first outputs are known: 'accuracy' becomes the right kind by the loss and
    the shapes. Values are kept as tensors and read only when somebody asks, so that no step
    waits for a GPU.

    Raises:
        ArgumentError: losses or metrics for outputs that there are not.
    """

    def __init__(self, compiled: Compiled, outputs: Any, targets: Any, names: list[str] | None):
        found = named_parts(outputs, names)
        self.names = list(found)
        wanted = self._align(targets, "labels")
        self.losses = {}
        for name, loss in self._align(compiled.loss, "loss", spread=True).items():
            shape = (None, *found[name].shape[1:])
            target_shape = () if wanted[name] is None else tuple(wanted[name].shape)
            self.losses[name] = losses.as_loss(loss, shape, target_shape)
        weights = compiled.loss_weights
        self.loss_weights = self._align(1.0 if weights is None else weights, "loss_weights", spread=True)
        self.metrics = self._metrics_for(compiled.metrics, found, wanted)
        self.weighted_metrics = self._metrics_for(compiled.weighted_metrics, found, wanted)
        # Adds tensors up over the processes that train together, where there are several.
        self.sums: Callable[[list[torch.Tensor]], list[torch.Tensor]] | None = None
        self.reset()

    def reset(self) -> None:
        """Start a new pass."""
        # Numbers on the CPU, where reading one costs less than an operation on it.
        self._sums: dict[str, torch.Tensor | float] = {}
        self._count = 0
        for metric in self._all_metrics():
            metric.reset_state()

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Hold for a while what the processes have counted together."""
        if self.sums is None:
            yield
            return
        variables = [variable for metric in self._all_metrics() for variable in metric.variables]
        own = self._count, self._sums, [variable.value for variable in variables]
        count, *found = self.sums([torch.tensor(float(self._count)), *self._tensors(), *own[2]])
        self._count, self._sums = round(float(count)), dict(zip(self._sums, found, strict=False))
        for variable, value in zip(variables, found[len(self._sums) :], strict=True):
            variable.value = value
        try:
            yield
        finally:
            self._count, self._sums = own[:2]
            for variable, value in zip(variables, own[2], strict=True):
                variable.value = value

    def empty(self) -> None:
        """Have nothing counted, but know what is: another process goes on with what was."""
        self._count = 0
        self._sums = dict(zip(self._sums, map(torch.zeros_like, self._tensors()), strict=True))
        for metric in self._all_metrics():
            metric.reset_state()

    def get_state(self) -> dict[str, Any]:
        """Everything counted in so far, as arrays."""
        kept = [[state.value for state in metric.variables] for metric in self._all_metrics()]
        sums = zip(self._sums, self._tensors(), strict=True)
        return {
            "count": self._count,
            "sums": {key: plain(value).numpy() for key, value in sums},
            "metrics": [[plain(value).numpy() for value in values] for values in kept],
        }

    def set_state(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on counting where `get_state` was asked."""
        self._count = int(state["count"])
        on_cpu = device.type == "cpu"
        self._sums = {
            key: float(value) if on_cpu else _tensor(value, device) for key, value in state["sums"].items()
        }
        for metric, values in zip(self._all_metrics(), state["metrics"], strict=True):
            for variable, value in zip(metric.variables, values, strict=True):
                variable.value = _tensor(value, device)

    def _tensors(self) -> list[torch.Tensor]:
        sums = self._sums.values()
        return [s if isinstance(s, torch.Tensor) else torch.tensor(s, dtype=torch.float64) for s in sums]

    def _all_metrics(self) -> list[Any]:
        return [metric for _, _, metric in (*self.metrics, *self.weighted_metrics)]

    def check_targets(self, outputs: Any, targets: Any) -> None:
        """Look at all labels once, whether each loss can mean them.

        Raises:
            LabelError: labels that do not fit, in words.
        """
        wanted = self._align(targets, "labels")
        for name, answers in named_parts(outputs, self.names).items():
            if self.losses[name] is not None and wanted[name] is not None:
                losses.check_targets(self.losses[name], wanted[name], (None, *answers.shape[1:]))

    def loss(
        self, outputs: Any, targets: Any, weights: Any, share: float = 1.0, counts: bool = True
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Compute the weighted sum of all losses, and each by its output's name.

        For a part of a batch, `share` says how much of it: losses that add up over the examples
        are scaled to what a whole batch of such examples would give, as means are by themselves. Where
        `counts` is False the part stands for no example, and joins in what the processes do together.
        """
        found = named_parts(outputs, self.names)
        wanted, weight = self._align(targets, "labels"), self._align(weights, "sample weights", spread=True)
        parts = {
            name: loss(wanted[name], found[name], weight[name])
            for name, loss in self.losses.items()
            if loss is not None and wanted[name] is not None
        }
        if not parts:
            raise ArgumentError(
                "there is nothing to learn from: give compile a loss, and fit labels for it "
                "(y, or pairs of data and labels)."
            )
        for name, part in parts.items():
            loss = self.losses[name]
            if part.ndim:
                raise ArgumentError(
                    f"loss {loss.name!r} gives a value for each example (reduction={loss.reduction!r}); "
                    "training needs one number: use reduction='sum_over_batch_size'."
                )
            if share != 1.0 and loss.reduction == "sum":
                parts[name] = part / share
            elif self.sums is not None:
                rows = len(found[name]) if counts else 0
                parts[name] = part * correction(
                    loss, wanted[name], found[name], weight[name], rows, self.sums
                )
        weighing = {name: self.loss_weights[name] or 0.0 for name in parts}
        terms = [part if weighing[name] == 1.0 else part * weighing[name] for name, part in parts.items()]
        total = terms[0] if len(terms) == 1 else torch.stack(terms).sum()
        return total, parts

    def update(
        self,
        outputs: Any,
        targets: Any,
        weights: Any,
        total: torch.Tensor,
        parts: Mapping[str, torch.Tensor],
        size: int,
    ) -> None:
        """Count a batch in: its losses by its number of examples, its answers for the metrics.

        With `size` 0 nothing is counted; it only becomes known what there is to count.
        """
        noted = {"loss": total}
        if len(self.names) > 1:
            noted |= {f"{name}_loss": part for name, part in parts.items()}
        self.count({key: _times(value.detach(), size) for key, value in noted.items()}, size)
        if not (self.metrics or self.weighted_metrics):
            return
        found, wanted = named_parts(outputs, self.names), self._align(targets, "labels")
        weight = self._align(weights, "sample weights", spread=True)
        with nullcontext() if size else self._nothing_counted():
            for name, _, metric in self.metrics:
                metric.update_state(wanted[name], found[name].detach())
            for name, _, metric in self.weighted_metrics:
                metric.update_state(wanted[name], found[name].detach(), weight[name])

    def count(self, sums: Mapping[str, torch.Tensor | float], size: int) -> None:
        """Count examples in with the sums of their losses."""
        self._count += size
        for key, amount in sums.items():
            self._sums[key] = self._sums[key] + amount if key in self._sums else amount

    @contextmanager
    def _nothing_counted(self) -> Iterator[None]:
        variables = [variable for metric in self._all_metrics() for variable in metric.variables]
        before = [variable.value for variable in variables]
        yield
        for variable, value in zip(variables, before, strict=True):
            # The shape of a sum may only become known with the first example.
            same = value.shape == variable.value.shape
            variable.value = value.to(variable.value) if same else torch.zeros_like(variable.value)

    def ordered_keys(self) -> list[str]:
        """Name loss and metrics in the order of `compile`, as `evaluate` gives them."""
        return [*self._sums, *(key for _, key, _ in (*self.metrics, *self.weighted_metrics))]

    def logs(self) -> dict[str, float]:
        """Read loss and metrics so far, in alphabetical order as Keras shows them."""
        values = {key: float(total) / max(self._count, 1) for key, total in self._sums.items()}
        for _, key, metric in (*self.metrics, *self.weighted_metrics):
            values[key] = float(metric.result())
        return dict(sorted(values.items()))

    def _align(self, structure: Any, what: str, spread: bool = False) -> dict[str, Any]:
        """Give each output its part of a list or dict; one value for all where `spread`."""
        if structure is None or (len(self.names) == 1 and isinstance(structure, torch.Tensor)):
            return dict.fromkeys(self.names, structure)
        if isinstance(structure, Mapping):
            for name in structure:
                if name not in self.names:
                    raise ArgumentError(
                        f"{what} for {name!r}, but the outputs are {self.names}."
                        f"{did_you_mean(name, self.names)}"
                    )
            return {name: structure.get(name) for name in self.names}
        if isinstance(structure, (list, tuple)):
            if len(structure) != len(self.names):
                raise ArgumentError(
                    f"{len(structure)} {what} for {len(self.names)} outputs ({', '.join(self.names)})."
                )
            return dict(zip(self.names, structure, strict=True))
        if len(self.names) > 1 and structure is not None and not spread:
            raise ArgumentError(
                f"the network has {len(self.names)} outputs ({', '.join(self.names)}): "
                f"give {what} as a list or dict."
            )
        return dict.fromkeys(self.names, structure)

    def _metrics_for(
        self, spec: Any, found: Mapping[str, torch.Tensor], wanted: Mapping[str, Any]
    ) -> list[tuple[str, str, Any]]:
        if spec is None:
            return []
        if len(self.names) == 1 and not isinstance(spec, Mapping):
            by_output = {self.names[0]: _flat(spec)}
        else:
            by_output = {name: _flat(part) for name, part in self._align(spec, "metrics").items()}
        entries = []
        for name, group in by_output.items():
            for metric in group:
                label = metric if isinstance(metric, str) else None
                if label in WAITING:
                    target_shape = None if wanted[name] is None else tuple(wanted[name].shape)
                    metric = metrics.for_loss(
                        label, self.losses[name], tuple(found[name].shape), target_shape
                    )
                made = metrics.as_metric(metric)
                key = label or made.name
                entries.append((name, key if len(self.names) == 1 else f"{name}_{key}", made))
        return entries


def named_parts(outputs: Any, names: list[str] | None) -> dict[str, torch.Tensor]:
    """Name each output of a network: by the dict's keys, the names given, or output, output_2, ...."""
    if names is not None and len(names) == 1 and isinstance(outputs, torch.Tensor):
        return {names[0]: outputs}
    if isinstance(outputs, Mapping):
        return dict(outputs)
    flat = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    if names is None or len(names) != len(flat):
        names = ["output" if number == 1 else f"output_{number}" for number in range(1, len(flat) + 1)]
    return dict(zip(names, flat, strict=True))


def _times(value: torch.Tensor, size: int) -> torch.Tensor | float:
    if value.is_cpu:
        return value.item() * size if size else 0.0
    return value.to(precise(value.device)) * size if size else torch.zeros_like(value)


def _tensor(value: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.array(value)).to(device)


def _flat(spec: Any) -> list[Any]:
    if spec is None:
        return []
    if isinstance(spec, (list, tuple)):
        return [one for part in spec for one in _flat(part)]
    return [spec]
