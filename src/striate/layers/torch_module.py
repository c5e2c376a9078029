"""A plain torch module as a layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from striate.core.errors import ArgumentError
from striate.layers.axes import check_data_format
from striate.layers.base import Layer


class TorchModule(Layer):
    """Lets any `torch.nn.Module` stand as a layer.

    With `data_format='channels_first'` tensors of three axes and more are turned to
    PyTorch's order before the module and back after it; modules that do not mind the order
    of axes, such as activations, need no turn.

    Shape:
        in (batch, *axes, channels), out whatever the module makes of it, channels last.

    Raises:
        ArgumentError: something that is no torch module; a config, since code is not saved.
    """

    casts_input = True

    def __init__(self, module: nn.Module, data_format: str | None = None, **options: Any):
        super().__init__(**options)
        if not isinstance(module, nn.Module):
            raise ArgumentError(f"TorchModule takes a torch.nn.Module; got {type(module).__name__}.")
        self.data_format = check_data_format(data_format)
        self.module = module.train(False)
        self.trainable = self._trainable

    def call(self, inputs: torch.Tensor) -> Any:
        """Run the module, with the axes turned if it wants channels first."""
        if self.data_format == "channels_last" or inputs.ndim < 3:
            return self.module(inputs)
        outputs = self.module(inputs.movedim(-1, 1))
        return outputs.movedim(1, -1) if outputs.ndim >= 3 else outputs

    def get_config(self) -> dict[str, Any]:
        """Refused: the module's code belongs to the person and is not written to files.

        Raises:
            ArgumentError: always, with what to do instead.
        """
        raise ArgumentError(
            f"{self._label()} holds a {type(self.module).__name__}, whose code cannot be saved. Save its "
            "weights by torch.save(model.state_dict(), path), or write it as a Layer with get_config()."
        )
