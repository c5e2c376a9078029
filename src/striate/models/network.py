"""The structure of a model: its graph and its layers. What it learns and where it is kept is `Model`'s."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from torch import nn

from striate.core.errors import ArgumentError, StateError, unknown_name
from striate.core.tree import leaves
from striate.layers.base import Layer, call_depth, shape_by_trial
from striate.layers.symbolic import SymbolicTensor, map_shapes
from striate.models.busy import Turn
from striate.models.fusion.fused import FusedRow
from striate.models.fusion.whole import WholeRow
from striate.models.graph import Graph, graph_from_config
from striate.models.registry import reader, write_layer
from striate.ops.native.library import native_library


class Network(Layer):
    """Layers put together: by a graph from inputs to outputs, or by a subclass that writes `call`."""

    casts_input = False

    def __init__(self, inputs: Any = None, outputs: Any = None, name: str | None = None, **options: Any):
        super().__init__(name=name, **options)
        self.graph: Graph | None = None
        # What a subclass without a graph was built with, so that a file can say how to build it again.
        self.built_shape: Any = None
        self._turn = Turn()
        if (inputs is None) != (outputs is None):
            raise ArgumentError("Model takes inputs and outputs together: Model(inputs, outputs).")
        if inputs is not None:
            self._set_graph(Graph(inputs, outputs))

    def _set_graph(self, graph: Graph) -> None:
        self.graph = graph
        self.built = True
        for name in [name for name, child in self._modules.items() if child not in graph.layers]:
            del self._modules[name]
        for layer in graph.layers:
            # Not add_module: a layer may well be called "input" or "train", which are methods here.
            self._modules[layer.name] = layer

    def forward(self, inputs: Any, *others: Any, **options: Any) -> Any:
        """Compute the outputs for torch tensors; torch's entry."""
        with self._turn.taken(self.name):
            if call_depth.models == 0:
                for layer in self._layers_inside():
                    if layer.activity_losses:
                        layer.activity_losses.clear()
            call_depth.models += 1
            try:
                return super().forward(inputs, *others, **options)
            finally:
                call_depth.models -= 1

    def is_one_program(self, training: bool, bf16: bool) -> bool:
        """Whether native kernels compute the whole graph, from its input to one row of answers an example."""
        row = self._only_row()
        return row is not None and row.is_native_alone(training, bf16)

    def whole_row(self) -> WholeRow | None:
        """The graph as training can run it without autograd, where it is one program."""
        row = self._only_row()
        if row is None:
            return None
        return WholeRow(self, self.graph, row, lambda: self._turn.taken(self.name))

    def _only_row(self) -> FusedRow | None:
        own_call = type(self).call is not Network.call or type(self).forward is not Network.forward
        if own_call or self.graph is None or native_library() is None:
            return None
        steps, answers = self.graph.fused_steps, self.graph.outputs
        row = steps[0].layer if len(steps) == 1 else None
        flat = isinstance(answers, SymbolicTensor) and len(answers.shape) == 2
        # An input that leads nowhere would be taken for the one that the row reads.
        alone = len(list(leaves(self.graph.inputs))) == 1
        return row if flat and alone and isinstance(row, FusedRow) else None

    def _layers_inside(self) -> Iterable[Layer]:
        # Asked at every call: a graph of plain layers is a list at hand, anything else is walked through.
        if self.graph is not None and self.graph.is_flat:
            return (self, *self.graph.layers)
        return (module for module in self.modules() if isinstance(module, Layer))

    def build(self, input_shape: Any) -> None:
        """Make the weights of all layers inside; of a subclass by running its `call` on zeros, once."""
        if self.graph is None and type(self).call is not Network.call:
            self.built = True
            _refuse_hidden_layers(self)
            self.built_shape = map_shapes(lambda shape: (None, *shape[1:]), input_shape)
            shape_by_trial(self, self.built_shape)

    def call(self, inputs: Any) -> Any:
        """Run the graph; a subclass writes its own."""
        if self.graph is None:
            raise StateError(
                f"model {self.name!r} has no layers to run. "
                "Make it by Model(inputs, outputs), or write call(inputs)."
            )
        return self.graph.run(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Say the output's shape for an input's; the graph's own where the sizes are its own."""
        if self.graph is not None:
            return self.graph.output_shapes(input_shape)
        return super().compute_output_shape(input_shape)

    @property
    def inputs(self) -> list[Any]:
        """The symbolic inputs, as a list."""
        return list(leaves(self.input))

    @property
    def outputs(self) -> list[Any]:
        """The symbolic outputs, as a list."""
        return list(leaves(self.output))

    @property
    def input(self) -> Any:
        """The symbolic input, or the structure of inputs, that the model was made with."""
        return self._graph_or_raise().inputs

    @property
    def output(self) -> Any:
        """The symbolic output, or the structure of outputs, that the model was made with."""
        return self._graph_or_raise().outputs

    @property
    def output_names(self) -> list[str] | None:
        """The names of the outputs, by which losses, labels and logs go: those of the layers behind them."""
        if self.graph is None or isinstance(self.graph.outputs, Mapping):
            return None
        names = [tensor.name.partition("/")[0] for tensor in self.outputs]
        return names if len(set(names)) == len(names) else None

    def _graph_or_raise(self) -> Graph:
        if self.graph is None:
            raise StateError(
                f"model {self.name!r} has no symbolic input or output: its input's shape is not known yet. "
                "Begin it with Input((height, width, channels)), "
                "or call build((None, height, width, channels))."
            )
        return self.graph

    @property
    def layers(self) -> list[Layer]:
        """The layers, in the order in which data pass."""
        return [child for child in self._modules.values() if isinstance(child, Layer)]

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Find a layer by name, or by its place in `layers`.

        Raises:
            UnknownNameError: no layer of that name, with the nearest that are.
            ArgumentError: neither or both given, or a place beyond the end.
        """
        if (name is None) == (index is None):
            raise ArgumentError("get_layer takes either a name or an index.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ArgumentError(f"there are {len(self.layers)} layers; there is no index {index}.")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise unknown_name("layer", str(name), [layer.name for layer in self.layers])

    def get_config(self) -> dict[str, Any]:
        """The graph as JSON can hold it, from which the model can be made again.

        Raises:
            ArgumentError: a subclass without a graph, which must say its own arguments.
        """
        if self.graph is None and type(self).call is not Network.call:
            raise ArgumentError(
                f"{type(self).__name__} writes its own call, so only it knows how to be made again: give it "
                "get_config(), returning the arguments of its __init__ as a dict."
            )
        return {
            "name": self.name,
            "trainable": self.trainable,
            **self._graph_or_raise().to_config(write_layer),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make a model with new weights from what `get_config` gave."""
        if "calls" not in config:
            return cls(**config)
        inputs, outputs = graph_from_config(config, reader(custom_objects))
        model = cls(inputs, outputs, name=config.get("name"))
        # Not by the setter, which would thaw layers that the config says are frozen.
        model._trainable = bool(config.get("trainable", True))
        return model


def _refuse_hidden_layers(model: Network) -> None:
    """Refuse layers in a plain list or dict, where torch does not see their weights."""
    for name, value in vars(model).items():
        if name.startswith("_") or not isinstance(value, (list, tuple, dict)):
            continue
        if any(isinstance(leaf, nn.Module) for leaf in leaves(value)):
            raise ArgumentError(
                f"{type(model).__name__}.{name} holds layers in a plain {type(value).__name__}, where their "
                f"weights are not found: write torch.nn.ModuleList(...) or torch.nn.ModuleDict(...)."
            )
