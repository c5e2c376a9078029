"""Several processes that train one network: how they find each other, and what they tell each other.

`torchrun` starts them. Gradients go through PyTorch's DistributedDataParallel; everything here is
about the rest. It goes between the processors' memories (gloo) also where the networks are on GPUs, so
that no GPU is waited for.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, final

import torch
from torch import distributed
from torch.distributed.rendezvous import rendezvous

from striate.core import processes
from striate.core.errors import ArgumentError, StateError, StriateError
from striate.core.runtime import choose_device

# Reading and decoding a large folder is waited for by the others.
_PATIENCE = timedelta(days=1)


@final
class Processes:
    """The processes that train together, seen from one of them; every method is called by all at once."""

    def __init__(self) -> None:
        self.rank = distributed.get_rank()
        self.size = distributed.get_world_size()
        self._host: Any = distributed.new_group(backend="gloo", timeout=_PATIENCE)

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0

    def largest(self, numbers: Sequence[int]) -> list[int]:
        """Find the largest that any of the processes has, place by place."""
        shared = torch.tensor(numbers, dtype=torch.int64)
        distributed.all_reduce(shared, distributed.ReduceOp.MAX, group=self._host)
        return [int(number) for number in shared]

    def sums(self, numbers: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Add tensors up over all processes, in float64; each comes back as it was, but for its values."""
        if not numbers:
            return []
        flat = torch.cat([tensor.detach().cpu().double().reshape(-1) for tensor in numbers])
        distributed.all_reduce(flat, group=self._host)
        parts = flat.split([tensor.numel() for tensor in numbers])
        return [part.reshape(one.shape).to(one) for part, one in zip(parts, numbers, strict=True)]

    def gather(self, thing: Any) -> list[Any]:
        """Hand what each process has to all of them, in their order."""
        held: list[Any] = [None] * self.size
        distributed.all_gather_object(held, thing, group=self._host)
        return held

    def from_first(self, thing: Any = None) -> Any:
        """Hand what the first process gave to all of them."""
        held = [thing if self.is_first else None]
        distributed.broadcast_object_list(held, src=0, group=self._host, device=torch.device("cpu"))
        return held[0]


_joined: dict[Any, Processes] = {}


def join() -> Processes | None:
    """Meet the other processes of this training; None where there are no others.

    A process group that the person has made is used as it is.

    Raises:
        StateError: this PyTorch cannot connect processes, or the others are not found.
    """
    if not processes.together():
        return None
    if not (distributed.is_available() and distributed.is_gloo_available()):
        raise StateError(
            f"this is one of {processes.place().size} processes that are to train together, but this PyTorch "
            "was built without gloo, which connects them. Install another build of it, or start one process."
        )
    if not distributed.is_initialized():
        on_gpu = torch.cuda.is_available() and distributed.is_nccl_available()
        try:
            store, rank, size = next(iter(rendezvous("env://")))
            # Else processes that are started again would read where those before them had been.
            store = distributed.PrefixStore(f"striate/{processes.restarts()}", store)
            backend = "cpu:gloo,cuda:nccl" if on_gpu else "gloo"
            distributed.init_process_group(backend, store=store, rank=rank, world_size=size)
        except (RuntimeError, ValueError) as error:
            where = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
            raise StateError(
                f"the {processes.place().size} processes of this training do not find each other at {where}: "
                f"{error}. Start them together, by torchrun."
            ) from error
        atexit.register(_leave)
    group = distributed.group.WORLD
    if group not in _joined:
        _joined.clear()
        _joined[group] = Processes()
    return _joined[group]


def _leave() -> None:
    _joined.clear()
    if distributed.is_initialized():
        distributed.destroy_process_group()


def device_here(request: Any = None) -> torch.device:
    """Choose the device of this process: where several share a machine, each has a GPU of its own.

    Raises:
        ArgumentError: a device that this machine does not have, or fewer GPUs than processes.
    """
    chosen: torch.device = choose_device(request).value
    if not processes.together():
        return chosen
    if chosen.type == "mps":
        if request is not None and str(request) != "auto":
            raise ArgumentError(
                "several processes cannot train on an Apple GPU; say device='cpu', or use one."
            )
        return torch.device("cpu")
    if chosen.type != "cuda":
        return chosen
    local, there = processes.place().local, torch.cuda.device_count()
    if chosen.index is None and local >= there:
        raise ArgumentError(
            f"process {local} of this machine finds no GPU of its own: there are {there}. Start as many "
            f"processes as GPUs (torchrun --nproc-per-node {there}), or say device='cpu'."
        )
    device = torch.device("cuda", local if chosen.index is None else chosen.index)
    torch.cuda.set_device(device)
    return device


@contextmanager
def said_when_one_is_gone(group: Processes | None) -> Iterator[None]:
    """Say in words that another process has died, where torch says it in a backend's.

    Raises:
        StateError: the connection to another process has ended.
    """
    if group is None:
        yield
        return
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, StriateError) or not _is_lost_connection(error):
            raise
        raise StateError(
            f"process {group.rank} of {group.size} lost the connection to another one, which has ended or "
            "cannot be reached: look at what that one said. With torchrun --max-restarts and checkpoints "
            "(striate train, or BackupAndRestore) training goes on by itself."
        ) from error


def _is_lost_connection(error: RuntimeError) -> bool:
    words = ("connection closed", "connection reset", "gloo", "nccl", "broken pipe", "socket")
    kinds = (distributed.DistBackendError, distributed.DistNetworkError)
    return isinstance(error, kinds) or any(word in str(error).lower() for word in words)
