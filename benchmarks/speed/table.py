"""The tables of a run in Markdown, and where they go in the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.speed.bars import PEERS
from benchmarks.speed.findings import Best, Findings
from benchmarks.speed.sides import KERNELS_OFF, OURS, SIDES

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float | None) -> str:
    """Write a rate with as many digits as mean something."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _name(findings: Findings) -> str:
    return f"{findings.net}, {findings.batch}"


def _best(best: Best | None, named: bool = True) -> str:
    if best is None:
        return "-"
    return f"{best.ratio}, {best.title}" if named else str(best.ratio)


def _part(findings: Findings, kind: str) -> str:
    found = findings.share(kind)
    return "-" if found is None else f"{found.value:.0%} ({found.low:.0%} to {found.high:.0%})"


def training(found: Sequence[Findings]) -> str:
    """Striate beside its peers as they are installed."""
    head = ["Net, batch", "Striate, examples/s", "against the best Keras backend", "against expert PyTorch"]
    head += ["against plain PyTorch", "share of the bf16 limit", "of the fp32 limit"]
    rows = [
        [
            *(_name(one), number(one.rate(OURS)), _best(one.best(("keras",)))),
            *(_best(one.best((group,)), named=False) for group in ("expert", "plain")),
            *(_part(one, kind) for kind in ("bfloat16", "float32")),
        ]
        for one in found
    ]
    return markdown_table(head, rows)


def training_warm(found: Sequence[Findings]) -> str:
    """The same where the peers get the allocator's settings that Striate makes for itself."""
    head = ["Net, batch", "against the best Keras backend", "against expert PyTorch", "against plain PyTorch"]
    rows = [
        [
            *(_name(one), _best(one.best(("keras",), warm=True))),
            *(_best(one.best((group,), warm=True), named=False) for group in ("expert", "plain")),
        ]
        for one in found
    ]
    return markdown_table(head, rows)


def kernels_off(found: Sequence[Findings]) -> str:
    """Striate with its kernels switched off, beside the peers as they are installed."""
    head = ["Net, batch", "examples/s", "against the best Keras backend", "against expert PyTorch"]
    rows = [
        [
            *(_name(one), number(one.rate(KERNELS_OFF))),
            _best(one.best(("keras",), ours=KERNELS_OFF)),
            _best(one.best(("expert",), ours=KERNELS_OFF), named=False),
        ]
        for one in found
    ]
    return markdown_table(head, rows)


def prediction(found: Sequence[Findings]) -> str:
    """Striate's `predict` beside all peers."""
    head = ["Net, batch", "Striate, examples/s", "against the best of all peers"]
    head += ["the same, with allocator settings", "against the best Keras backend"]
    rows = [
        [
            *(_name(one), number(one.rate(OURS)), _best(one.best(PEERS)), _best(one.best(PEERS, warm=True))),
            _best(one.best(("keras",))),
        ]
        for one in found
    ]
    return markdown_table(head, rows)


def rates(found: Sequence[Findings]) -> str:
    """Examples a second of every side."""
    present = [side for name, side in SIDES.items() if any(name in one.seconds for one in found)]
    rows = [[side.title, *(number(one.rate(side.name)) for one in found)] for side in present]
    return markdown_table(["Examples a second", *(_name(one) for one in found)], rows)


def header(run: Mapping[str, Any]) -> str:
    """Say in words what was measured, when and on what."""
    machine = run["machine"]
    versions: dict[str, str] = {}
    for measured in run["measurements"]:
        for side in measured["sides"].values():
            versions |= side["about"]
    # Striate is named by its commit; the others are settings.
    other = ("striate", "threads", "precision", "streams")
    abilities = ", ".join(machine["abilities"])
    named = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()) if name not in other)
    variables = "".join(f", {name}={value}" for name, value in machine["variables"].items())
    return (
        f"{run['date']}, {machine['processor']} ({abilities}), {machine['cores']} cores, "
        f"{machine['memory_gigabytes']} GiB, {machine['system']}{variables}; load before the run "
        f"{machine['load'][0]:.1f}. Commit {run['commit']}. {named}. "
        f"{run['rounds']} rounds{_turns(run)}, metrics {'on' if run['metrics'] else 'off'} for all."
    )


def _turns(run: Mapping[str, Any]) -> str:
    words = {"train": "training", "predict": "predicting"}
    found = {(words[one["task"]], one.get("scale", 1.0)) for one in run["measurements"]}
    return "".join(
        f", {task} in turns {by:g} times as long as usual" for task, by in sorted(found) if by != 1
    )


def write(run: Mapping[str, Any]) -> str:
    """Write all tables of a run."""
    found = [Findings.of(measured) for measured in run["measurements"]]
    trained = [one for one in found if one.task == "train"]
    predicted = [one for one in found if one.task == "predict"]
    parts = [header(run)]
    if trained:
        parts += ["### Training", training(trained)]
        if any(SIDES[name].warm for one in trained for name in one.seconds):
            parts += ["With the allocator's settings for the peers, too:", training_warm(trained)]
        if any(KERNELS_OFF in one.seconds for one in trained):
            parts += [
                "Striate with `STRIATE_NATIVE=0`, the peers as they are installed:",
                kernels_off(trained),
            ]
    if predicted:
        parts += ["### Prediction", prediction(predicted)]
    parts += ["### Every side"]
    parts += [f"{word}:\n\n{rates(some)}" for word, some in _both(trained, predicted)]
    return "\n\n".join(parts)


def _both(trained: list[Findings], predicted: list[Findings]) -> list[tuple[str, list[Findings]]]:
    return [(word, some) for word, some in (("Training", trained), ("Prediction", predicted)) if some]


def refresh(page: Path, text: str) -> None:
    """Put the text between the page's markers.

    Raises:
        SystemExit: a page without them.
    """
    old = page.read_text(encoding="utf-8")
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"{page} has no lines {BEGIN} and {END}.")
    page.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")
