"""All that is decided before a run's folder is made: data, parts, network, changes, machine, plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from striate.augment import Augment
from striate.core.errors import FileFormatError
from striate.core.runtime import Choice, choose_device, choose_precision, set_random_seed
from striate.core.threads import settle_threads
from striate.datasets.opening import open_data
from striate.datasets.options import Progress, no_progress
from striate.datasets.source import DataBundle
from striate.workbench.network import ChosenNetwork, check_can_come_back, compile_network, make_network
from striate.workbench.normalizing import make_normalization
from striate.workbench.plan import (
    Say,
    choose_augmentation,
    choose_validation_share,
    complete_recipe,
    make_augmentation,
    make_optimizer,
    say_changes,
    say_data,
    say_machine,
    say_model,
    say_unused_shares,
)
from striate.workbench.preparation import describe_input
from striate.workbench.recipe import Recipe
from striate.workbench.run import Run
from striate.workbench.split import Split, class_names_of, fingerprint, split_data
from striate.workbench.split_file import read_split


@dataclass(frozen=True, eq=False)
class Prepared:
    """All that is decided before a run's folder is made."""

    plan: Recipe
    bundle: DataBundle
    split: Split
    network: ChosenNetwork
    machine: dict[str, Choice]
    augment: Augment | None


def prepare(
    recipe: Recipe, say: Say, progress: Progress = no_progress, earlier: Run | None = None
) -> Prepared:
    """Load data, part them, make the network, and say what was chosen; nothing is written yet.

    An `earlier` run's recipe is as seen from the folder that holds runs/, and its split is the one of
    its splits.csv.

    Raises:
        StriateError: something cannot be used, in words.
    """
    base = None if earlier is None else earlier.folder.resolve().parent.parent
    # Before anything is said or written down of them.
    settle_threads()
    device = choose_device(recipe.device)
    machine = {"device": device, "precision": choose_precision(recipe.precision, device.value)}
    set_random_seed(recipe.seed)
    bundle = open_data(recipe.data, recipe.source_options(), progress, base)
    given = recipe
    recipe = replace(recipe, validation_share=choose_validation_share(recipe, bundle))
    split = _split(bundle, recipe) if earlier is None else _same_split(bundle, earlier)
    # Once more: reading and parting data may draw, and a run that goes on does less of it.
    set_random_seed(recipe.seed)
    say_data(say, bundle, split, recipe)
    say_unused_shares(say, given, bundle)
    names = class_names_of(bundle)
    train = split.take(bundle, "train")
    front = None if recipe.normalize in (None, "none") else make_normalization(recipe.normalize, train.x)
    network = make_network(_seen_from(base, recipe.model), bundle, len(names), front, recipe.weights)
    say_model(say, network)
    chosen = choose_augmentation(recipe.augment, bundle)
    augment = make_augmentation(str(chosen.value), recipe.mix, bundle)
    say_changes(say, chosen, "" if augment is None else augment.describe(), recipe.normalize)
    say_machine(say, machine["device"], machine["precision"])
    plan = complete_recipe(recipe, network, train, chosen)
    model = network.model
    check_can_come_back(model)
    model.class_names = names
    model.preprocessing = describe_input(bundle)
    model.provenance = {"data": bundle.name, "data_sha256": split.fingerprint, "network": network.name}
    mixes = augment is not None and augment.mixes
    compile_network(model, make_optimizer(plan, len(train)), str(device.value), recipe.precision, mixes)
    return Prepared(plan, bundle, split, network, machine, augment)


def _split(bundle: DataBundle, recipe: Recipe) -> Split:
    return split_data(bundle, recipe.test_share, recipe.validation_share or 0.0, recipe.seed)


def _same_split(bundle: DataBundle, run: Run) -> Split:
    """Read how a run parted its data, after making sure that they are still the same."""
    known = run.read().get("data", {})
    split = read_split(run.splits, str(known.get("sha256")), known.get("splits"))
    if fingerprint(bundle) != split.fingerprint:
        raise FileFormatError(
            f"{bundle.name} is no longer what the run {run.name!r} was begun on, so it cannot go on. Bring "
            "the old data back, or begin a new run."
        )
    return split


def _seen_from(base: Path | None, model: str | None) -> str | None:
    """A person's own network, file.py:function, as seen from here."""
    if base is None or model is None or ".py" not in model or Path(model).is_absolute():
        return model
    return model if base == Path.cwd() else str(base / model)
