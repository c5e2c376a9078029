"""One step: forward, loss, backward, update; and one forward pass for scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from striate.core.allocator import keep_memory_warm
from striate.core.console import say
from striate.core.errors import OutOfMemoryError, ShapeError, StateError
from striate.core.runtime import choose_device, choose_precision
from striate.core.threads import settle_threads
from striate.core.tree import map_leaves
from striate.layers.base import Layer, mode_of
from striate.layers.weights import Weighted, WeightSpec
from striate.losses import check_probabilities
from striate.training.checks import check_answers, check_logits
from striate.training.compiled import Compiled
from striate.training.feed import Batch
from striate.training.memory import is_out_of_memory, part_size
from striate.training.numbers import NumbersWatch
from striate.training.scores import Scores, named_parts
from striate.training.tracing import explain


@dataclass(frozen=True)
class Ruled:
    """A weight with the regulariser or the constraint that its layer gave it."""

    weight: torch.Tensor
    spec: WeightSpec
    rule: Callable[[torch.Tensor], torch.Tensor]


class Stepper:
    """Runs batches through a module: it knows device, precision, penalties and constraints.

    Nothing here asks what kind of module it is; Striate's layers inside are found by looking.
    """

    def __init__(self, module: nn.Module, compiled: Compiled):
        keep_memory_warm()
        settle_threads()
        self.module = module
        self.compiled = compiled
        self.device: torch.device = choose_device(compiled.device).value
        self.precision: str = choose_precision(compiled.precision, self.device).value
        self.module.to(self.device)
        # Striate's layers cast what they get; torch's own do not, and arrays are float64 more often than not.
        self._input_dtype = None if isinstance(module, Layer) else _floating_dtype(module)
        self.scores: Scores | None = None
        self.numbers = NumbersWatch(module, self.device)
        # All labels, where they are at hand: checked once, against the loss, when that is known.
        self.whole_targets: Any = None
        self.prepared = False
        self._checked = False
        self._parts: int | None = None
        self._penalties: list[Ruled] = []
        self._constrained: list[Ruled] = []
        self._active: list[Layer] = []

    def arithmetic(self) -> AbstractContextManager[Any]:
        """The context in which the network computes: bf16 products where the policy says so."""
        if self.precision == "bfloat16":
            return torch.autocast(self.device.type, dtype=torch.bfloat16)
        return nullcontext()

    def forward(self, inputs: Any) -> Any:
        """Run the module; the outputs come in fp32 or wider, also from bf16 arithmetic."""
        if self._input_dtype is not None:
            inputs = map_leaves(
                lambda leaf: leaf.to(self._input_dtype) if leaf.is_floating_point() else leaf, inputs
            )
        with self.arithmetic():
            outputs = self.module(inputs)
        return map_leaves(
            lambda leaf: leaf.float() if leaf.dtype in (torch.bfloat16, torch.float16) else leaf, outputs
        )

    def _infer(self, inputs: Any) -> Any:
        with mode_of(self.module, False):
            return self.forward(inputs)

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
        self._find_penalties()
        # Which weights learn decides how much of a batch autograd keeps, and so how it is cut.
        self._parts = None
        self.numbers.settle()
        self.prepared = True

    def _find_penalties(self) -> None:
        holders = [module for module in self.module.modules() if isinstance(module, Weighted)]
        pairs = [(getattr(holder, name), spec) for holder in holders for name, spec in holder._specs.items()]
        self._penalties = [
            Ruled(weight, spec, spec.regularizer) for weight, spec in pairs if spec.regularizer is not None
        ]
        self._constrained = [
            Ruled(weight, spec, spec.constraint) for weight, spec in pairs if spec.constraint is not None
        ]
        self._active = [
            module
            for module in holders
            if isinstance(module, Layer) and module.activity_regularizer is not None
        ]

    def train(self, batch: Batch) -> None:
        """Take one step of training; the batch goes through in parts where it does not fit whole.

        Raises:
            NumbersError: the loss or the gradients are no finite numbers; nothing was changed then.
        """
        optimizer, numbers = self.compiled.optimizer, self.numbers
        optimizer.zero_grad()
        numbers.begin()
        # Gradients that would vanish in a narrow type are made larger; the optimiser divides again.
        scale = optimizer.loss_scale_factor or 1.0
        for part, share in self.parts_of(batch):
            loss = self._loss_of(part, share)
            numbers.note(loss)
            (loss * scale).backward()
        if not numbers.is_sound(clipped=optimizer.clipvalue is not None):
            numbers.take_back()
            if not numbers.tolerant:
                raise explain(self, batch, numbers.loss())
            return
        optimizer.step()
        with torch.no_grad():
            for pair in self._constrained:
                public = pair.spec.to_public(pair.weight)
                public.copy_(pair.rule(public))

    def guarded_train(self, batch: Batch) -> None:
        """Take one step; where memory runs out, say which batch size to try.

        Raises:
            OutOfMemoryError: memory ran out.
        """
        try:
            self.train(batch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemoryError(
                f"memory ran out on a batch of {batch.size}. Try batch_size={max(batch.size // 2, 1)}, "
                "smaller inputs or fewer filters."
            ) from error

    def _loss_of(self, part: Batch, share: float) -> torch.Tensor:
        """Compute the part's share of the whole batch's loss, and count the part into the scores."""
        for layer in self._active:
            layer.activity_losses.clear()
        outputs = self.forward(part.inputs)
        scores = self._scores_for(outputs, part)
        loss, parts = scores.loss(outputs, part.targets, part.weights, share)
        total = loss + self.penalty(share)
        scores.update(outputs, part.targets, part.weights, total, parts, part.size)
        return total * share

    def penalty(self, share: float = 1.0) -> torch.Tensor | float:
        """Add up what regularisers ask for the weights and the last activities."""
        # A weight's penalty is the same for each part; an activity's is a sum over the examples.
        terms = [pair.rule(pair.spec.to_public(pair.weight)) for pair in self._penalties]
        terms += [term / share for layer in self._active for term in layer.activity_losses]
        return torch.stack(terms).sum() if terms else 0.0

    def _scores_for(self, outputs: Any, batch: Batch) -> Scores:
        if self.scores is None:
            self._find_penalties()
            names = getattr(self.module, "output_names", None)
            self.scores = Scores(self.compiled, outputs, batch.targets, names)
            whole = batch.targets if self.whole_targets is None else self.whole_targets
            self.scores.check_targets(outputs, whole)
        if not self._checked:
            self._checked = True
            for name, answers in named_parts(outputs, self.scores.names).items():
                check_answers(self._infer, batch.inputs, answers, self.scores.losses[name])
                check_probabilities(self.scores.losses[name], answers)
                if self.module.training:
                    check_logits(answers, self.scores.losses[name])
        return self.scores

    def logs(self) -> dict[str, float]:
        """Loss and metrics so far; empty before the first batch."""
        return {} if self.scores is None else self.scores.logs()

    def get_state(self) -> dict[str, Any]:
        """Say how batches are cut, and what was counted into the scores so far."""
        return {"parts": self._parts, "scores": None if self.scores is None else self.scores.get_state()}

    def set_state(self, state: Mapping[str, Any], example: Callable[[], Batch]) -> None:
        """Go on where `get_state` was asked; `example` gives a batch that shows what the scores are of."""
        self._parts, self._checked = state["parts"], True
        if state["scores"] is None:
            return
        if self.scores is None:
            batch = example()
            with torch.no_grad():
                self._scores_for(self._infer(batch.inputs), batch)
        if self.scores is not None:
            self.scores.set_state(state["scores"], self.device)

    def parts_of(self, batch: Batch) -> Iterator[tuple[Batch, float]]:
        """Cut a batch into parts that fit into memory, each with its share of the whole."""
        if self._parts is None:
            self._parts = self._measure(batch)
        size = min(self._parts, batch.size)
        if size == batch.size:
            yield batch, 1.0
            return
        for start in range(0, batch.size, size):
            part = batch.part(start, start + size)
            yield part, part.size / batch.size

    def _measure(self, batch: Batch) -> int:
        try:
            size = part_size(self.module, batch.inputs, batch.size, self.device, self.forward)
        except ShapeError:
            # The step itself meets the same mistake, and its message shows the person's own batch.
            return batch.size
        if size < batch.size:
            say(
                f"a batch of {batch.size} does not fit into memory; it is cut into parts of {size} whose "
                "gradients are added up (batch statistics are those of each part)."
            )
        return size

    @torch.no_grad()
    def score(self, batch: Batch) -> None:
        """Count one batch into loss and metrics, without learning."""
        self._loss_of(batch, 1.0)


def trainable_weights(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """List the parameters that training changes, by their paths."""
    return [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]


def _floating_dtype(module: nn.Module) -> torch.dtype | None:
    return next((weight.dtype for weight in module.parameters() if weight.is_floating_point()), None)
