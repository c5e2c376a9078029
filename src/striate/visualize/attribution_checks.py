"""Whether a picture of attribution can be believed: three questions put to the network itself.

Does the picture change when the weights are random? Does the score fall when the marked region
is covered, more than when a region of the same shape elsewhere is? Do the methods agree?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from striate.core.errors import ArgumentError
from striate.visualize.attribution import METHODS, Attribution, explain
from striate.visualize.check_words import agreement_words, covering_words, randomised_words
from striate.visualize.class_activation import layer_with_places
from striate.visualize.fill import filled
from striate.visualize.probes import find_layer
from striate.visualize.question import Question, whole_number
from striate.visualize.ranks import rank_correlation

# What the method is compared with: one pass forward and back each.
QUICK_METHODS = ("grad_cam", "saliency", "gradient_x_input")
# Methods are compared in cells, at most so many an axis: some draw single pixels, some regions.
_CELLS = 14


@final
@dataclass(frozen=True, eq=False)
class AttributionCheck:
    """What the three questions gave, for each example; NaN where nothing was drawn.

    `randomised` holds rank correlations of the picture with that of the same network with random
    weights in its last layer, and in all; near 1 the picture does not show what was learned.
    `deleted` is the score with the marked region covered, `deleted_elsewhere` with the same shape
    at random places; `inserted` and `inserted_elsewhere` with everything else covered. `agreement`
    holds rank correlations with other methods. `words` says all of it in sentences.

    Shape:
        randomised, agreement: (examples,) each; scores, deleted, inserted: (examples,)
        deleted_elsewhere, inserted_elsewhere: (examples, regions)
        marked: (examples, *axes), true where the region is
    """

    randomised: dict[str, np.ndarray]
    scores: np.ndarray
    marked: np.ndarray
    deleted: np.ndarray
    deleted_elsewhere: np.ndarray
    inserted: np.ndarray
    inserted_elsewhere: np.ndarray
    agreement: dict[str, np.ndarray]
    words: tuple[str, ...]


def check_attribution(
    model: Any,
    attribution: Attribution,
    *,
    share: float = 0.1,
    regions: int = 8,
    fill: Any = "blur",
    methods: Sequence[str] = QUICK_METHODS,
    generator: torch.Generator | None = None,
    batch_size: int | None = None,
) -> AttributionCheck:
    """Check an attribution by random weights, by covering what it marks, and by other methods.

    It costs the method itself twice more, 2 × (regions + 1) runs of each example, and a run and
    its gradient for each other method. The marked region is the `share` of all places with the
    largest values above 0; `fill` stands where something is covered.
    (Adebayo et al., "Sanity checks for saliency maps", 2018; Petsiuk, Das and Saenko, "RISE", 2018,
    section 4.2, here against regions of the same size and shape.)

    Raises:
        ArgumentError: a share that is not between 0 and 1, or another argument that cannot work.
        UnknownNameError: a method or a fill that there is not.

    >>> from striate.applications import net_c
    >>> model = net_c()
    >>> found = explain(model, np.random.default_rng(0).random((1, 32, 32, 3)), method="saliency")
    >>> sorted(check_attribution(model, found).randomised)
    ['all layers', 'last layer']
    """
    if not 0 < share < 1:
        raise ArgumentError(f"share is a part of the input, between 0 and 1; got {share!r}.")
    whole_number("regions", regions)
    question = Question(model, attribution.images, score=attribution.score, batch_size=batch_size)
    shown = np.array([not reason for reason in attribution.blank])
    randomised = _with_random_weights(question, attribution, generator)
    marked = _marked(attribution, share)
    covered = _cover(question, attribution, marked, regions, fill, generator)
    agreement = _agreement(question, attribution, methods)
    for found in (*randomised.values(), *covered.values(), *agreement.values()):
        found[~shown] = np.nan
    others = {METHODS[name].words: found for name, found in agreement.items()}
    words: tuple[str, ...] = ("nothing is drawn, so there is nothing to check.",)
    if shown.any():
        words = (
            randomised_words(randomised),
            covering_words(attribution.scores, marked, **covered),
            *agreement_words(others),
        )
    return AttributionCheck(
        randomised, attribution.scores, marked, agreement=agreement, words=words, **covered
    )


def _again(question: Question, attribution: Attribution, method: str, options: dict[str, Any]) -> np.ndarray:
    """Explain the same answers once more: sizes of the values, for whichever sign."""
    found = explain(
        question.model, question.images, attribution.target, method,
        score=attribution.score, batch_size=question.batch_size, **options,
    )  # fmt: skip
    return np.abs(found.values)


def _with_random_weights(
    question: Question, attribution: Attribution, generator: torch.Generator | None
) -> dict[str, np.ndarray]:
    options = dict(attribution.options)
    if attribution.layer is not None:
        options["layer"] = attribution.layer
    names = [name for name in question.shapes_in_order() if _kernels(question.model, name)]
    drawn = np.abs(attribution.values)
    found = {}
    for label, chosen in (("last layer", names[-1:]), ("all layers", names)):
        with random_weights(question.model, chosen, generator):
            again = _again(question, attribution, attribution.method, options)
        pairs = zip(drawn, again, strict=True)
        # A picture that has gone empty has certainly changed.
        found[label] = np.nan_to_num(np.array([rank_correlation(one, other) for one, other in pairs]))
    return found


def _kernels(model: Any, name: str) -> list[nn.Parameter]:
    own = find_layer(model, name).module.parameters(recurse=False)
    return [weight for weight in own if weight.ndim >= 2]


@contextmanager
def random_weights(
    model: Any, names: Sequence[str], generator: torch.Generator | None = None
) -> Iterator[None]:
    """Put random kernels into layers for the length of a with-block; biases and the rest stay.

    They are drawn from a normal distribution around 0 with the size, in the mean square, of what
    was there. The weights themselves are kept aside, and come back also after an error.
    """
    weights = list({id(one): one for name in names for one in _kernels(model, name)}.values())
    before = [weight.data for weight in weights]
    try:
        for weight in weights:
            drawn = torch.randn(weight.shape, generator=generator).to(weight.data)
            # In the same memory format: a convolution's kernel is stored with the channels last.
            weight.data = torch.empty_like(weight.data).copy_(drawn * weight.data.square().mean().sqrt())
        yield
    finally:
        for weight, own in zip(weights, before, strict=True):
            weight.data = own


def _marked(attribution: Attribution, share: float) -> np.ndarray:
    """Mark the places with the largest values above 0, at most the given share of all."""
    flat = attribution.values.reshape(len(attribution.values), -1)
    count = max(1, round(share * flat.shape[1]))
    order = np.argsort(-flat, axis=1, kind="stable")[:, :count]
    marked = np.zeros(flat.shape, np.bool_)
    np.put_along_axis(marked, order, True, axis=1)
    return (marked & (flat > 0)).reshape(attribution.values.shape)


def _cover(
    question: Question,
    attribution: Attribution,
    marked: np.ndarray,
    regions: int,
    fill: Any,
    generator: torch.Generator | None,
) -> dict[str, np.ndarray]:
    target = torch.from_numpy(attribution.target).to(question.x.device)
    here = torch.from_numpy(marked).to(question.x.device)
    masks = [here, *(_moved(here, generator) for _ in range(regions))]
    with question.running():
        cover = filled(question.x, fill)
        deleted, inserted = (
            torch.stack(
                [
                    question.chosen_in_batches(
                        torch.where((mask ^ keep)[..., None], cover, question.x), target
                    )
                    for mask in masks
                ],
                dim=1,
            )
            for keep in (False, True)
        )
    arrays = [one.float().cpu().numpy() for one in (deleted, inserted)]
    return {
        "deleted": arrays[0][:, 0],
        "deleted_elsewhere": arrays[0][:, 1:],
        "inserted": arrays[1][:, 0],
        "inserted_elsewhere": arrays[1][:, 1:],
    }


def _moved(marked: torch.Tensor, generator: torch.Generator | None) -> torch.Tensor:
    """Move each region as a whole to a random other place; what leaves on one side comes in on the other."""
    axes = tuple(range(marked.ndim - 1))
    moved = []
    for mask in marked:
        length = mask.numel()
        step = 1 + int(torch.randint(max(1, length - 1), (), generator=generator))
        offsets = np.unravel_index(step % length, mask.shape)
        moved.append(mask.roll(tuple(map(int, offsets)), axes))
    return torch.stack(moved)


def _agreement(question: Question, attribution: Attribution, methods: Sequence[str]) -> dict[str, np.ndarray]:
    with question.running():
        has_places = layer_with_places(question) is not None
    found = {}
    for name in methods:
        needs_places = name in METHODS and "layer" in METHODS[name].options
        if name == attribution.method or (needs_places and not has_places):
            continue
        other = _in_cells(_again(question, attribution, name, {}))
        pairs = zip(_in_cells(np.abs(attribution.values)), other, strict=True)
        found[name] = np.array([rank_correlation(one, two) for one, two in pairs])
    return found


def _in_cells(values: np.ndarray) -> np.ndarray:
    """Take means over cells, so that pixels and regions can be compared."""
    sizes = [min(_CELLS, length) for length in values.shape[1:]]
    pool: Any = F.adaptive_avg_pool1d if len(sizes) == 1 else F.adaptive_avg_pool2d
    pooled: np.ndarray = pool(torch.from_numpy(values)[:, None], sizes)[:, 0].numpy()
    return pooled
