"""One step: forward, loss, backward, update; and one forward pass for scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from striate.core.allocator import keep_memory_warm
from striate.core.console import say
from striate.core.errors import ShapeError, StateError
from striate.core.threads import pytorch_resting, settle_threads
from striate.core.tree import map_leaves
from striate.layers.base import Layer, mode_of
from striate.losses import check_probabilities
from striate.training.chance import draws_by_itself, remember, untouched
from striate.training.checks import check_answers, check_logits
from striate.training.compiled import Compiled
from striate.training.cutting import cut
from striate.training.direct import DirectStep
from striate.training.distributed import Processes
from striate.training.feed import Batch
from striate.training.memory import guarded, part_size
from striate.training.numbers import NumbersWatch
from striate.training.rules import Rules
from striate.training.runner import Runner
from striate.training.scores import Scores, named_parts
from striate.training.together import Together, place_of
from striate.training.tracing import explain


class Stepper:
    """Runs batches through a module: it knows device, precision, penalties and constraints.

    Nothing here asks what kind of module it is; Striate's layers inside are found by looking. With
    `processes` it is one of several that train the same module, each on its part of every batch.
    """

    def __init__(self, module: nn.Module, compiled: Compiled, processes: Processes | None = None):
        keep_memory_warm()
        settle_threads()
        self.module = module
        self.compiled = compiled
        self.runner = Runner(module, compiled, processes is None)
        self.device, self.precision = self.runner.device, self.runner.precision
        self.scores: Scores | None = None
        self.numbers = NumbersWatch(module, self.device)
        # All labels, where they are at hand: checked once, against the loss, when that is known.
        self.whole_targets: Any = None
        self.prepared = False
        self.checked = False
        self.parts: int | None = None
        self.rules = Rules(module)
        self.direct = DirectStep()
        self.together = (
            None if processes is None else Together(processes, module, self.device, compiled.sync_batch_norm)
        )
        if self.together is not None:
            self.runner.run = self.together.run

    def forward(self, inputs: Any) -> Any:
        """Run the module; the outputs come in fp32 or wider, also from bf16 arithmetic."""
        return self.runner.forward(inputs)

    @property
    def ready(self) -> bool:
        """Whether all is known for a step; not where a callback has put another optimiser in place."""
        return self.prepared and self.compiled.optimizer.built

    def prepare(self, batch: Batch) -> None:
        """Learn what only the first batch tells: the weights, their regularisers and constraints.

        Raises:
            StateError: a network without a weight to train.
        """
        if isinstance(self.module, Layer) and not self.module.built:
            self.module.ensure_built(map_leaves(lambda leaf: tuple(leaf.shape), batch.inputs))
        if any(isinstance(inner, Layer) and not inner.built for inner in self.module.modules()):
            # Layers inside a person's own call are built when data first pass; the optimiser needs them now.
            with torch.no_grad(), mode_of(self.module, False):
                self.module(map_leaves(lambda leaf: leaf[:1], batch.inputs))
        self.module.to(self.device)
        learning = trainable_weights(self.module)
        if not learning:
            raise StateError(
                "there is nothing to train: the network has no weights, or all its layers are frozen. "
                "Set trainable = True on a layer, then compile again."
            )
        self.compiled.optimizer.build(learning)
        self.rules.find()
        # Which weights learn decides how much of a batch autograd keeps, and so how it is cut.
        self.parts = None
        if self.together is not None:
            self.together.settle(batch.whole or batch.size, lambda: self._reached(batch.part(0, 2)))
        self.numbers.settle()
        if self.device.type == "cpu" and self.runner.translated is None:
            self.direct.settle(self.module)
        self.prepared = True

    def _reached(self, batch: Batch) -> set[str]:
        """Name the weights that a batch's loss depends on; nothing is changed by looking."""
        learning = trainable_weights(self.module)
        before = None if self.scores is None else self.scores.get_state()
        with untouched(self.module, self.device), mode_of(self.module, True):
            loss = self._loss_of(batch, 1.0)
            found = torch.autograd.grad(loss, [weight for _, weight in learning], allow_unused=True)
        if self.scores is not None:
            self.scores.reset() if before is None else self.scores.set_state(before, self.device)
        return {name for (name, _), part in zip(learning, found, strict=True) if part is not None}

    def train(self, batch: Batch) -> None:
        """Take one step of training; the batch goes through in parts where it does not fit whole.

        Raises:
            NumbersError: the loss or the gradients are no finite numbers; nothing was changed then.
        """
        optimizer, numbers = self.compiled.optimizer, self.numbers
        optimizer.zero_grad()
        numbers.begin()
        # Gradients that would vanish in a narrow type are made larger; the optimiser divides again.
        scale, together = optimizer.loss_scale_factor or 1.0, self.together
        for part, share in self.parts_of(batch):
            with place_of(part, optimizer._steps, together):
                self._learn(part, share, scale if together is None else scale * together.group.size)
        sound = numbers.is_sound(clipped=optimizer.clipvalue is not None)
        if not (sound if together is None else together.all_are(sound)):
            numbers.take_back()
            if not numbers.tolerant:
                raise explain(self, batch, numbers.loss())
            return
        optimizer.step()
        self.rules.constrain()
        if together is not None:
            together.end_step()

    def _learn(self, part: Batch, share: float, factor: float) -> None:
        """Give the weights the gradients of a part's share of the loss, times `factor`."""
        if share == factor == 1.0 and part.counts and self.together is None:
            found = self.direct.learn(self, part)
            if found is not None:
                self.numbers.note(found)
                return
        loss = self._loss_of(part, share)
        self.numbers.note(loss)
        (loss if factor == 1.0 else loss * factor).backward()

    def guarded_train(self, batch: Batch) -> None:
        """Take one step; where memory runs out, say which batch size to try.

        Raises:
            OutOfMemoryError: memory ran out.
        """
        with guarded(self, batch):
            self.train(batch)

    def _loss_of(self, part: Batch, share: float) -> torch.Tensor:
        """Compute the part's share of the whole batch's loss, and count the part into the scores."""
        self.rules.begin()
        outputs = self.forward(part.inputs)
        scores = self.scores_for(outputs, part)
        loss, parts = scores.loss(outputs, part.targets, part.weights, share, part.counts)
        penalty = self.rules.penalty(share)
        total = loss + penalty if isinstance(penalty, torch.Tensor) else loss
        scores.update(outputs, part.targets, part.weights, total, parts, part.size if part.counts else 0)
        # Every operation on the loss is one more on the way back.
        return total if share == 1.0 and part.counts else total * (share if part.counts else 0.0)

    def scores_for(self, outputs: Any, batch: Batch) -> Scores:
        """The scores of this pass; the first outputs say of what, and are looked at for mistakes."""
        if self.scores is None:
            self.rules.find()
            names = getattr(self.module, "output_names", None)
            self.scores = Scores(self.compiled, outputs, batch.targets, names)
            self.scores.sums = None if self.together is None else self.together.group.sums
            whole = batch.targets if self.whole_targets is None else self.whole_targets
            self.scores.check_targets(outputs, whole)
        if not self.checked:
            self.checked = True
            for name, answers in named_parts(outputs, self.scores.names).items():
                check_answers(self.runner.infer, batch.inputs, answers, self.scores.losses[name])
                check_probabilities(self.scores.losses[name], answers)
                if self.module.training:
                    check_logits(answers, self.scores.losses[name])
        return self.scores

    def logs(self) -> dict[str, float]:
        """Loss and metrics so far; empty before the first batch."""
        with self._joined():
            return self.own_logs()

    def own_logs(self) -> dict[str, float]:
        """Loss and metrics so far over what this process has computed."""
        return {} if self.scores is None else self.scores.logs()

    def _joined(self) -> AbstractContextManager[None]:
        return nullcontext() if self.together is None or self.scores is None else self.scores.joined()

    def get_state(self) -> dict[str, Any]:
        """Say how batches are cut, and what was counted into the scores so far."""
        scores = None if self.scores is None else self.scores.get_state()
        if scores is not None and self.together is not None:
            scores = self.together.joined_state(self.scores, scores)
        return {"parts": self.parts, "scores": scores}

    def set_state(self, state: Mapping[str, Any], example: Callable[[], Batch]) -> None:
        """Go on where `get_state` was asked; `example` gives a batch that shows what the scores are of."""
        self.parts, self.checked = state["parts"], True
        if state["scores"] is None:
            return
        if self.scores is None:
            batch = example()
            with torch.no_grad():
                self.scores_for(self.runner.infer(batch.inputs), batch)
        if self.scores is not None:
            self.scores.set_state(state["scores"], self.device)
            if self.together is not None:
                self.together.take_own(self.scores, state["scores"])

    def parts_of(self, batch: Batch) -> Iterator[tuple[Batch, float]]:
        """Cut a batch into parts that fit into memory, each with its share of the whole."""
        if self.parts is None:
            self.parts = self._measure(batch)
        if self.together is None and self.parts >= batch.size:
            yield batch, 1.0
            return
        again: Callable[[], None] | None = None
        for part, share in cut(batch, self.parts, 1 if self.together is None else self.together.group.size):
            if again is not None:
                # All parts take their rows of the same draws.
                again()
            elif not part.last and not draws_by_itself(self.module):
                again = remember(self.module, self.device)
            yield part, share

    def _measure(self, batch: Batch) -> int:
        try:
            size = part_size(self.module, batch.inputs, batch.size, self.device, self.forward)
        except ShapeError:
            # The step itself meets the same mistake, and its message shows the person's own batch.
            return batch.size
        if self.together is not None:
            size = self.together.smallest(size if size < batch.size else max(size, batch.whole or size))
        if size < batch.size:
            say(
                f"a batch of {batch.size} does not fit into memory; it is cut into parts of {size} whose "
                "gradients are added up (batch statistics are those of each part)."
            )
        return size

    @torch.no_grad()
    def score(self, batch: Batch) -> None:
        """Count one batch into loss and metrics, without learning."""
        self._loss_of(batch, batch.size / batch.whole if batch.whole and batch.counts else 1.0)


def threads_for(stepper: Stepper, training: bool = False) -> AbstractContextManager[None]:
    """The context in which steps run: PyTorch's threads rest where the kernels' own do all the work."""
    ask = getattr(stepper.module, "is_one_program", None)
    if ask is None or stepper.device.type != "cpu":
        return nullcontext()
    return pytorch_resting() if ask(training, stepper.precision == "bfloat16") else nullcontext()


def trainable_weights(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """List the parameters that training changes, by their paths."""
    return [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]
