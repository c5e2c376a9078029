"""The contract of a layer.

A layer is a torch module that also knows its config, its output shape and the symbolic calls
made of it. A new one writes four things, in this order:

    __init__              its arguments; the common ones (name, dtype, trainable, input_shape) go on
    build(input_shape)    its weights, by `add_weight`
    call(inputs)          the mathematics, on channels-last torch tensors
    compute_output_shape  from input shape to output shape; None stands for the batch
    get_config            its arguments again, so that it can be saved

What happens when a layer is called: symbolic tensors record a node; arrays are computed
without gradient and come back as plain tensors; torch tensors follow ordinary autograd.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self

import torch
from torch import nn

from striate import regularizers
from striate.core.arguments import refuse_unknown
from striate.core.arrays import is_array, plain, tensors_from
from striate.core.errors import ArgumentError, StateError, did_you_mean
from striate.core.registry import snake_case
from striate.core.shapes import Shape
from striate.core.tree import leaves
from striate.layers.input_spec import InputSpec
from striate.layers.symbolic import (
    Connected,
    Node,
    SymbolicTensor,
    is_shape,
    is_symbolic,
    map_shapes,
    shapes_of,
)
from striate.layers.weights import Weighted

_OF_TORCH = frozenset(vars(nn.Module()))
_LONGEST_NAME = 200
_name_counts: Counter[str] = Counter()


def unique_name(base: str) -> str:
    """Number the layers of one kind as Keras does: dense, dense_1, dense_2."""
    _name_counts[base] += 1
    count = _name_counts[base]
    return base if count == 1 else f"{base}_{count - 1}"


def _is_name(name: Any) -> bool:
    # Names become parts of weights' paths, of files' names and of lines on a terminal.
    fits = isinstance(name, str) and 1 <= len(name) <= _LONGEST_NAME and name.isprintable()
    return fits and "/" not in name and "\\" not in name


def clear_session() -> None:
    """Start the numbering of layer names again."""
    _name_counts.clear()


class CallDepth(threading.local):
    """How many models this thread is inside of; losses of activities are kept per outermost call."""

    models = 0


call_depth = CallDepth()


class Layer(Weighted, Connected):
    """The base of all layers; call it on an `Input`, on an array or on a torch tensor."""

    casts_input: ClassVar[bool] = True
    input_spec: InputSpec | None = None

    def __init__(
        self,
        *,
        name: str | None = None,
        dtype: Any = None,
        trainable: bool = True,
        activity_regularizer: Any = None,
        input_shape: Shape | None = None,
        **unknown: Any,
    ):
        super().__init__(dtype=dtype, trainable=trainable)
        if unknown:
            refuse_unknown(type(self).__name__, unknown, _arguments_of(type(self)))
        if name is not None and not _is_name(name):
            wanted = f"a text without '/', '\\' and what cannot be printed, {_LONGEST_NAME} long at most"
            raise ArgumentError(f"a layer's name is {wanted}; got {str(name)[:_LONGEST_NAME]!r}.")
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.given_input_shape = None if input_shape is None else tuple(input_shape)
        self.built = False
        self.nodes: list[Node] = []
        self.activity_losses: list[torch.Tensor] = []
        self.train(False)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "build" in cls.__dict__:
            cls.build = _built_afterwards(cls.build)  # type: ignore[method-assign]

    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, with the shape of the first input."""
        self._note_built()

    def _note_built(self) -> None:
        # Layers kept in a list or dict, as Keras allows, are unknown to torch until they are its children.
        known = set(self.modules())
        for attribute, value in list(vars(self).items()):
            if attribute in _OF_TORCH or not isinstance(value, (list, tuple, dict)):
                continue
            for number, inner in enumerate(leaves(value)):
                if isinstance(inner, Layer) and inner not in known:
                    known.add(inner)
                    self._modules[f"{attribute}_{number}"] = inner.train(self.training)
        if not self.trainable:
            self.trainable = False  # for the layers inside, made after this one was told
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Compute the output; a new layer writes this.

        Raises:
            StateError: the layer does not write it.
        """
        raise StateError(f"{type(self).__name__} has no call(inputs): write what it computes there.")

    def __call__(self, inputs: Any, *others: Any, training: bool | None = None, **options: Any) -> Any:
        """Record, or compute; see the top of this file for which.

        `training` overrides the layer's own mode for this call; None keeps it. On symbolic
        tensors it is remembered: `base(x, training=False)` stays in inference while the rest trains.
        """
        if type(inputs) is torch.Tensor and self.built and training is None and not others and not options:
            return super().__call__(inputs)
        if is_symbolic(inputs):
            chosen = {} if training is None else {"training": training}
            return self._record(inputs, others, {**options, **chosen})
        if is_array(inputs) or any(is_array(leaf) for leaf in leaves(inputs)):
            with torch.no_grad():
                inputs = tensors_from(inputs, self._device())
                return plain(self(inputs, *others, training=training, **options))
        self.ensure_built(shapes_of(inputs))
        with mode_of(self, training):
            return super().__call__(inputs, *others, **options)

    def forward(self, inputs: Any, *others: Any, **options: Any) -> Any:
        """Check and cast the inputs, compute, and keep the activity's penalty; torch's entry."""
        if self.input_spec is not None and not self.input_spec.fits(inputs.shape):
            self.input_spec.check(self._label(), tuple(inputs.shape))
        if self.casts_input:
            inputs = self._cast(inputs)
        if takes_training(type(self)):
            options.setdefault("training", self.training)
        outputs = self.call(inputs, *others, **options)
        if self.activity_regularizer is not None:
            if call_depth.models == 0:
                self.activity_losses.clear()
            for output in leaves(outputs):
                self.activity_losses.append(self.activity_regularizer(output))
        return outputs

    def _cast(self, inputs: Any) -> Any:
        if isinstance(inputs, torch.Tensor):
            # Inside autocast bf16 is meant to stay: torch's operations widen it themselves.
            if inputs.dtype == self.dtype or (
                inputs.dtype == torch.bfloat16 and torch.is_autocast_enabled(inputs.device.type)
            ):
                return inputs
            return inputs.to(self.dtype)
        if isinstance(inputs, Mapping):
            return {key: self._cast(part) for key, part in inputs.items()}
        return type(inputs)(self._cast(part) for part in inputs)

    def _record(self, inputs: Any, others: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        if others:
            raise ArgumentError(f"{self._label()} takes one input, or a list of them, on symbolic tensors.")
        known = inspect.signature(self.call).parameters
        for name in options:
            if name not in {"training", *known} and not any(
                one.kind is one.VAR_KEYWORD for one in known.values()
            ):
                raise ArgumentError(f"{self._label()} has no option {name!r}.{did_you_mean(name, known)}")
        shapes = shapes_of(inputs)
        self.ensure_built(shapes)
        index = itertools.count()
        outputs = map_shapes(
            lambda shape: SymbolicTensor(shape, self.dtype, f"{self.name}/{next(index)}"),
            self.compute_output_shape(shapes),
        )
        self.nodes.append(Node(self, inputs, options, outputs))
        return outputs

    def ensure_built(self, shapes: Any) -> None:
        """Make the weights if that has not happened; checks the input's axes first."""
        if self.input_spec is not None and is_shape(shapes):
            self.input_spec.check(self._label(), shapes)
        if not self.built:
            self.build(shapes)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Say the output's shape for an input's; found by trying it on zeros where a layer does not say.

        Shape:
            None stands for a size not known before data come: the batch, usually.
        """
        return shape_by_trial(self, input_shape)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this layer again, as JSON can hold them."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        config["dtype"] = str(self.dtype).removeprefix("torch.")
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Make a layer from what `get_config` gave."""
        return cls(**config)

    def _device(self) -> torch.device:
        for tensor in itertools.chain(self.parameters(), self.buffers()):
            return tensor.device
        return torch.device("cpu")


def _built_afterwards(build: Callable[..., None]) -> Callable[..., None]:
    """Make `build` note that it ran, so that a layer built by hand keeps its weights when first called."""

    @functools.wraps(build)
    def build_and_note(layer: Layer, *shapes: Any, **named: Any) -> None:
        build(layer, *shapes, **named)
        layer._note_built()

    return build_and_note


def _arguments_of(kind: type[Layer]) -> list[str]:
    """List the arguments of a layer and of the classes it is made of."""
    return [
        key
        for part in kind.__mro__
        if issubclass(part, Layer)
        for key in inspect.signature(part.__init__).parameters
        if key not in ("self", "unknown", "options")
    ]


@contextmanager
def mode_of(module: nn.Module, training: bool | None) -> Iterator[None]:
    """Put a module and all inside into training or inference, and back to what each was."""
    if training is None:
        yield
        return
    before = [(inner, inner.training) for inner in module.modules()]
    try:
        module.train(bool(training))
        yield
    finally:
        for inner, mode in before:
            inner.training = mode


def shape_by_trial(layer: Layer, input_shape: Any) -> Any:
    """Find an output shape by running a layer on zeros, once; unknown sizes are tried as 1."""
    zeros = map_shapes(
        lambda shape: torch.zeros([size or 1 for size in shape], dtype=layer.dtype, device=layer._device()),
        input_shape,
    )
    with torch.no_grad(), mode_of(layer, False):
        outputs = nn.Module.__call__(layer, zeros)
    if isinstance(outputs, torch.Tensor):
        return (None, *outputs.shape[1:])
    return type(outputs)((None, *output.shape[1:]) for output in outputs)


_training_takers: dict[type, bool] = {}


def takes_training(kind: type) -> bool:
    """Whether `call` of this kind of layer has the argument; the answer is kept, since all calls ask."""
    if kind not in _training_takers:
        _training_takers[kind] = "training" in inspect.signature(kind.call).parameters  # type: ignore[attr-defined]
    return _training_takers[kind]
