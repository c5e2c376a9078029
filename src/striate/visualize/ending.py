"""The softmax or sigmoid at a network's end, wherever it is written, and what went into it."""

from __future__ import annotations

from typing import Any, final

import torch
from torch.overrides import TorchFunctionMode

# The name of torch's function, and what is said of it in notes.
_ENDINGS = {
    "softmax": "softmax",
    "special_softmax": "softmax",
    "log_softmax": "log-softmax",
    "special_log_softmax": "log-softmax",
    "sigmoid": "sigmoid",
    "sigmoid_": "sigmoid",
    "special_expit": "sigmoid",
    "logsigmoid": "log-sigmoid",
}


@final
class EndingWatch(TorchFunctionMode):
    """Remembers the last softmax or sigmoid that ran inside the with-block, and what went into it.

    It looks at calls of torch's functions, not at layers: so it sees a layer, `activation=`, and
    a function in somebody's `forward` alike, and leaves nothing on the network.

    >>> with EndingWatch() as seen:
    ...     answer = torch.sigmoid(torch.tensor([[2.0]]))
    >>> seen.before(answer)
    ('sigmoid', tensor([[2.]]))
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: tuple[str, torch.Tensor, torch.Tensor] | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the function as it is, and remember it if it is one of the endings."""
        kwargs = kwargs or {}
        kind = _ENDINGS.get(getattr(func, "__name__", ""))
        if kind is None:
            return func(*args, **kwargs)
        inputs = args[0] if args else kwargs["input"]
        if func.__name__.endswith("_"):
            # In place its input is gone afterwards.
            inputs = inputs.clone()
        outputs = func(*args, **kwargs)
        self._last = (kind, inputs, outputs)
        return outputs

    def before(self, answer: torch.Tensor) -> tuple[str, torch.Tensor] | None:
        """Say what made this answer and hand over what went into it; None where neither made it."""
        if self._last is None:
            return None
        kind, inputs, outputs = self._last
        # A reshape or a squeeze behind it hands out the same memory.
        if answer.data_ptr() != outputs.data_ptr() or answer.numel() != outputs.numel():
            return None
        return kind, inputs.reshape(answer.shape)
