"""One of several processes in a step: its part of the batch, the joined gradients, what all draw alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, final

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from striate.core.errors import StateError
from striate.core.position import Position, at
from striate.layers.normalization import BatchNormalization
from striate.training.batch import Batch
from striate.training.chance import draws_by_itself
from striate.training.distributed import Processes

# Statistics of fewer examples than this are too rough to normalise by.
SMALL_PART = 32


@final
class Together:
    """What a process does in each step beside its own computing.

    A step is that of one process with the whole batch: each takes its rows, gradients are weighted by
    how many those are and added up (PyTorch's DistributedDataParallel), and what is drawn at random
    is drawn for the whole batch by all alike. Modules of torch's own that draw, such as `nn.Dropout`,
    cannot be told which rows they have; with such a one each process draws from a stream of its own.
    """

    def __init__(self, group: Processes, module: nn.Module, device: torch.device, synchronize: bool | None):
        self.group = group
        self.module = module
        self.device = device
        self.synchronize = synchronize
        self._replica: DistributedDataParallel | None = None
        self._learning = False
        self._left_out: list[tuple[str, nn.Parameter]] = []
        self._own_streams = draws_by_itself(module)
        self._statistics: list[torch.Tensor] = []

    def smallest(self, number: int) -> int:
        """Find the smallest that any process has."""
        return -self.group.largest([-number])[0]

    def all_are(self, true: bool) -> bool:
        """Whether something holds in every process."""
        return not self.group.largest([int(not true)])[0]

    def joined_state(self, scores: Any, own: Mapping[str, Any]) -> dict[str, Any]:
        """What all have counted; and what each has, since rounding depends on the order of adding up."""
        each = self.group.gather(own)
        with scores.joined():
            return {**scores.get_state(), "each": each}

    def take_own(self, scores: Any, state: Mapping[str, Any]) -> None:
        """Go on counting with what this process had; with all, where there were others than now."""
        each = state.get("each") or []
        if len(each) == self.group.size:
            scores.set_state(each[self.group.rank], self.device)
        elif not self.group.is_first:
            scores.empty()

    @property
    def share(self) -> tuple[int, int]:
        """Which of how many processes this is."""
        return self.group.rank, self.group.size

    def settle(self, whole: int, reached: Callable[[], set[str]]) -> None:
        """Take the first process's weights, and join the gradients of those that `reached` names.

        `whole` is the number of examples in a batch.
        """
        if self.synchronize is None:
            self.synchronize = -(-whole // self.group.size) < SMALL_PART
        self._statistics = list(self._lonely_statistics())
        self._take_weights()
        names = reached()
        learning = [(name, weight) for name, weight in self.module.named_parameters() if weight.requires_grad]
        # Each process may have found others where the network chooses its way; all must know the same.
        found = self.group.largest([int(name in names) for name, _ in learning])
        self._left_out = [pair for pair, used in zip(learning, found, strict=True) if not used]
        DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(
            self.module, [name for name, _ in self._left_out]
        )
        try:
            self._replica = DistributedDataParallel(self.module, forward_sync_buffers=False, init_sync=False)
        finally:
            del self.module._ddp_params_and_buffers_to_ignore

    @torch.no_grad()
    def _take_weights(self) -> None:
        for tensor in (*self.module.parameters(), *self.module.buffers()):
            # As plain rows of numbers: the kernels of convolutions lie otherwise in memory.
            copied = tensor.detach().clone(memory_format=torch.contiguous_format)
            distributed.broadcast(copied, src=0)
            tensor.copy_(copied)

    def _lonely_statistics(self) -> Iterator[torch.Tensor]:
        """The buffers that each process changes in a step by its own rows alone."""
        joined = [
            inner
            for inner in self.module.modules()
            if isinstance(inner, BatchNormalization) and (self.synchronize or inner.synchronized)
        ]
        known = {id(buffer) for inner in joined for buffer in inner.buffers(recurse=False)}
        for buffer in self.module.buffers():
            if buffer.is_floating_point() and id(buffer) not in known:
                yield buffer

    def run(self, inputs: Any) -> Any:
        """Run the module; in a step, so that gradients will be joined."""
        return self.module(inputs) if not self._learning or self._replica is None else self._replica(inputs)

    @contextmanager
    def part(self, position: Position, last: bool) -> Iterator[None]:
        """Compute a part of a step, forward and backward; gradients are joined with the last."""
        if self._replica is None:
            raise StateError("the first batch was not prepared: call prepare(batch) before train(batch).")
        self._learning = True
        waiting = nullcontext() if last else self._replica.no_sync()
        try:
            with at(position), waiting, self._stream():
                yield
        finally:
            self._learning = False

    @contextmanager
    def _stream(self) -> Iterator[None]:
        if not self._own_streams:
            yield
            return
        # Drawn by all alike, then parted.
        seed = int(torch.randint(2**62, ()).item())
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            torch.manual_seed((seed + self.group.rank * 0x9E3779B97F4A7C15) % 2**63)
            yield

    @torch.no_grad()
    def end_step(self) -> None:
        """Bring together what the gradients do not: statistics that each process took of its own rows.

        Raises:
            StateError: a weight got a gradient that is not joined with the others'.
        """
        for name, weight in self._left_out:
            if weight.grad is not None:
                raise StateError(
                    f"weight {name!r} took no part in the first step and does in this one; between several "
                    "processes the same weights must learn in every step. Train this network in one process."
                )
        if self._statistics:
            flat = torch.cat([buffer.reshape(-1) for buffer in self._statistics])
            distributed.all_reduce(flat)
            flat /= self.group.size
            parts = flat.split([buffer.numel() for buffer in self._statistics])
            for buffer, part in zip(self._statistics, parts, strict=True):
                buffer.copy_(part.reshape(buffer.shape))


def place_of(part: Batch, step: int, together: Together | None) -> AbstractContextManager[None]:
    """Say which examples of a batch are computed, to all that draws at random or takes statistics of them."""
    whole = part.size if part.whole is None else part.whole
    if together is None:
        return at(Position(step, whole, part.first, part.size))
    size, synchronize = together.group.size, bool(together.synchronize)
    position = Position(step, whole, part.first, part.size, size, synchronize, part.counts)
    return together.part(position, part.last)
