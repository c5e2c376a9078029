"""Where numbers went wrong: a step that gave NaN is computed again, layer by layer, and explained."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from striate.core.errors import NumbersError
from striate.core.tree import leaves
from striate.layers.base import Layer
from striate.training.batch import Batch
from striate.training.chance import layer_states, random_state, set_layer_states, set_random_state
from striate.training.numbers import bad_weight, first_bad

_SHOWN = 8
_CAREFUL = "clipnorm=1.0 in the optimizer holds single large steps back."
_REPAIR = "Remove or repair these examples: numbers that are none cannot be learnt from."


@dataclass
class Origin:
    """Where the first value that is no finite number came from.

    `cause` is 'data', 'labels', 'sample weights', 'weight', 'layer', 'loss', 'penalty', 'gradient',
    'chance' or 'elsewhere'; `name` the layer's or weight's; `rows` are the places in the batch that are
    concerned, where these are not all.
    """

    cause: str
    name: str = ""
    kind: str = ""
    value: str = "NaN"
    rows: list[int] = field(default_factory=list)


def find_origin(stepper: Any, batch: Batch, loss: float) -> Origin:
    """Look in the order in which a step computes: data, weights, layers, loss, gradients."""
    for what, structure in (("data", batch.inputs), ("labels", batch.targets)):
        if rows := _bad_rows(structure):
            return Origin(what, rows=rows)
    if rows := _bad_rows(batch.weights):
        return Origin("sample weights", rows=rows)
    if name := bad_weight(stepper.module):
        return Origin("weight", name)
    if math.isfinite(loss) and _is_shared():
        return Origin("elsewhere")
    if math.isfinite(loss):
        gradients = ((name, weight.grad) for name, weight in stepper.module.named_parameters())
        # They are computed from the last layer to the first.
        return Origin("gradient", first_bad(reversed(list(gradients))) or "")
    return _find_layer(stepper, batch) or Origin("loss", value=_word(loss))


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "infinite"


def _bad_rows(structure: Any) -> list[int]:
    """The places along the first axis that hold NaN or infinite values, over all tensors."""
    found: set[int] = set()
    for leaf in leaves(structure):
        if isinstance(leaf, torch.Tensor) and leaf.is_floating_point() and leaf.ndim:
            good = torch.isfinite(leaf.detach()).reshape(len(leaf), -1).all(dim=1)
            found.update(torch.nonzero(~good).flatten().tolist())
    return sorted(found)


def _find_layer(stepper: Any, batch: Batch) -> Origin | None:
    """Run the batch again with a look at what each layer hands on; None where all of it is finite."""
    if _is_shared():
        # Layers that wait for other processes would wait for ever: these do not run it again.
        return None
    for start, part in _parts(stepper, batch):
        origin = _run_watched(stepper, part)
        if origin is not None:
            origin.rows = [row + start for row in origin.rows]
            return origin if len(origin.rows) < batch.size else _of_all(origin)
    return _look_at_losses(stepper, batch)


def _of_all(origin: Origin) -> Origin:
    return Origin(origin.cause, origin.name, origin.kind, origin.value)


def _is_shared() -> bool:
    ready = torch.distributed.is_available() and torch.distributed.is_initialized()
    return ready and torch.distributed.get_world_size() > 1


def _parts(stepper: Any, batch: Batch) -> Iterator[tuple[int, Batch]]:
    start = 0
    for part, _ in stepper.parts_of(batch):
        yield start, part
        start += part.size


@torch.no_grad()
def _run_watched(stepper: Any, part: Batch) -> Origin | None:
    found: list[Origin] = []

    def look(module: nn.Module, inputs: Any, outputs: Any) -> None:
        if not found and (rows := _bad_rows(outputs)):
            name = _layer_around(module, paths[module], stepper.module)
            value = "NaN" if _has_nan(outputs) else "infinite"
            found.append(Origin("layer", name, type(module).__name__, value, rows))

    paths = {module: path for path, module in stepper.module.named_modules()}
    hooks = [module.register_forward_hook(look) for module in paths if module is not stepper.module]
    try:
        with _as_before(stepper):
            stepper.forward(part.inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found[0] if found else None


def _layer_around(module: nn.Module, path: str, whole: nn.Module) -> str:
    """The name of the innermost layer that a module is in or is; the module's path where it is in none."""
    name, inner = path, whole
    for part in path.split("."):
        inner = getattr(inner, part)
        name = inner.name if isinstance(inner, Layer) else name
    return name if not isinstance(module, Layer) else module.name


def _has_nan(outputs: Any) -> bool:
    return any(bool(torch.isnan(leaf).any()) for leaf in leaves(outputs) if isinstance(leaf, torch.Tensor))


@torch.no_grad()
def _look_at_losses(stepper: Any, batch: Batch) -> Origin | None:
    """Tell a penalty from the loss itself; None where it is the loss."""
    for _, part in _parts(stepper, batch):
        with _as_before(stepper):
            outputs = stepper.forward(part.inputs)
            loss, _ = stepper.scores.loss(outputs, part.targets, part.weights)
            penalty = float(stepper.rules.penalty())
        if not math.isfinite(float(loss)):
            return None
        if not math.isfinite(penalty):
            return Origin("penalty")
    # What was drawn at random is not the same again.
    return Origin("chance")


@contextmanager
def _as_before(stepper: Any) -> Iterator[None]:
    """Leave statistics and chance as they are."""
    chance, layers = random_state(stepper.device), layer_states(stepper.module)
    buffers = [(buffer, buffer.clone()) for buffer in stepper.module.buffers()]
    try:
        yield
    finally:
        for buffer, kept in buffers:
            buffer.copy_(kept)
        set_layer_states(stepper.module, layers, stepper.device)
        set_random_state(chance, stepper.device)


def explain(stepper: Any, batch: Batch, loss: float) -> NumbersError:
    """Make the error for a step that gave no numbers; which examples they were is added outside."""
    origin = find_origin(stepper, batch, loss)
    rate = float(stepper.compiled.optimizer.learning_rate)
    place = {"cause": origin.cause, "learning_rate": rate, "rows": origin.rows}
    if origin.cause in ("layer", "weight", "gradient"):
        place["weight" if origin.cause != "layer" else "layer"] = origin.name
    became = (
        f"the loss became {_word(loss)}"
        if not math.isfinite(loss)
        else "the gradients are no numbers any more"
    )
    kept = "" if origin.cause == "weight" else "The step was left out: the weights are those of before it. "
    return NumbersError(
        f"{became} at a learning rate of {rate:g}: {_reason(origin)} {kept}{_advice(origin, rate)}", place
    )


def _reason(origin: Origin) -> str:
    if origin.cause in ("data", "labels", "sample weights"):
        return f"the {origin.cause} of this batch hold NaN or infinite values."
    if origin.cause == "weight":
        return f"the weight {origin.name!r} holds NaN or infinite values already."
    if origin.cause == "layer":
        return (
            f"the first values that are no finite numbers come out of layer {origin.name!r} "
            f"({origin.kind}): {origin.value}."
        )
    if origin.cause == "gradient":
        return f"the loss itself is a number, but the gradient of {origin.name!r} is none."
    if origin.cause == "chance":
        return "computed again, the same batch gives numbers, so what was drawn at random had its part in it."
    if origin.cause == "elsewhere":
        return "one of the other processes that train together met it, and its message says where."
    if origin.cause == "penalty":
        return "all layers give finite numbers, but a regularizer's penalty is none."
    return "all layers give finite numbers, so it is the loss itself: a logarithm of 0 or a division by 0."


def _advice(origin: Origin, rate: float) -> str:
    slower = f"Try a lower learning rate, such as {rate / 10:g}; {_CAREFUL}"
    return {
        "data": _REPAIR,
        "labels": _REPAIR,
        "sample weights": "Give weights that are numbers.",
        "weight": f"Go on from an earlier checkpoint or model. {slower}",
        "gradient": (
            "A root or a logarithm of 0 has no finite slope: add a small number inside it. Else: "
            f"{slower[0].lower()}{slower[1:]}"
        ),
        "loss": (
            "A loss that takes from_logits=True and a last layer without activation computes the same "
            f"without a logarithm of 0. Else: {slower[0].lower()}{slower[1:]}"
        ),
    }.get(origin.cause, slower)


def bad_after(stepper: Any) -> NumbersError | None:
    """Make the error for weights that an epoch's last update has spoilt; None where all are finite."""
    name = bad_weight(stepper.module)
    if name is None:
        return None
    rate = float(stepper.compiled.optimizer.learning_rate)
    return NumbersError(
        f"the weight {name!r} holds NaN or infinite values after the last update, at a learning rate of "
        f"{rate:g}. Nothing of this epoch is written. {_advice(Origin('layer'), rate)}",
        {"cause": "weight", "weight": name, "learning_rate": rate, "rows": []},
    )


def tell_where(error: NumbersError, epoch: int, step: int, examples: Any) -> None:
    """Put epoch and step in front of the message, and the batch's examples behind it.

    `examples` are the numbers of the batch's examples in the data or the names of their files, in the
    batch's order; None where nobody knows.
    """
    rows = error.place.pop("rows", [])
    error.place |= {"epoch": epoch, "step": step}
    message = f"in epoch {epoch}, step {step}: {error.args[0]}"
    if examples is not None and len(examples):
        chosen = [examples[row] for row in rows if row < len(examples)] if rows else list(examples)
        named = isinstance(chosen[0], str)
        error.place["files" if named else "examples"] = [one if named else int(one) for one in chosen]
        message += f" {_listed(chosen, named, bool(rows))}"
    elif rows:
        error.place["places"] = rows
        message += f" Places in the batch, from 0: {_short(rows)}."
    error.args = (message, *error.args[1:])


def _listed(chosen: list[Any], named: bool, concerned: bool) -> str:
    whose = "concerned" if concerned else "of this step"
    return f"The {'files' if named else 'examples'} {whose}: {_short(chosen)}."


def _short(chosen: list[Any]) -> str:
    more = f" and {len(chosen) - _SHOWN} more" if len(chosen) > _SHOWN else ""
    return f"{', '.join(str(one) for one in chosen[:_SHOWN])}{more}"


def name_files(error: NumbersError, names: list[str] | None) -> None:
    """Say which files the examples come from that an error speaks of by their numbers."""
    numbers = error.place.get("examples")
    if names is None or not numbers:
        return
    error.place["files"] = files = [names[number] for number in np.asarray(numbers).tolist()]
    message = str(error.args[0]).rpartition(" The examples ")[0]
    concerned = " The examples concerned:" in str(error.args[0])
    error.args = (f"{message} {_listed(files, True, concerned)}", *error.args[1:])
