"""The training plan: what a recipe leaves open, decided by the data, with each choice in a line."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from striate.applications.small import recommended
from striate.core.runtime import Choice
from striate.datasets.source import Data, DataBundle
from striate.optimizers import Adam
from striate.optimizers.schedules import CosineDecay
from striate.workbench.data import Split
from striate.workbench.network import ChosenNetwork
from striate.workbench.recipe import Recipe

Say = Callable[[str], Any]

# Adam's usual rate, for networks that were not made for the small one's.
_USUAL_RATE = 0.001
_SMALL = "small"


def line(label: str, text: str) -> str:
    """Put a label in front of what is said, in columns."""
    return f"{label:<11}{text}"


def complete_recipe(recipe: Recipe, network: ChosenNetwork, train: Data) -> Recipe:
    """Fill in what the recipe leaves open, by the size of the training part."""
    advice = recommended(len(train))
    return Recipe(
        data=recipe.data,
        data_dir=recipe.data_dir,
        model=network.name,
        epochs=recipe.epochs or advice.epochs,
        batch_size=recipe.batch_size or advice.batch_size,
        learning_rate=recipe.learning_rate
        or (advice.learning_rate if network.name == _SMALL else _USUAL_RATE),
        schedule=recipe.schedule or "cosine",
        seed=recipe.seed,
        device=recipe.device,
        precision=recipe.precision,
        test_share=recipe.test_share,
        validation_share=recipe.validation_share,
    )


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
    say(
        line(
            "split",
            f"{counts['train']} to train on, {counts['validation']} to choose the best epoch "
            f"({how['validation']}), {counts['test']} to test ({how['test']}); seed {recipe.seed}",
        )
    )


def say_model(say: Say, network: ChosenNetwork) -> None:
    """Say which network this is and why."""
    say(
        line(
            "model", f"{network.name}, {network.model.count_params():,} parameters ({_plain(network.reason)})"
        )
    )


def say_machine(say: Say, device: Choice, precision: Choice) -> None:
    """Say where and how exactly is computed, and why."""
    say(line("device", f"{device.value} ({_plain(device.reason)})"))
    say(line("precision", f"{precision.value} ({_plain(precision.reason)})"))


def say_plan(say: Say, plan: Recipe, folder: str) -> None:
    """Say how long and how fast is trained, and where the run is kept."""
    course = "falling to 0 along half a cosine" if plan.schedule == "cosine" else "constant"
    epochs = "1 epoch" if plan.epochs == 1 else f"{plan.epochs} epochs"
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
