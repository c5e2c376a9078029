"""What `compile` holds: optimiser, loss, metrics, precision, device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from striate import losses, metrics, optimizers
from striate.core.arguments import refuse_unknown
from striate.core.errors import ArgumentError
from striate.core.runtime import PRECISIONS
from striate.core.shapes import check_choice

# Arguments of Keras's compile that steer how it builds its graphs. There is no such graph
# here, so every value means what it means there: how, not what, is computed.
KERAS_ONLY = ("run_eagerly", "steps_per_execution", "auto_scale_loss")

KNOWN = (
    "optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "precision", "device",
    "sync_batch_norm", "jit_compile",
)  # fmt: skip

# These wait for the shapes of answers and labels to become a loss or a metric.
WAITING = ("accuracy", "acc", "crossentropy", "ce")


class Compiled:
    """The choices of `model.compile`.

    `loss` and `metrics` are a name, an object, a function of (y_true, y_pred), or lists or
    dicts of these where a model has several outputs. 'accuracy' becomes the right kind by the
    loss. `precision` is 'auto', 'float32' or 'bfloat16'; `device` None takes a GPU where
    there is one. `sync_batch_norm` matters where several processes train together: with True each
    BatchNormalization takes the statistics of the whole batch, with False of its process's part, with
    None of the whole where a part is less than 32 examples. `jit_compile` True translates the network by
    `torch.compile` on a CUDA GPU, for long trainings: the first step takes half a minute or so. False and
    'auto' do not; on a CPU Striate's own compiled kernels are used whatever it says.

    Raises:
        UnknownNameError: an optimiser, loss or metric of a name that is not known.
        ArgumentError: an argument that compile does not have, or no optimiser.
    """

    def __init__(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        precision: str = "auto",
        device: Any = None,
        sync_batch_norm: bool | None = None,
        jit_compile: bool | str = "auto",
        custom_objects: Mapping[str, Any] | None = None,
        **keras_only: Any,
    ):
        refuse_unknown("compile", keras_only, (*KNOWN, *KERAS_ONLY))
        if optimizer is None:
            raise ArgumentError("compile needs an optimizer: a name such as 'adam', or an object; got None.")
        self.optimizer = optimizers.get(optimizer)
        self.loss = map_specs(lambda leaf: _loss(leaf, custom_objects), loss)
        self.loss_weights = loss_weights
        self.metrics = map_specs(lambda leaf: _metric(leaf, custom_objects), metrics)
        self.weighted_metrics = map_specs(lambda leaf: _metric(leaf, custom_objects), weighted_metrics)
        self.precision = check_choice(precision, PRECISIONS, "precision")
        self.device = device
        if sync_batch_norm not in (None, True, False):
            raise ArgumentError(f"sync_batch_norm is True, False or None; got {sync_batch_norm!r}.")
        self.sync_batch_norm = sync_batch_norm
        if jit_compile not in (True, False, "auto"):
            raise ArgumentError(f"jit_compile is True, False or 'auto'; got {jit_compile!r}.")
        self.jit_compile = jit_compile is True

    def get_config(self) -> dict[str, Any]:
        """The choices as JSON can hold them."""
        return {
            "optimizer": optimizers.serialize(self.optimizer),
            "loss": map_specs(losses.serialize, self.loss),
            "loss_weights": self.loss_weights,
            "metrics": map_specs(metrics.serialize, self.metrics),
            "weighted_metrics": map_specs(metrics.serialize, self.weighted_metrics),
            "precision": self.precision,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom: Mapping[str, Any] | None = None) -> Compiled:
        """Make the choices again from what `get_config` gave."""
        return cls(**config, custom_objects=custom)


def map_specs(function: Callable[[Any], Any], structure: Any) -> Any:
    """Apply a function to every loss or metric in lists and dicts; a config of one object is one."""
    if isinstance(structure, Mapping) and "class_name" not in structure:
        return {key: map_specs(function, part) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [map_specs(function, part) for part in structure]
    return function(structure)


def _loss(leaf: Any, custom: Mapping[str, Any] | None) -> Any:
    if isinstance(leaf, str) and leaf in (*WAITING, *(custom or {})):
        return (custom or {}).get(leaf, leaf)
    return losses.as_loss(losses.deserialize(leaf, custom) if isinstance(leaf, Mapping) else leaf)


def _metric(leaf: Any, custom: Mapping[str, Any] | None) -> Any:
    if isinstance(leaf, str):
        if leaf not in (*WAITING, *(custom or {})):
            # Only looked up, so that a misspelt name is found now; the name itself is the key in the logs.
            metrics.get(leaf)
        return (custom or {}).get(leaf, leaf)
    return metrics.deserialize(leaf, custom) if isinstance(leaf, Mapping) else leaf
