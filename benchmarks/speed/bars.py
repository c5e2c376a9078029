"""What is aimed at on two cores with AVX512-BF16, and how far a run is from it."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.speed.arithmetic import Ratio
from benchmarks.speed.findings import Findings
from benchmarks.speed.sides import KERNELS_OFF, OURS

PEERS = ("keras", "expert", "plain", "inference")
# Training against the best Keras backend, against expert PyTorch, share of the bf16 limit; predicting.
BARS = {
    "C500": (3.5, 2.8, 0.65, 1.3),
    "C32": (3.3, 1.9, 0.50, 1.2),
    "D32": (2.0, 1.12, 0.90, 1.0),
    "A32": (3.8, 2.8, 0.85, 1.1),
    "E16": (2.0, 2.0, 0.50, 1.0),
    "B32": (2.5, 1.3, 0.70, 1.1),
}


def aims(findings: Findings) -> Iterator[tuple[str, float, Ratio | None]]:
    """List what is aimed at for this network and task: in words, the bar, what was found."""
    if findings.name not in BARS:
        return
    keras, expert, limit, predict = BARS[findings.name]
    if findings.task == "predict":
        yield "against the best of all peers", predict, _ratio(findings, PEERS)
        return
    yield "against the best Keras backend", keras, _ratio(findings, ("keras",))
    yield "against expert PyTorch", expert, _ratio(findings, ("expert",))
    yield "share of the bf16 limit", limit, findings.share("bfloat16")
    if findings.net == "C":
        yield "kernels off, against the best Keras backend", 1.5, _ratio(findings, ("keras",), KERNELS_OFF)
    yield "kernels off, against expert PyTorch", 1.0, _ratio(findings, ("expert",), KERNELS_OFF)


def _ratio(findings: Findings, groups: tuple[str, ...], ours: str = OURS) -> Ratio | None:
    best = findings.best(groups, ours=ours)
    return best.ratio if best else None


def verdicts(findings: Findings) -> list[str]:
    """Say for each aim whether it was reached."""
    lines = []
    for words, bar, found in aims(findings):
        if found is not None:
            word = "reached" if found.value >= bar else "short"
            lines.append(f"  {word:<8} {words}: {found}, aim {bar:g}")
    return lines
