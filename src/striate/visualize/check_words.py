"""The check of an attribution in sentences."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# Rank correlations from which two pictures count as much alike, and as somewhat alike.
_ALIKE, _SOMEWHAT = 0.8, 0.5
# At most this share of other places may matter as much as the marked one, for the mark to mean something.
_BY_CHANCE = 0.15


def randomised_words(correlations: Mapping[str, np.ndarray]) -> str:
    """Say whether the picture changes with the weights.

    >>> randomised_words({"last layer": np.array([0.3]), "all layers": np.array([0.1])})[:60]
    'With random weights the picture changes, as it should (rank '
    """
    means = {label: float(np.nanmean(found)) for label, found in correlations.items()}
    last, left = means["last layer"], means["all layers"]
    measured = f"{last:.2f} with a random last layer, {left:.2f} with all layers random".replace("-", "−")
    # The whole network at random is the harder test: what survives that has not been learned.
    if left >= _ALIKE:
        verdict = "stays much the same: it shows the input more than what the network learned"
    elif left >= _SOMEWHAT:
        verdict = "changes in part: some of it is the input, not what the network learned"
    elif last >= _ALIKE:
        verdict = "changes, but hardly with its last layer: it shows what is seen more than why this class"
    else:
        verdict = "changes, as it should"
    return f"With random weights the picture {verdict} (rank correlation {measured})."


def covering_words(
    scores: np.ndarray,
    marked: np.ndarray,
    deleted: np.ndarray,
    deleted_elsewhere: np.ndarray,
    inserted: np.ndarray,
    inserted_elsewhere: np.ndarray,
) -> str:
    """Say what happens to the score when the marked region is covered, or alone is left."""
    here, elsewhere = np.nanmean(scores - deleted), np.nanmean(scores[:, None] - deleted_elsewhere)
    as_much = _share(deleted_elsewhere <= deleted[:, None], deleted)
    part = marked.reshape(len(marked), -1).mean(1)[~np.isnan(deleted)].mean()
    fall = f"lowers the score by {here:.2g}" if here > 0 else f"does not lower the score ({0 - here:+.2g})"
    other = f"lowers it by {elsewhere:.2g}" if elsewhere > 0 else f"does not ({0 - elsewhere:+.2g})"
    text = f"Covering the marked {part:.0%} of the input {fall}, the same shape elsewhere {other} on average"
    if here > 0 and as_much <= _BY_CHANCE:
        text += ": the mark is where it matters."
    else:
        text += f", and {as_much:.0%} of other places matter as much: the mark says little."
    alone = _share(inserted_elsewhere >= inserted[:, None], inserted)
    shown, others = np.nanmean(inserted), np.nanmean(inserted_elsewhere)
    better = "more" if alone <= _BY_CHANCE else "no more" if alone >= 0.5 else "hardly more"
    text += f" Shown alone it scores {shown:.2g}, {better} than the same shape elsewhere ({others:.2g})."
    return text.replace("-", "−")


def agreement_words(correlations: Mapping[str, np.ndarray]) -> tuple[str, ...]:
    """Say whether other methods put the same places first; nothing where there are none to compare."""
    means = {
        name: float(np.nanmean(found)) for name, found in correlations.items() if not np.isnan(found).all()
    }
    if not means:
        return ()
    middle = float(np.mean(list(means.values())))
    verdict = "agree" if middle >= _ALIKE else "agree in part" if middle >= _SOMEWHAT else "do not agree"
    measured = ", ".join(f"{value:.2f}".replace("-", "−") + f" with {name}" for name, value in means.items())
    return (f"Other methods {verdict} (rank correlation {measured}).",)


def _share(happened: np.ndarray, scores: np.ndarray) -> float:
    return float(happened[~np.isnan(scores)].mean())
