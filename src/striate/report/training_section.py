"""How the network is built and how the training went, with what the curves say."""

from __future__ import annotations

from collections.abc import Iterator

from striate.diagnose import read_curves
from striate.models.summary import summarize
from striate.report.album import Album
from striate.report.blocks import (
    AnyBlock,
    Blocks,
    Code,
    Facts,
    Figure,
    Figures,
    Listed,
    Table,
    Vector,
    Words,
)
from striate.report.drawing import draw_network
from striate.report.lines import draw_curves
from striate.report.material import Material
from striate.visualize.architecture import plot_model
from striate.visualize.training_curves import compare_training

# Longer tables of layers, and drawings of more boxes, are folded away.
LISTED, DRAWN = 24, 27
# What a recipe chooses for the training, and how it is called here.
CHOICES = {
    "batch_size": "examples a step",
    "learning_rate": "learning rate",
    "schedule": "its course",
    "augment": "augmentation",
    "mix": "mixing",
    "normalize": "normalisation",
}


def describe_network(material: Material, album: Album) -> Blocks:
    """Draw the network and list its layers."""
    summary = summarize(material.model, expand_nested=True)
    why = material.known("model", "reason")
    diagram = plot_model(material.model)
    blocks: list[AnyBlock] = [Words(f"Chosen because: {why}.")] if why else []
    drawing = Figure(Vector(draw_network(diagram)))
    blocks.append(
        Figures(diagram.title, diagram.caption, (drawing,), "wide", folded=len(diagram.blocks) > DRAWN)
    )
    head = ("layer", "kind", "output", "parameters")
    rows = tuple(
        ("\u2003" * row.depth + row.name, row.kind, row.shape, f"{row.params:,}") for row in summary.rows
    )
    total = summary.trainable + summary.non_trainable
    caption = f"Layers: {total:,} parameters, {summary.trainable:,} of them trained"
    blocks.append(Table(caption, head, rows, folded=len(rows) > LISTED, words=3))
    return tuple(blocks)


def describe_training(material: Material, album: Album) -> Blocks:
    """Show the curves with a verdict, the evidence, and what to try next."""
    blocks: list[AnyBlock] = []
    if not material.history:
        return (Words("No epoch was finished, so there are no curves."),)
    examples = material.known("data", "parts", "validation") or None
    verdict = read_curves(material.history, validation_examples=examples)
    blocks.append(Words(f"Verdict: {verdict.words}.", strong=True))
    blocks.append(Listed("Why", tuple(verdict.evidence)))
    blocks.append(Listed("What to try next", tuple(verdict.advice)))
    curves = compare_training(material.history)
    figures = tuple(
        Figure(Vector(draw_curves(panel, curves, f"{panel.label} over the epochs. {curves.caption}")))
        for panel in curves.panels
    )
    title = curves.title + (f" ({curves.mark_label})" if curves.mark_label else "")
    blocks += [Figures(title, curves.caption, figures, "large"), Facts(tuple(_training_facts(material)))]
    return tuple(blocks)


def _training_facts(material: Material) -> Iterator[tuple[str, str]]:
    done, planned = material.known("epochs", "done"), material.known("epochs", "planned")
    if done is not None:
        yield "epochs", f"{done} of {planned} planned; ended: {material.known('status')}"
    if material.known("epochs", "best"):
        yield "best epoch", f"{material.known('epochs', 'best')}, whose network is the one shown here"
    seconds = material.known("seconds", "training")
    if seconds is not None:
        yield "time", f"{seconds:,.0f} seconds of training"
    for key, name in CHOICES.items():
        if key in material.plan:
            yield name, str(material.plan[key])
    if material.known("seed") is not None:
        yield "seed", str(material.known("seed"))


def describe_machine(material: Material, album: Album) -> Blocks:
    """Say on which machine and with which versions it was made, and when."""
    rows = [
        (name, f"{found['value']} ({found['reason']})")
        for name in ("device", "precision")
        if (found := material.known(name))
    ]
    if material.known("threads"):
        rows.append(("threads", str(material.known("threads"))))
    rows += [(name, str(version)) for name, version in (material.known("versions") or {}).items()]
    rows += [(name, str(material.known(name))) for name in ("started", "finished") if material.known(name)]
    return (Facts(tuple(rows)),)


def describe_repetition(material: Material, album: Album) -> Blocks:
    """Say how to do it again."""
    words = (
        "The recipe holds every choice; with the same data, versions and machine it gives the same network."
    )
    return (Words(words), Code("Train it again", material.command), Code("The recipe", material.recipe))
