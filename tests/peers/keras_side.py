"""The same layer in Striate and in Keras, with the same weights, and what each makes of the same input.

Keras is loaded when first asked for: merely collecting these tests must not need it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from striate import layers
from striate.core.tree import leaves, map_leaves
from striate.layers.weights import named_weights

TOLERANCE = 1e-5


@functools.cache
def keras() -> Any:
    """Load Keras, on JAX.

    Each random shape is compiled anew, and compiling is where the time goes: hence no optimising.
    """
    os.environ |= {"KERAS_BACKEND": "jax", "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
    return importlib.import_module("keras")


@functools.cache
def jax() -> Any:
    """Load JAX."""
    return importlib.import_module("jax")


@dataclass(frozen=True)
class Made:
    """A layer given to a layer: made anew for each side."""

    kind: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Configuration:
    """Arguments of a layer and what goes in: one shape or a list of them, batch included.

    `values` is 'normal', 'positive' or the number of classes of whole numbers.
    """

    arguments: Mapping[str, Any]
    shape: Any
    values: str | int = field(default="normal")

    def inputs(self, rng: np.random.Generator) -> Any:
        """Draw the inputs."""
        if isinstance(self.shape, list):
            return [self._draw(rng, shape) for shape in self.shape]
        return self._draw(rng, self.shape)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        if isinstance(self.values, int):
            return rng.integers(0, self.values, shape)
        drawn = rng.standard_normal(shape, np.float32)
        return np.abs(drawn) if self.values == "positive" else drawn


def make_pair(name: str, case: Configuration, rng: np.random.Generator) -> tuple[Any, Any]:
    """Make the layer on both sides, with the same random weights; their shapes must agree in order."""
    ours = make(layers, name, case.arguments)
    theirs = make(keras().layers, name, {**blank(name), **case.arguments})
    ours.ensure_built(case.shape)
    if not theirs.built:
        theirs.build(case.shape)
    wanted = [tuple(weight.shape) for weight in theirs.weights]
    assert [array.shape for array in ours.get_weights()] == wanted
    weights = [
        draw_weight(weight.name, shape, rng) for weight, shape in zip(theirs.weights, wanted, strict=True)
    ]
    if weights:
        ours.set_weights(weights)
        theirs.set_weights(weights)
    return ours, theirs


@functools.cache
def blank(name: str) -> dict[str, str]:
    """Let Keras begin with zeros: its drawing would be compiled for each shape, only to be replaced."""
    known = inspect.signature(getattr(keras().layers, name).__init__).parameters
    parts = ("kernel", "depthwise", "pointwise", "embeddings")
    return {key: "zeros" for part in parts if (key := f"{part}_initializer") in known}


def make(library: Any, name: str, arguments: Mapping[str, Any]) -> Any:
    """Make a layer, and any layer inside its arguments."""
    ready = {
        key: make(library, value.kind, value.arguments) if isinstance(value, Made) else value
        for key, value in arguments.items()
    }
    return getattr(library, name)(**ready)


def draw_weight(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Draw a weight of a size that training would give it."""
    if "variance" in name or "gamma" in name or "scale" in name:
        return rng.uniform(0.5, 2.0, shape).astype(np.float32)
    fan = float(np.prod(shape[:-1])) if len(shape) > 1 else 1.0
    return (rng.standard_normal(shape) / max(fan, 1.0) ** 0.5).astype(np.float32)


def arrays_of(structure: Any) -> list[np.ndarray]:
    """List every tensor of either library, or array, as an array."""
    return [
        leaf.detach().numpy()
        if isinstance(leaf, torch.Tensor)
        else np.asarray(keras().ops.convert_to_numpy(leaf))
        for leaf in leaves(structure)
    ]


def farthest(found: Any, wanted: Any) -> float:
    """The largest difference of all arrays, each as a share of its largest value; NaN stands with NaN."""
    ours, theirs = arrays_of(found), arrays_of(wanted)
    assert [array.shape for array in ours] == [array.shape for array in theirs]
    return max([share(one, other) for one, other in zip(ours, theirs, strict=True)], default=0.0)


def share(found: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference of two arrays as a share of the largest value wanted."""
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    if not np.array_equal(np.isfinite(found), np.isfinite(wanted)):
        return float("inf")
    finite = np.isfinite(wanted)
    found, wanted = found[finite], wanted[finite]
    largest = np.abs(wanted).max(initial=0.0)
    return float(np.abs(found - wanted).max(initial=0.0) / (largest or 1.0))


def forward_difference(name: str, case: Configuration, rng: np.random.Generator) -> float:
    """Compare the two in inference."""
    ours, theirs = make_pair(name, case, rng)
    inputs = case.inputs(rng)
    return farthest(
        ours(inputs), theirs(inputs, training=False) if takes_training(theirs) else theirs(inputs)
    )


def takes_training(layer: Any) -> bool:
    """Whether a layer of Keras behaves otherwise in training."""
    return bool(getattr(layer, "_call_has_training_arg", False))


def training_difference(name: str, case: Configuration, rng: np.random.Generator) -> float:
    """Compare outputs, gradients by inputs and weights, and moving statistics, in training."""
    ours, theirs = make_pair(name, case, rng)
    inputs = case.inputs(rng)
    by_inputs = not isinstance(case.values, int)
    outputs = ours.train()(map_leaves(torch.from_numpy, inputs))
    pulls = map_leaves(lambda leaf: rng.standard_normal(tuple(leaf.shape), np.float32), outputs)
    wanted = keras_step(theirs, inputs, pulls, by_inputs)
    found = striate_step(
        ours, inputs, pulls, by_inputs, dict(zip(range(99), theirs.get_weights(), strict=False))
    )
    return max(farthest(found[key], wanted[key]) for key in wanted)


def striate_step(
    layer: Any, inputs: Any, pulls: Any, by_inputs: bool, weights: Mapping[int, Any]
) -> dict[str, Any]:
    """One pass in training from given weights, with the gradient of the outputs' product with `pulls`."""
    if weights:
        layer.set_weights(list(weights.values()))
    data = map_leaves(lambda leaf: torch.from_numpy(leaf).requires_grad_(by_inputs), inputs)
    outputs = layer.train()(data)
    sum(
        (output * torch.from_numpy(pull)).sum()
        for output, pull in zip(leaves(outputs), leaves(pulls), strict=True)
    ).backward()
    named = list(named_weights(layer))
    trained = [(tensor, spec) for _, tensor, spec in named if tensor.requires_grad]
    return {
        "outputs": outputs,
        "by inputs": [leaf.grad for leaf in leaves(data)] if by_inputs else [],
        "by weights": [spec.to_public(tensor.grad) for tensor, spec in trained],
        "state": [tensor for _, tensor, _ in named if not tensor.requires_grad],
    }


def keras_step(layer: Any, inputs: Any, pulls: Any, by_inputs: bool) -> dict[str, Any]:
    """The same by JAX's own gradient."""
    trainable = [weight.value for weight in layer.trainable_variables]
    kept = [weight.value for weight in layer.non_trainable_variables]
    options = {"training": True} if takes_training(layer) else {}

    def product(weights: Any, data: Any) -> Any:
        outputs, state = layer.stateless_call(weights, kept, data, **options)
        total = sum(
            (output * pull).sum() for output, pull in zip(leaves(outputs), leaves(pulls), strict=True)
        )
        return total, (outputs, state)

    chosen = (0, 1) if by_inputs else (0,)
    (_, (outputs, state)), gradients = jax().jit(jax().value_and_grad(product, argnums=chosen, has_aux=True))(
        trainable, inputs
    )
    return {
        "outputs": outputs,
        "by inputs": gradients[1] if by_inputs else [],
        "by weights": gradients[0],
        "state": state,
    }
