"""Why this answer: how much each place of an input has to do with a class's score, by the usual methods.

    found = explain(model, images)                      Grad-CAM for the predicted class
    found = explain(model, images, "cat", method="occlusion", window=5)

A new method is a function from (question, target, scale) and its options to a `Finding`, and a line
in METHODS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from striate.core.arguments import refuse_unknown
from striate.core.errors import unknown_name
from striate.visualize.class_activation import grad_cam, grad_cam_plus_plus
from striate.visualize.finding import Finding
from striate.visualize.gradients import (
    gradient_x_input,
    guided_backpropagation,
    integrated_gradients,
    saliency,
    smooth_grad,
)
from striate.visualize.occlusion import occlusion
from striate.visualize.question import Question, settle_targets


@final
@dataclass(frozen=True)
class Method:
    """A method of attribution: its name in words, what computes it, whether values have a sign, options."""

    words: str
    compute: Callable[..., Finding]
    signed: bool
    options: tuple[str, ...] = ()


METHODS: dict[str, Method] = {
    "grad_cam": Method("Grad-CAM", grad_cam, False, ("layer",)),
    "grad_cam_plus_plus": Method("Grad-CAM++", grad_cam_plus_plus, False, ("layer",)),
    "saliency": Method("Gradient saliency", saliency, False),
    "smooth_grad": Method("SmoothGrad", smooth_grad, False, ("samples", "noise", "generator")),
    "gradient_x_input": Method("Gradient × input", gradient_x_input, True),
    "integrated_gradients": Method("Integrated gradients", integrated_gradients, True, ("baseline", "steps")),
    "guided_backpropagation": Method("Guided backpropagation", guided_backpropagation, False),
    "occlusion": Method("Occlusion", occlusion, True, ("window", "strides", "fill")),
}


@final
@dataclass(frozen=True, eq=False)
class Attribution:
    """How much each place of each input has to do with the score of a class.

    `values` are what is drawn; where `signed`, what is below 0 speaks against the class. `channels`
    has them before the channels were put together, where the method has channels; `maps` those of
    the layer, before they were enlarged and what speaks against the class was cut off. `scores` are
    the target class's, as `score` says, `all_scores` every class's; `probabilities` the target's,
    where the network ends in a softmax or sigmoid. `blank` says for each example why there is
    nothing to be seen, "" where there is.
    `error` is what integrated gradients miss, as a share of the score's change. `notes` are
    sentences on how it was computed; `options` what the method was given.

    Shape:
        images, channels: (examples, *axes, channels); values: (examples, *axes)
        maps: (examples, *axes of the layer)
        all_scores: (examples, classes)
        target, predicted, scores, probabilities, blank, error: one an example
    """

    method: str
    values: np.ndarray
    images: np.ndarray
    target: np.ndarray
    predicted: np.ndarray
    scores: np.ndarray
    all_scores: np.ndarray
    signed: bool
    score: str
    blank: tuple[str, ...]
    notes: tuple[str, ...]
    options: dict[str, Any]
    class_names: tuple[str, ...] = ()
    channels: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    maps: np.ndarray | None = None
    layer: str | None = None
    error: np.ndarray | None = None

    def name_of(self, number: int) -> str:
        """Call a class by its name, or by its number where it has none."""
        return self.class_names[number] if number < len(self.class_names) else f"class {number}"


def explain(
    model: Any,
    images: Any,
    target: Any = None,
    method: str = "grad_cam",
    *,
    score: str = "logit",
    batch_size: int | None = None,
    **options: Any,
) -> Attribution:
    """Compute how much each place of the inputs has to do with the score of a class.

    `target` is a class number or name, or one an example; None stands for the predicted class.
    A single unit at the end is a network for two classes. `score='logit'` asks for what goes
    into the softmax or sigmoid at the network's end, 'output' for what comes out of the network.
    The methods and their options are in METHODS: `layer` for class activation (None: the last
    convolution), `baseline` and `steps`, `samples`, `noise` and `generator`, `window`, `strides`
    and `fill`. All of it is computed in fp32 and inference mode; the network is left as it was.

    Shape:
        images: (examples, height, width, channels) or (examples, steps, channels), also for
            torch modules that want the channels first; values as they go into the network

    Raises:
        UnknownNameError: a method, layer or baseline that there is not.
        ArgumentError: an option that the method does not have, or a network it cannot explain.
        LabelError: a class that the network does not have.
        ShapeError: inputs or answers that are no images or signals and no classes.

    >>> from striate.applications import net_c
    >>> explain(net_c(), np.zeros((2, 32, 32, 3)), method="saliency").values.shape
    (2, 32, 32)
    """
    if method not in METHODS:
        raise unknown_name("method of attribution", str(method), METHODS)
    chosen = METHODS[method]
    refuse_unknown(f"method {method!r}", options, chosen.options)
    question = Question(model, images, score=score, batch_size=batch_size)
    with question.running():
        scores = question.all_scores()
        wanted = settle_targets(question, target, scores)
        finding = chosen.compute((question, wanted, scores.abs().amax(1)), **options)
    return _handed_over(question, method, scores, wanted, finding, options)


def _handed_over(
    question: Question,
    method: str,
    scores: torch.Tensor,
    target: torch.Tensor,
    finding: Finding,
    options: dict[str, Any],
) -> Attribution:
    return Attribution(
        method=method,
        values=_array(finding.values),
        images=question.images.cpu().numpy(),
        target=target.cpu().numpy(),
        predicted=scores.argmax(1).cpu().numpy(),
        scores=_array(scores.gather(1, target[:, None])[:, 0]),
        all_scores=_array(scores),
        signed=METHODS[method].signed,
        score="logit" if question.wants_logit else "output",
        blank=finding.blank,
        notes=(*finding.notes, _note_on_score(question)),
        options=dict(options),
        class_names=question.class_names,
        channels=None if finding.channels is None else _array(finding.channels),
        probabilities=_probabilities(question, scores, target),
        maps=None if finding.maps is None else _array(finding.maps),
        layer=finding.layer,
        error=None if finding.error is None else _array(finding.error),
    )


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()


def _probabilities(question: Question, scores: torch.Tensor, target: torch.Tensor) -> np.ndarray | None:
    if question.ending not in ("softmax", "sigmoid"):
        return None
    chosen = scores.gather(1, target[:, None])[:, 0]
    if not question.wants_logit:
        return _array(chosen)
    if question.ending == "sigmoid":
        return _array(torch.sigmoid(chosen))
    return _array(torch.softmax(scores, 1).gather(1, target[:, None])[:, 0])


def _note_on_score(question: Question) -> str:
    unit = ", of a single unit, which counts with a minus for class 0" if question.single_unit else ""
    if question.ending is None:
        return f"the score is what the network hands out{unit}"
    if question.wants_logit:
        return f"the score is what goes into the {question.ending} at the network's end{unit}"
    return f"the score is what comes out of the {question.ending} at the network's end{unit}"
