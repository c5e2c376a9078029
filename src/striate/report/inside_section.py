"""What the network sees: its first filters, its feature maps, the sliding window, and its idea of a class."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from striate.core.errors import ArgumentError, StateError
from striate.report.album import Album
from striate.report.blocks import AnyBlock, Blocks, Figures, Words
from striate.report.effort import GRADIENT, affordable, operations
from striate.report.material import Material
from striate.report.panels import show_frames, show_sheet
from striate.visualize.ascent import Ascent
from striate.visualize.class_outputs import find_class_inputs
from striate.visualize.filter_weights import count_filters, filters
from striate.visualize.layer_search import FoundLayer, find_layers
from striate.visualize.maps import feature_maps
from striate.visualize.patches import find_exciting_patches
from striate.visualize.sliding_window import slide

# Filters with their patches, patches of each, and the examples these are looked for in.
FILTERS, PATCHES, SEARCHED, FEWEST_SEARCHED = 8, 6, 1000, 32
# Operations that the search for patches may take, and that for inputs of classes.
SEARCH_BUDGET, ASCENT_BUDGET = 3e11, 6e11
# Places of the sliding window that are shown.
PLACES = 24
# Classes whose inputs are found, and the steps of the search.
CLASSES, STEPS, FEWEST_STEPS = 10, Ascent().steps, 48
# Where activations come from that are layers themselves.
ACTIVATIONS = ("striate.layers.activation", "striate.layers.prelu", "torch.nn.modules.activation")


def describe_filters(material: Material, album: Album) -> Blocks:
    """Show the filters of the first convolution, and the real patches that excite them most."""
    model, test = material.model, material.examples.test
    first = _convolutions(model)[0]
    blocks: list[AnyBlock] = [show_sheet(album, filters(model, first), "tiny")]
    chosen = range(min(FILTERS, count_filters(first)))
    searched = affordable(model, SEARCH_BUDGET, SEARCHED, FEWEST_SEARCHED)
    names = list(material.answers.names[:searched])
    found = find_exciting_patches(model, first, test.x[:searched], chosen, PATCHES, names)
    blocks.append(show_sheet(album, found.sheet, by_rows=True))
    return tuple(blocks)


def describe_maps(material: Material, album: Album) -> Blocks:
    """Show the feature maps of one example, before and after the activation where that is in the layer."""
    model, layers = material.model, _convolutions(material.model)
    example = np.asarray(material.examples.test.x[_shown_example(material)])
    blocks: list[AnyBlock] = []
    for layer in dict.fromkeys((layers[0], layers[-1])):
        activation = getattr(layer.module, "activation", None)
        inside = callable(activation) and getattr(activation, "__name__", "") != "linear"
        before = "both" if inside else False
        blocks.append(_maps(material, album, layer, example, before))
        after = None if inside else _activation_after(model, layer)
        if after is not None:
            blocks.append(_maps(material, album, after, example, False))
    return tuple(blocks)


def _maps(material: Material, album: Album, layer: FoundLayer, example: np.ndarray, before: Any) -> Figures:
    rows = 2 if before else 1
    return show_sheet(
        album, feature_maps(material.model, example, layer, before_activation=before, rows=rows, columns=8)
    )


def _activation_after(model: Any, layer: FoundLayer) -> FoundLayer | None:
    """Find the activation that stands as a layer of its own between this layer and the next convolution."""
    layers = find_layers(model)
    place = next(number for number, one in enumerate(layers) if one.name == layer.name)
    for one in layers[place + 1 :]:
        if type(one.module).__module__ in ACTIVATIONS:
            return one
        if hasattr(one.module, "kernel_size"):
            return None
    return None


def describe_window(material: Material, album: Album) -> Blocks:
    """Play the first filter's window sliding over one example."""
    first = _convolutions(material.model)[0]
    example = np.asarray(material.examples.test.x[_shown_example(material)])
    frames = slide(material.model, example, first, most=PLACES)
    return (show_frames(album, frames),)


def describe_class_inputs(material: Material, album: Album) -> Blocks:
    """Show inputs, found by search, that the network takes for each class, or for as many as is quick."""
    model, most = material.model, min(CLASSES, len(material.class_names))
    count = affordable(model, ASCENT_BUDGET, most, 0, GRADIENT * FEWEST_STEPS)
    if not count:
        raise StateError(
            f"A search takes this network of {operations(model):,} operations a call too long for a report. "
            "In Python: striate.visualize.class_outputs.class_output(model)."
        )
    steps = affordable(model, ASCENT_BUDGET, STEPS, FEWEST_STEPS, GRADIENT * count)
    shown = show_sheet(album, find_class_inputs(model, range(count), steps=steps).sheet, gallery=True)
    said = f"Each was searched for in {steps} steps, seed {Ascent().seed}."
    if steps < STEPS:
        said += f" striate see takes {STEPS}, so its pictures are a little different."
    if count < len(material.class_names):
        said += f" These are the first {count} of {len(material.class_names)} classes."
    return (shown, Words(said))


def _convolutions(model: Any) -> list[FoundLayer]:
    found = []
    for layer in find_layers(model):
        with contextlib.suppress(ArgumentError):
            count_filters(layer)
            found.append(layer)
    if not found:
        raise StateError("This network has no convolution, so there are no filters to look at.")
    return found


def _shown_example(material: Material) -> int:
    """The example that was answered right and most surely; the surest where none is right."""
    answers = material.answers
    return int((answers.confidence + answers.right).argmax())
