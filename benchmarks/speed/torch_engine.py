"""The networks in plain PyTorch, in loops as they are well written, and the machine's matrix product."""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.speed.jobs import Job
from benchmarks.speed.layers import BatchNorm, Conv, Dense, Dropout, Flatten, Pool, Relu, Row, shape_after
from benchmarks.speed.nets import Net, data


class GlobalMean(nn.Module):
    """The mean over all places of each channel."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Average.

        Shape:
            (examples, channels, ...) to (examples, channels).
        """
        return maps.flatten(2).mean(2)


def modules(row: Row, shape: tuple[int, ...], as_image: bool) -> list[nn.Module]:
    """Make PyTorch's modules of a row that gets `shape`; signals as images of height one if wished."""
    signal = len(shape) == 2 and not as_image
    if isinstance(row, Conv):
        sides = (1, row.kernel) if len(shape) == 2 and as_image else row.kernel
        kind = nn.Conv1d if signal else nn.Conv2d
        convolution = kind(shape[-1], row.filters, sides, padding=row.padding)
        return [convolution, nn.ReLU()] if row.relu else [convolution]
    if isinstance(row, Pool):
        sides = (1, row.size) if len(shape) == 2 and as_image else row.size
        return [nn.MaxPool1d(sides) if signal else nn.MaxPool2d(sides)]
    if isinstance(row, Dense):
        return [nn.Linear(shape[-1], row.units), *([nn.ReLU()] if row.relu else [])]
    if isinstance(row, BatchNorm):
        # Keras's momentum and epsilon.
        kind = nn.BatchNorm1d if signal else nn.BatchNorm2d
        return [kind(shape[-1], momentum=0.01, eps=1e-3)]
    if isinstance(row, Dropout):
        return [nn.Dropout(row.rate)]
    return [{Relu: nn.ReLU, Flatten: nn.Flatten}.get(type(row), GlobalMean)()]


def build(net: Net, as_image: bool = False) -> nn.Sequential:
    """Stack the network up to its logits."""
    stack, shape = [], net.shape
    for row in net.rows:
        stack += modules(row, shape, as_image)
        shape = shape_after(row, shape)
    return nn.Sequential(*stack)


class Answers(nn.Module):
    """A network with the probabilities behind its logits, as it is used."""

    def __init__(self, net: Net, stack: nn.Module):
        super().__init__()
        self.stack = stack
        self.answer = net.answer

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Compute what a person reads."""
        logits = self.stack(inputs)
        if self.answer == "softmax":
            return logits.softmax(1)
        return logits.sigmoid() if self.answer == "sigmoid" else logits


def channels_first(inputs: np.ndarray) -> np.ndarray:
    """Lay channels-last data out anew as PyTorch's default has it."""
    return np.ascontiguousarray(np.moveaxis(inputs, -1, 1))


class TorchEngine:
    """A network in fp32 as PyTorch lays it out, or in channels_last memory and bf16 as experts do.

    `style` is 'plain', 'expert', or 'frozen' (predicting only): weights in bf16, compiled and
    frozen by `torch.compile`.
    """

    def __init__(self, job: Job):
        self.job = job
        self.style = job.options["style"]
        self.expert = self.style != "plain"
        # PyTorch knows channels_last for images only; a signal is one of height one.
        as_image = self.expert and len(job.net.shape) == 2
        inputs, labels = data(job.net, job.examples)
        if as_image:
            inputs = inputs[:, None]
        self.stack = build(job.net, as_image)
        if self.expert:
            self.stack = self.stack.to(memory_format=torch.channels_last)
            self.inputs = torch.from_numpy(inputs)
        else:
            self.inputs = torch.from_numpy(channels_first(inputs))
        self.labels = torch.from_numpy(labels)
        self.about = {"torch": torch.__version__, "threads": str(torch.get_num_threads())}
        if job.task == "train":
            self.optimizer = torch.optim.Adam(self.stack.parameters(), lr=1e-3, eps=1e-7, fused=True)
            self.stack.train()
        else:
            self._make_ready_to_predict()

    def _make_ready_to_predict(self) -> None:
        self.model: Any = Answers(self.job.net, self.stack).eval()
        if self.style == "frozen":
            import torch._inductor.config as settings

            settings.freezing = True
            self.model = torch.compile(self.model.to(torch.bfloat16))

    def _arithmetic(self) -> Any:
        return torch.autocast("cpu", dtype=torch.bfloat16) if self.style == "expert" else nullcontext()

    def _in_order(self, batch: torch.Tensor) -> torch.Tensor:
        # Channels-last memory seen as PyTorch numbers the axes: nothing is copied.
        return batch.movedim(-1, 1) if self.expert else batch

    def turn(self) -> dict[str, float]:
        """Train one epoch, or predict once; says what shows that it was done."""
        return self._train() if self.job.task == "train" else self._predict()

    def _train(self) -> dict[str, float]:
        total, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for rows in torch.randperm(len(self.labels)).split(self.job.load.batch):
            inputs, labels = self._in_order(self.inputs[rows]), self.labels[rows]
            with self._arithmetic():
                logits = self.stack(inputs)
            logits = logits.float()
            if self.job.net.answer == "sigmoid":
                logits = logits[:, 0]
                loss = F.binary_cross_entropy_with_logits(logits, labels.float())
            else:
                loss = F.cross_entropy(logits, labels)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            if self.job.metrics:
                with torch.no_grad():
                    total += loss * len(rows)
                    found = logits > 0 if self.job.net.answer == "sigmoid" else logits.argmax(1)
                    right += (found == labels).sum()
        count = len(self.labels)
        return {"loss": total.item() / count, "accuracy": right.item() / count} if self.job.metrics else {}

    def _predict(self) -> dict[str, float]:
        found = []
        # Freezing works under no_grad; inference_mode is the quicker of the two otherwise.
        with torch.no_grad() if self.style == "frozen" else torch.inference_mode(), self._arithmetic():
            for batch in self.inputs.split(self.job.load.batch):
                if self.style == "frozen":
                    batch = batch.to(torch.bfloat16)
                found.append(self.model(self._in_order(batch)).float())
            answers = torch.cat(found).numpy()
        return {"answers": len(answers), "mean": float(answers.mean())}


class LimitEngine:
    """The machine's own matrix products in bf16 and fp32, in operations a second."""

    # The quickest differs from machine to machine; its rate is the limit.
    SIZES = (512, 1024, 2048)
    SECONDS = 0.25

    def __init__(self, job: Job):
        self.about = {"torch": torch.__version__, "threads": str(torch.get_num_threads())}
        self.pairs = {
            (dtype, size): [torch.randn(size, size).to(dtype) for _ in range(3)]
            for dtype in (torch.bfloat16, torch.float32)
            for size in self.SIZES
        }

    def turn(self) -> dict[str, float]:
        """Multiply for a while and give the best rate of each type."""
        found = {"bfloat16": 0.0, "float32": 0.0}
        for (dtype, size), (left, right, out) in self.pairs.items():
            end = time.perf_counter() + self.SECONDS
            name = str(dtype).removeprefix("torch.")
            while (start := time.perf_counter()) < end:
                torch.mm(left, right, out=out)
                rate = 2 * size**3 / (time.perf_counter() - start)
                found[name] = max(found[name], rate)
        return found
