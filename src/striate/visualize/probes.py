"""Looks into a running model: the only place with hooks, all of which are gone afterwards.

    with watch(model, ["conv1", "conv3"]) as seen:
        answer = seen.run(images)
        seen.maps["conv1"]         (images, height, width, channels), part of the autograd graph

A map is the very tensor that the rest of the model was computed from, so gradients of the answer
with respect to it exist; what goes on is a copy, so that an activation that works in place
cannot change it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, final

import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from striate.core.arrays import as_tensor
from striate.core.errors import ArgumentError, did_you_mean
from striate.core.tree import leaves
from striate.layers.activation import ActivationLayer
from striate.layers.base import Layer, mode_of
from striate.layers.embedding import Embedding
from striate.visualize.layer_search import FIRST, FoundLayer, find_layer, find_layers
from striate.visualize.model_input import ModelInput, input_of

__all__ = ["FoundLayer", "ModelInput", "Watch", "find_layer", "find_layers", "input_of", "override", "watch"]

# All by which a ReLU can be called; Striate's own comes down to torch.relu.
RECTIFIERS = frozenset(
    {torch.relu, torch.relu_, torch.Tensor.relu, torch.Tensor.relu_, F.relu, F.relu6, F.relu_}
)
EMBEDDINGS = (Embedding, nn.Embedding, nn.EmbeddingBag)


class _ReachedError(Exception):
    """All that is watched has been computed, so the rest of the model need not run."""


class _Maps(dict[str, torch.Tensor]):
    """Maps by the layer's name; a name that is not watched is said in words."""

    def __missing__(self, name: str) -> torch.Tensor:
        raise ArgumentError(
            f"no map of {name!r} was seen: it is not watched, or the model did not come by it."
            f"{did_you_mean(str(name), self)} Seen: {', '.join(self) or 'none'}."
        )


@final
class Watch:
    """What `watch` hands out: runs the model, and holds the maps of the last run.

    `maps` has the last output of each layer by its name, channels last; `calls` has all of them
    in order, for layers that are used several times. `entering` has what went into the layer at
    its last call, without gradient, where `watch` was asked for it.
    """

    def __init__(self, model: nn.Module, layers: Sequence[FoundLayer]):
        self.model = model
        self.layers = tuple(layers)
        self.taken = input_of(model)
        self.maps: dict[str, torch.Tensor] = _Maps()
        self.calls: dict[str, list[torch.Tensor]] = {}
        self.entering: dict[str, torch.Tensor] = {}
        self._stops = False

    def run(self, x: Any, *, whole: bool = True) -> Any:
        """Compute the model's answer in fp32 and inference mode, with autograd as the caller has it.

        Arrays are taken as well, and several inputs as a list. With `whole=False` the model
        stops once every watched layer has been computed, and nothing is handed back.

        Shape:
            x (examples, *axes, channels), whatever the model itself wants; out as the model gives
            it, but with the channels last.
        """
        self.maps.clear()
        self.calls.clear()
        self.entering.clear()
        self._stops = not whole
        inputs = [self._prepared(part) for part in leaves(x if isinstance(x, (list, tuple)) else [x])]
        with mode_of(self.model, False), exact_products(), _without_autocast(self.taken.device):
            try:
                if isinstance(self.model, Layer):
                    output = self.model(inputs if len(inputs) > 1 else inputs[0])
                else:
                    output = self.model(*inputs)
            except _ReachedError:
                return None
        turned = isinstance(output, torch.Tensor) and output.ndim >= 3 and self.taken.layout == FIRST
        return output.movedim(1, -1) if turned else output

    def _prepared(self, x: Any) -> torch.Tensor:
        tensor = as_tensor(x).to(self.taken.device)
        if not isinstance(find_layers(self.model)[0].module, EMBEDDINGS):
            tensor = tensor.to(self.taken.dtype)
        if self.taken.layout == FIRST and tensor.ndim >= 3:
            tensor = tensor.movedim(-1, 1)
        # A first layer that works in place must not change the caller's own.
        return tensor.clone()

    def take(self, layer: FoundLayer, tensor: torch.Tensor) -> torch.Tensor:
        """Keep a map, and hand back the copy with which the model goes on."""
        turned = layer.layout == FIRST and tensor.ndim >= 3
        seen = tensor.movedim(1, -1) if turned else tensor
        self.maps[layer.name] = seen
        self.calls.setdefault(layer.name, []).append(seen)
        if self._stops and len(self.maps) == len(self.layers):
            raise _ReachedError("all watched layers have been reached.")
        return (seen.movedim(-1, 1) if turned else seen).clone()


@contextmanager
def watch(
    model: Any, layers: Any = None, *, before_activation: bool = False, inputs: bool = False
) -> Iterator[Watch]:
    """Look at the outputs of layers while a model runs; None means all of them.

    `layers` is what `find_layer` takes, or a list of it. With `before_activation` a layer with
    an activation inside, `Conv2D(8, 3, activation='relu')`, shows what goes into that, and a
    layer that is an activation shows its input. `inputs` keeps what goes in as well. Hooks
    are gone and the model is as it was when the with-block is left, also by an error.

    Raises:
        UnknownNameError: a layer that is not there.
        ArgumentError: something that is no model or no layer.

    >>> from striate.applications import net_c
    >>> with watch(net_c(), "conv1") as seen:
    ...     _ = seen.run(torch.zeros(1, 32, 32, 3))
    ...     seen.maps["conv1"].shape
    torch.Size([1, 30, 30, 32])
    """
    if layers is None:
        found = find_layers(model)
    else:
        several = layers if isinstance(layers, (list, tuple)) else [layers]
        found = list({one.name: one for one in (find_layer(model, which) for which in several)}.values())
    watched = Watch(model, found)
    with ExitStack() as undo:
        for layer in found:
            if inputs:
                _keep_input(watched, layer, undo)
            _attach(watched, layer, before_activation, undo)
        yield watched


def _attach(watched: Watch, layer: FoundLayer, before_activation: bool, undo: ExitStack) -> None:
    module = layer.module
    if before_activation and _is_activation(module):
        before = module.register_forward_pre_hook(
            lambda _, arguments: (watched.take(layer, arguments[0]), *arguments[1:])
        )
        undo.callback(before.remove)
    elif before_activation and isinstance(module, Layer) and hasattr(module, "activation"):
        _swap_activation(watched, layer, undo)
    else:
        after = module.register_forward_hook(lambda _, __, output: _take_from(watched, layer, output))
        undo.callback(after.remove)


def _keep_input(watched: Watch, layer: FoundLayer, undo: ExitStack) -> None:
    def keep(_: nn.Module, arguments: tuple[Any, ...]) -> None:
        first = next((part for part in leaves(list(arguments)) if isinstance(part, torch.Tensor)), None)
        if first is not None:
            # A copy: the layer may work in place.
            kept = first.detach().clone()
            turned = layer.layout == FIRST and kept.ndim >= 3
            watched.entering[layer.name] = kept.movedim(1, -1) if turned else kept

    undo.callback(layer.module.register_forward_pre_hook(keep).remove)


def _is_activation(module: nn.Module) -> bool:
    return isinstance(module, ActivationLayer) or type(module).__module__ == nn.ReLU.__module__


def _swap_activation(watched: Watch, layer: FoundLayer, undo: ExitStack) -> None:
    module: Any = layer.module
    inner = module.activation
    # The instance's own dict wins over torch's children, so an activation that is a module is hidden as well.
    own = module.__dict__
    if "activation" in own:
        undo.callback(own.__setitem__, "activation", inner)
    else:
        undo.callback(own.pop, "activation")
    own["activation"] = lambda tensor: inner(watched.take(layer, tensor))


def _take_from(watched: Watch, layer: FoundLayer, output: Any) -> Any:
    """Take the first tensor of an output; the structure around it stays."""
    if isinstance(output, torch.Tensor):
        return watched.take(layer, output)
    if isinstance(output, (tuple, list)) and output and isinstance(output[0], torch.Tensor):
        rest = [watched.take(layer, output[0]), *output[1:]]
        return type(output)(*rest) if hasattr(output, "_fields") else type(output)(rest)
    return output


@contextmanager
def exact_products() -> Iterator[None]:
    """Keep a GPU from rounding the factors of fp32 products to 10 bits (TF32), for the time being."""
    if not torch.cuda.is_available():
        yield
        return
    settings: list[Any] = [torch.backends.cuda.matmul, getattr(torch.backends.cudnn, "conv")]  # noqa: B009
    before = [setting.fp32_precision for setting in settings]
    try:
        for setting in settings:
            setting.fp32_precision = "ieee"
        yield
    finally:
        for setting, value in zip(settings, before, strict=True):
            setting.fp32_precision = value


def _without_autocast(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, enabled=False)


Backward = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@contextmanager
def override(backward: Backward, functions: frozenset[Callable[..., Any]] = RECTIFIERS) -> Iterator[None]:
    """Let functions, by default every ReLU, hand back another gradient to models that run in the block.

    `backward(inputs, gradient, ordinary)` gets what went in, the gradient that came from above,
    and what the function would hand on by itself; what it returns is handed on. Values stay
    as they are. It works on functions of torch by whatever they are called: layers, modules,
    activations inside layers, functions in a person's own `forward`, in place or not.

    Shape:
        all of `inputs`, `gradient`, `ordinary` and the result have the shape of the input.

    >>> x = torch.tensor([-1.0, 2.0, 3.0], requires_grad=True)
    >>> with override(lambda inputs, gradient, ordinary: ordinary.clamp(min=0)):
    ...     (torch.relu(x) * torch.tensor([1.0, 1.0, -1.0])).sum().backward()
    >>> x.grad
    tensor([0., 1., 0.])
    """
    with _Overriding(backward, functions):
        yield


class _Overriding(TorchFunctionMode):
    def __init__(self, backward: Backward, functions: frozenset[Callable[..., Any]]):
        super().__init__()
        self.backward, self.functions = backward, functions

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        options = dict(kwargs or {})
        if func not in self.functions:
            return func(*args, **options)
        inputs, *others = args or [options.pop("input")]
        in_place = func.__name__.endswith("_") or bool(options.get("inplace", others[:1] == [True]))
        result = _Overridden.apply(inputs, lambda x: func(x.clone(), *others, **options), self.backward)
        # Other code may hold on to the tensor that it asked to be changed.
        return inputs.copy_(result) if in_place else result


class _Overridden(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, inputs: torch.Tensor, compute: Any, backward: Backward) -> torch.Tensor:
        with torch.enable_grad():
            ctx.inner = inputs.detach().clone().requires_grad_()
            ctx.result = compute(ctx.inner)
        ctx.rule = backward
        return ctx.result.detach().clone()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (gradient,) = gradients
        (ordinary,) = torch.autograd.grad(ctx.result, ctx.inner, gradient, retain_graph=True)
        return ctx.rule(ctx.inner.detach(), gradient, ordinary), None, None
