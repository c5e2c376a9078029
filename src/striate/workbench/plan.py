"""The training plan: what a recipe leaves open, decided by the data, with each choice in a line."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from striate.applications.signal import recommended_for_signals
from striate.applications.small import Recommended, recommended
from striate.augment import Augment, CutMix, MixUp, preset
from striate.core.errors import ArgumentError
from striate.core.runtime import Choice
from striate.datasets.source import Data, DataBundle
from striate.optimizers import Adam
from striate.optimizers.schedules import CosineDecay
from striate.workbench.network import ChosenNetwork
from striate.workbench.normalizing import ABOUT
from striate.workbench.recipe import Recipe
from striate.workbench.split import Split

Say = Callable[[str], Any]

# Colour images from this many pixels a side are changed at random unless told otherwise.
_LEAST_SIDE = 32
# Adam's usual rate, for networks that were not made for the small one's.
_USUAL_RATE = 0.001
_SMALL = "small"
_SIGNAL_NETWORK = "fcn1d"
# Archives of time series bring tens of examples to train on; the training loss chooses the epoch then.
_SCARCE, _USUAL_SHARE = 500, 0.1
# What a network that has learnt elsewhere needs: few epochs, and a rate that does not spoil what it knows.
_TUNED_EPOCHS, TUNED_RATE = 10, 2e-4
# How many files a line names.
_SHOWN = 5


def line(label: str, text: str) -> str:
    """Put a label in front of what is said, in columns."""
    return f"{label:<11}{text}"


def complete_recipe(recipe: Recipe, network: ChosenNetwork, train: Data, augment: Choice) -> Recipe:
    """Fill in what the recipe leaves open, by the size of the training part."""
    advice = advise(network.name, len(train), recipe.weights)
    return replace(
        recipe,
        model=network.name,
        augment=str(augment.value),
        normalize=recipe.normalize or "none",
        epochs=recipe.epochs or advice.epochs,
        batch_size=recipe.batch_size or advice.batch_size,
        learning_rate=recipe.learning_rate or advice.learning_rate,
        schedule=recipe.schedule or "cosine",
    )


def advise(name: str, examples: int, weights: str | None = None) -> Recommended:
    """Say how long, in which batches and how fast to train a network on so many examples."""
    if name == _SIGNAL_NETWORK:
        return recommended_for_signals(examples)
    advice = recommended(examples)
    if weights is not None:
        return replace(advice, epochs=min(advice.epochs, _TUNED_EPOCHS), learning_rate=TUNED_RATE)
    return advice if name == _SMALL else replace(advice, learning_rate=_USUAL_RATE)


def choose_validation_share(recipe: Recipe, bundle: DataBundle) -> float:
    """Choose how much is held back to find the best epoch: nothing where every example is needed."""
    if recipe.validation_share is not None:
        return recipe.validation_share
    scarce = recipe.model == _SIGNAL_NETWORK and len(bundle.train) < _SCARCE
    own = bundle.test is not None and bundle.validation is None
    return 0.0 if scarce and own else _USUAL_SHARE


def say_unused_shares(say: Say, recipe: Recipe, bundle: DataBundle) -> None:
    """Say which shares were asked for that nothing is held back by, since the data bring that part."""
    for part, share, usual in (
        ("test", recipe.test_share, Recipe.test_share),
        ("validation", recipe.validation_share, _USUAL_SHARE),
    ):
        if getattr(bundle, part) is not None and share not in (None, usual):
            say(line("unused", f"{part}_share {share:g}: the data's own {part} part is taken"))


def choose_augmentation(request: str | None, bundle: DataBundle) -> Choice:
    """Choose which random changes the training examples get: the preset's name, and why."""
    if request is not None:
        return Choice(request, "asked for")
    shape = bundle.train.x.shape[1:]
    if bundle.kind == "image" and shape[-1] == 3 and min(shape[:2]) >= _LEAST_SIDE:
        return Choice(
            "standard", "colour images are usually recognised at other places, sizes and exposures too"
        )
    what = (
        "signals"
        if bundle.kind == "signal"
        else "small or grey images, such as signs that must not be turned"
    )
    return Choice("none", f"{what} are left as they are")


def make_augmentation(name: str, mix: str | None, bundle: DataBundle) -> Augment | None:
    """Make the augmentation of a preset and, where `mix` says so, of pairs of examples.

    Raises:
        UnknownNameError: no such preset.
        ArgumentError: a way of mixing that signals have not.
    """
    if mix == "cutmix" and bundle.kind == "signal":
        raise ArgumentError(
            f"mix='cutmix' puts pieces of images together, and {bundle.name} holds signals. Take mix='mixup'."
        )
    made = preset(name, bundle.kind, tuple(bundle.train.x.shape[1:]))
    mixing = {"mixup": (MixUp(),), "cutmix": (CutMix(),)}.get(mix or "none", ())
    changes = (*(() if made is None else made.changes), *mixing)
    # Bytes lie between 0 and 255 whatever the range; it counts for floats.
    return Augment(*changes, value_range=bundle.pixel_range) if changes else None


def make_optimizer(plan: Recipe, examples: int) -> Adam:
    """Make the optimiser of a complete recipe: Adam, its rate constant or falling along half a cosine."""
    if plan.schedule == "constant":
        return Adam(plan.learning_rate or _USUAL_RATE)
    steps = math.ceil(examples / (plan.batch_size or 1)) * (plan.epochs or 1)
    return Adam(CosineDecay(plan.learning_rate or _USUAL_RATE, decay_steps=steps))


def say_data(say: Say, bundle: DataBundle, split: Split, recipe: Recipe) -> None:
    """Say which data these are and how they are parted."""
    say(line("data", bundle.origin or bundle.name))
    counts = {part: f"{len(places):,}" for part, places in split.places.items()}
    how = {
        part: "the data's own" if source == part else "held back, stratified"
        for part, source in split.sources.items()
    }
    best = f"{counts['validation']} to choose the best epoch ({how['validation']})"
    if not len(split.places["validation"]):
        best = "none to choose the best epoch (the training loss does)"
    say(
        line(
            "split",
            f"{counts['train']} to train on, {best}, {counts['test']} to test ({how['test']}); "
            f"seed {recipe.seed}",
        )
    )
    if bundle.bad_files:
        shown = "; ".join(f"{bad.name}: {bad.reason}" for bad in bundle.bad_files[:_SHOWN])
        more = f"; and {len(bundle.bad_files) - _SHOWN:,} more" if len(bundle.bad_files) > _SHOWN else ""
        say(line("left out", f"{len(bundle.bad_files):,} that cannot be used: {shown}{more}"))
    for leak in split.leaks:
        say(line("copies", leak))


def say_model(say: Say, network: ChosenNetwork) -> None:
    """Say which network this is and why."""
    say(
        line(
            "model", f"{network.name}, {network.model.count_params():,} parameters ({_plain(network.reason)})"
        )
    )


def say_changes(say: Say, augment: Choice, described: str, normalize: str | None) -> None:
    """Say how training examples are changed, and what is done to all values."""
    what = f"{augment.value}: {described}" if described else str(augment.value)
    say(line("augment", f"{what} ({_plain(augment.reason)})"))
    if normalize not in (None, "none"):
        say(line("normalize", f"{normalize}: {ABOUT[str(normalize)]}, by the training part"))


def say_machine(say: Say, device: Choice, precision: Choice) -> None:
    """Say where and how exactly is computed, and why."""
    say(line("device", f"{device.value} ({_plain(device.reason)})"))
    say(line("precision", f"{precision.value} ({_plain(precision.reason)})"))


def say_fine_tuning(say: Say, plan: Recipe) -> None:
    """Say how a network that has learnt elsewhere goes on learning."""
    say(
        line(
            "weights", f"from {plan.weights}: the new last layer learns first, then all, early layers slowest"
        )
    )


def say_plan(say: Say, plan: Recipe, folder: str) -> None:
    """Say how long and how fast is trained, and where the run is kept."""
    course = "falling to 0 along half a cosine" if plan.schedule == "cosine" else "constant"
    epochs = "1 epoch" if plan.epochs == 1 else f"{plan.epochs} epochs"
    if plan.weights is not None:
        say_fine_tuning(say, plan)
    say(
        line(
            "training",
            f"{epochs}, batches of {plan.batch_size}, Adam at {plan.learning_rate:g} ({course}), "
            f"seed {plan.seed}",
        )
    )
    say(line("run", folder))


def _plain(reason: str) -> str:
    return reason.rstrip(".")
