"""A model that is one layer after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from torch import nn

from striate.core.errors import ArgumentError, StateError, StriateError, did_you_mean
from striate.core.shapes import Shape
from striate.layers.base import Layer
from striate.layers.input import Input, InputLayer
from striate.layers.symbolic import Node, SymbolicTensor, is_shape
from striate.layers.torch_module import TorchModule
from striate.models.graph import Graph
from striate.models.model import Model
from striate.models.network import Network
from striate.models.registry import reader, write_layer


class Sequential(Model):
    """A plain stack of layers, each with one input and one output.

    The first may be an `Input`, or have `input_shape=`; without either, the model is built
    when it first sees data.

    >>> from striate.layers import Dense, Input
    >>> Sequential([Input((4,)), Dense(8, activation="relu"), Dense(2)]).count_params()
    58
    """

    def __init__(self, layers: Sequence[Any] | None = None, name: str | None = None, **options: Any):
        super().__init__(name=name, **options)
        # The symbolic input, not its layer: a torch module set here would count as a layer.
        self.entry: SymbolicTensor | None = None
        # The call of each layer in this model: a layer may have been called elsewhere, too.
        self.calls: list[Node] = []
        for layer in layers or ():
            self.add(layer)

    def add(self, layer: Any) -> None:
        """Put a layer on top; a plain torch module without weights is wrapped by itself.

        Raises:
            ArgumentError: something that is no layer; a layer of a name that is there already;
                an Input that is not first.
        """
        if isinstance(layer, (SymbolicTensor, InputLayer)):
            self._set_entry(layer if isinstance(layer, SymbolicTensor) else layer.output)
            return
        self._append(self._as_layer(layer))
        self._refresh()

    def _append(self, layer: Layer) -> None:
        if isinstance(self._modules.get(layer.name), Layer):
            raise ArgumentError(
                f"there is a layer called {layer.name!r} in this model already; give this one another name."
            )
        if self.entry is None and not any(isinstance(child, Layer) for child in self._modules.values()):
            shape = _own_input_shape(layer)
            if shape is not None:
                self.entry = Input(batch_shape=shape)
        if self.entry is not None:
            self._call_on_top(layer)
        self._modules[layer.name] = layer

    def pop(self) -> Layer:
        """Take the last layer off and hand it back.

        Raises:
            StateError: there is none.
        """
        if not self.layers:
            raise StateError(f"model {self.name!r} has no layer to pop.")
        layer = self.layers[-1]
        del self._modules[layer.name]
        if self.entry is not None:
            layer.nodes.remove(self.calls.pop())
        self._refresh()
        return layer

    def build(self, input_shape: Any = None) -> None:
        """Make the weights of all layers for an input's shape, the batch first: (None, 28, 28, 1).

        Raises:
            ArgumentError: no shape, or no layers.
        """
        if self.entry is not None:
            return
        if not is_shape(input_shape) or not self.layers:
            raise ArgumentError(
                f"Sequential.build takes one shape with the batch first, (None, 28, 28, 1), "
                f"and at least one layer; got {input_shape!r} and {len(self.layers)} layers."
            )
        self.entry = Input(batch_shape=(None, *input_shape[1:]))
        try:
            for layer in self.layers:
                self._call_on_top(layer)
        except StriateError:
            # The next call, with data that fit, must find the model as it was.
            self.entry, self.calls = None, []
            raise
        self._refresh()

    def _call_on_top(self, layer: Layer) -> None:
        layer(self._top())
        self.calls.append(layer.nodes[-1])

    def _top(self) -> Any:
        """What comes out of the last layer so far."""
        return self.calls[-1].outputs if self.calls else self.entry

    def _refresh(self) -> None:
        if self.entry is not None and self.layers:
            self.graph = Graph(self.entry, self._top())
            self.built = True
        else:
            self.graph, self.built = None, False

    def _set_entry(self, tensor: SymbolicTensor) -> None:
        if self.layers or self.entry is not None:
            raise ArgumentError("an Input can only stand first in a Sequential model, and once.")
        self.entry = tensor

    def _as_layer(self, layer: Any) -> Layer:
        if isinstance(layer, Layer):
            return layer
        if isinstance(layer, nn.Module):
            if any(True for _ in layer.parameters()):
                raise ArgumentError(
                    f"a torch {type(layer).__name__} must say how its axes lie: "
                    "TorchModule(module, data_format='channels_first') as torch's own layers have them, "
                    "or 'channels_last'."
                )
            return TorchModule(layer)
        hint = did_you_mean(layer, ("Dense", "Conv2D", "Flatten")) if isinstance(layer, str) else ""
        raise ArgumentError(f"expected a layer; got {type(layer).__name__} {layer!r}.{hint}")

    def get_config(self) -> dict[str, Any]:
        """The layers in order, and the input's shape where it is known."""
        shape = list(self.entry.shape) if self.entry is not None else None
        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": [write_layer(layer) for layer in self.layers],
            "input": None if self.entry is None else {"batch_shape": shape, "name": _layer_name(self.entry)},
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make a model with new weights from what `get_config` gave."""
        model = cls(name=config.get("name"))
        if config.get("input"):
            model.add(InputLayer(**config["input"]))
        read_layer = reader(custom_objects)
        for layer in map(read_layer, config["layers"]):
            if isinstance(layer, InputLayer):
                model.add(layer)
            else:
                model._append(layer)
        # Once: the graph of a deep network costs as much as all of its layers.
        model._refresh()
        # Not by the setter, which would thaw layers that the config says are frozen.
        model._trainable = bool(config.get("trainable", True))
        return model


def _layer_name(tensor: SymbolicTensor) -> str:
    return tensor.name.partition("/")[0]


def _own_input_shape(layer: Layer) -> Shape | None:
    """The batch shape that a first layer brings along, by `input_shape=` or as a built model."""
    if layer.given_input_shape is not None:
        return (None, *layer.given_input_shape)
    if isinstance(layer, Network) and layer.graph is not None and isinstance(layer.input, SymbolicTensor):
        return layer.input.shape
    return None
