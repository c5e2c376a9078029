"""Fine-tuning: a network that has learnt one task learns another, its last layers first.

The layers in front hold what was learnt before. As long as the new head answers at random, its
gradients would only spoil that; so the head learns alone first, then all layers together, those
in front, which see what is common to all pictures, at lower rates. (Yosinski et al., "How
transferable are features in deep neural networks?", 2014; rates by depth: Howard and Ruder,
"Universal language model fine-tuning", 2018, section 3.2.)
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from torch import nn

from striate.callbacks import CallbackList, History
from striate.callbacks.base import Callback
from striate.core.arguments import refuse_unknown
from striate.core.console import say
from striate.core.errors import ArgumentError, StateError, unknown_name
from striate.core.shapes import check_choice
from striate.optimizers import Optimizer, TorchOptimizer
from striate.optimizers.options import COMMON, check_number
from striate.optimizers.schedules import CosineDecay
from striate.training.checks import check_whole
from striate.training.compiled import Compiled
from striate.training.feed import check_batch_size, count_examples, holds_arrays
from striate.training.freezing import flags_kept, flags_of, hold, hold_norms, quieten_held_norms, set_flags
from striate.training.loop import fit
from striate.training.step import trainable_weights

HEAD_SHARE = 0.3
SCHEDULES = ("cosine", "constant")
# What `fit` takes beside the arguments of its own that are named below.
_OPTIONS = (
    "validation_split",
    "validation_data",
    "shuffle",
    "class_weight",
    "sample_weight",
    "initial_epoch",
    "validation_steps",
    "validation_batch_size",
    "validation_freq",
    "augment",
)


@dataclass(frozen=True)
class LearningRateByDepth:
    """Gives the first layer `lowest` times the learning rate, the last one all of it, and grades in between.

    Layers are put into `grades` groups of one rate each; from group to group it grows by the same factor.

    Raises:
        ArgumentError: a share outside 0 to 1, or no grades.

    >>> LearningRateByDepth(0.01, grades=3).multipliers(nn.Sequential(*[nn.Linear(1, 1) for _ in range(3)]))
    {'0.weight': 0.01, '0.bias': 0.01, '1.weight': 0.1, '1.bias': 0.1, '2.weight': 1.0, '2.bias': 1.0}
    """

    lowest: float = 0.1
    grades: int = 6

    def __post_init__(self) -> None:
        check_number("lowest", self.lowest, above=0, most=1)
        check_whole(self.grades, "grades")

    def multipliers(self, module: nn.Module) -> dict[str, float]:
        """Name every weight that learns, with what its learning rate is multiplied by."""
        names = [name for name, _ in trainable_weights(module)]
        layers = list(dict.fromkeys(name.rpartition(".")[0] for name in names))
        grades = min(self.grades, len(layers))
        share = {}
        for place, layer in enumerate(layers):
            grade = place * grades // len(layers)
            share[layer] = round(self.lowest ** (1 - grade / (grades - 1)), 6) if grades > 1 else 1.0
        return {name: share[name.rpartition(".")[0]] for name in names}


def fine_tune(
    module: nn.Module,
    compiled: Compiled,
    x: Any = None,
    y: Any = None,
    *,
    head: str | Sequence[str] | None = None,
    epochs: int = 10,
    head_epochs: int | None = None,
    head_learning_rate: float = 3e-3,
    learning_rate: float = 2e-4,
    schedule: str = "cosine",
    by_depth: LearningRateByDepth | None = None,
    train_normalization: bool = False,
    batch_size: int | None = None,
    steps_per_epoch: int | None = None,
    callbacks: Any = None,
    verbose: str | int = "auto",
    **options: Any,
) -> History:
    """Train the head of a network alone, then all of it with learning rates by depth.

    `head` names the layers that are new, among the module's direct children; without it the last
    one that has weights. The first `head_epochs` of the `epochs` (three of ten unless told) are
    theirs alone, while the others stay as they are, batch normalisation in inference mode. After
    that all layers learn: the last one at `learning_rate`, those before at less (`by_depth`).
    Batch normalisation in front of the head stays as it was learnt unless `train_normalization`.

    The optimiser is of the kind that was compiled, made anew for each of the two phases with its
    rate; by 'cosine' that falls to 0 within the phase. All else goes to `fit`: validation_data,
    augment, ... Epochs, history and callbacks run through as in one training. Afterwards the
    layers are as trainable as they were.

    Raises:
        UnknownNameError: a head that is no layer of the module.
        ArgumentError: a head that leaves nothing in front of it, or an option that there is not.
        StateError: a network without weights yet.
    """
    refuse_unknown("fine_tune", options, (*_OPTIONS, *inspect.signature(fine_tune).parameters))
    head_epochs = _head_epochs(epochs, head_epochs)
    steps = steps_per_epoch or _steps(x, batch_size, options.get("validation_split", 0.0))
    rates = _Rates(head_learning_rate, learning_rate, check_choice(schedule, SCHEDULES, "schedule"), steps)
    plan = _Plan(epochs, head_epochs, rates, by_depth or LearningRateByDepth(), train_normalization)
    phases = _Phases(module, compiled, _head_of(module, head), plan, verbose != 0)
    options |= {"callbacks": [phases, *_listed(callbacks)], "steps_per_epoch": steps_per_epoch}
    with flags_kept(module):
        return fit(module, compiled, x, y, batch_size, epochs, verbose, **options)


def _listed(callbacks: Any) -> list[Callback]:
    given = callbacks.callbacks if isinstance(callbacks, CallbackList) else callbacks
    return [given] if isinstance(given, Callback) else list(given or [])


@dataclass(frozen=True)
class _Rates:
    """The learning rates of the two phases and how they fall."""

    head: float
    whole: float
    schedule: str
    steps: int | None

    def of_phase(self, rate: float, epochs: int) -> Any:
        if self.schedule == "constant" or self.steps is None or epochs < 1:
            return rate
        return CosineDecay(rate, decay_steps=self.steps * epochs)


@dataclass(frozen=True)
class _Plan:
    """What happens when."""

    epochs: int
    head_epochs: int
    rates: _Rates
    by_depth: LearningRateByDepth
    train_normalization: bool


@final
class _Phases(Callback):
    """Freezes, thaws and changes the optimiser where a phase begins."""

    def __init__(
        self, module: nn.Module, compiled: Compiled, head: list[nn.Module], plan: _Plan, talks: bool
    ) -> None:
        if isinstance(compiled.optimizer, TorchOptimizer):
            raise ArgumentError(
                "fine-tuning makes a new optimizer for each of its two phases, which cannot be done with one "
                "of torch.optim. Compile with one of striate.optimizers, such as 'adam'."
            )
        self.module, self.compiled, self.plan, self.talks = module, compiled, plan, talks
        self.base = [child for child in module.children() if not any(child is one for one in head)]
        self.flags = flags_of(module)
        self.template: Optimizer = compiled.optimizer
        self.phase: str | None = None

    def get_state(self) -> dict[str, Any]:
        """Which phase this is."""
        return {"phase": self.phase}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on in this phase: its layers learn, by an optimiser of its own."""
        self._begin(state["phase"])

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Begin a phase where this epoch is its first."""
        self._begin("head" if epoch < self.plan.head_epochs else "whole")
        quieten_held_norms(self.module)

    def _begin(self, phase: str) -> None:
        if phase != self.phase:
            self.phase = phase
            self._begin_head() if phase == "head" else self._begin_whole()

    def _begin_head(self) -> None:
        for child in self.base:
            hold(child)
        rates = self.plan.rates
        self.compiled.optimizer = _fresh(self.template, rates.of_phase(rates.head, self.plan.head_epochs))
        self._say(f"the head alone for {self.plan.head_epochs} of {self.plan.epochs} epochs")

    def _begin_whole(self) -> None:
        set_flags(self.flags)
        if not self.plan.train_normalization:
            for child in self.base:
                hold_norms(child)
        rates = self.plan.rates
        epochs = self.plan.epochs - self.plan.head_epochs
        optimizer = _fresh(self.template, rates.of_phase(rates.whole, epochs))
        optimizer.multiply_rates(self.plan.by_depth.multipliers(self.module))
        self.compiled.optimizer = optimizer
        lowest = min(optimizer.multipliers.values(), default=1.0) * rates.whole
        self._say(f"all layers, at rates from {lowest:g} in front to {rates.whole:g} at the end")

    def _say(self, what: str) -> None:
        if self.talks:
            learning = sum(weight.numel() for _, weight in trainable_weights(self.module))
            say(f"fine-tuning: {what}; {learning:,} parameters learn")


def _fresh(template: Optimizer, rate: Any) -> Optimizer:
    # Not by get_config, which refuses a rate that is a function; the rate is another one here.
    settings = {name: getattr(template, name) for name in ("name", *template.settings, *COMMON)}
    optimizer = type(template)(**{**settings, "learning_rate": rate})
    optimizer._excluded = template._excluded
    return optimizer


def _head_epochs(epochs: int, head_epochs: int | None) -> int:
    check_whole(epochs, "epochs", least=0)
    if head_epochs is None:
        return min(max(round(epochs * HEAD_SHARE), 1), epochs)
    check_whole(head_epochs, "head_epochs", least=0)
    return min(head_epochs, epochs)


def _steps(x: Any, batch_size: int | None, validation_split: float) -> int | None:
    """How many steps an epoch has; None where the data do not say."""
    if x is not None and holds_arrays(x):
        examples = int(count_examples(x) * (1 - validation_split))
        return max(-(-examples // check_batch_size(batch_size)), 1)
    return len(x) if hasattr(x, "__len__") else None


def _head_of(module: nn.Module, head: str | Sequence[str] | None) -> list[nn.Module]:
    children = dict(module.named_children())
    weighty = [name for name, child in children.items() if any(True for _ in child.parameters())]
    if not weighty:
        raise StateError(
            "fine-tuning goes on from weights that are there already, but this network has none yet: "
            "load them first, or train it with fit()."
        )
    names = [weighty[-1]] if head is None else [head] if isinstance(head, str) else list(head)
    for name in names:
        if name not in children:
            raise unknown_name("layer for the head", name, children)
    if set(weighty) <= set(names):
        raise ArgumentError(
            f"a head of {', '.join(map(repr, names))} leaves no layer with weights in front of it, so there "
            "is nothing that was learnt before. Name the new layers only, or use fit()."
        )
    return [children[name] for name in names]
