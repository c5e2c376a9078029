"""Measure Striate beside its peers: nets A to E, training and prediction, taking turns.

    python -m benchmarks.speed                      # everything, peers installed under .bench/
    python -m benchmarks.speed --nets C500 --sides striate expert --tasks train --rounds 3
    python -m benchmarks.speed --from benchmarks/results/x.json --document   # tables again, nothing measured

Every side is a process of its own; one works, the others wait. Results are written as JSON after
each network; `--document` puts tables and chart into docs/.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.speed import environments, machine, table
from benchmarks.speed.arithmetic import flops
from benchmarks.speed.bars import verdicts
from benchmarks.speed.environments import FOLDER, ROOT
from benchmarks.speed.findings import Findings
from benchmarks.speed.jobs import Job
from benchmarks.speed.nets import LOADS, NETS, Load, load_named
from benchmarks.speed.rounds import Seat, Table
from benchmarks.speed.sides import BOTH, LIMIT, SIDES, Side, chosen

PAGE, CHART = ROOT / "docs" / "speed.md", ROOT / "docs" / "speed.svg"


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed", description=(__doc__ or "").splitlines()[0]
    )
    words = {"nargs": "+", "metavar": "NAME"}
    parser.add_argument(
        "--nets", default=list(LOADS), help="such as C500: the net and its batch size", **words
    )
    parser.add_argument("--sides", default=["all"], help=f"of {', '.join(SIDES)}; a group; all", **words)
    parser.add_argument("--tasks", default=list(BOTH), choices=BOTH, nargs="+")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0, help="length of a turn, times the usual one")
    parser.add_argument("--no-metrics", dest="metrics", action="store_false", help="train without accuracy")
    parser.add_argument(
        "--python", action="append", default=[], metavar="PLACE=PYTHON", help="an environment"
    )
    parser.add_argument("--out", type=Path, help="file for the results; else one by the date")
    parser.add_argument(
        "--from", dest="files", nargs="+", type=Path, help="results to show instead of measuring"
    )
    parser.add_argument("--document", action="store_true", help="put tables and chart into docs/")
    return parser.parse_args()


def export(job: Job, python: str, folder: Path) -> str:
    """Have PyTorch write the job's network as ONNX; returns the file, or '' where it could not."""
    file = folder / f"{job.load.name}.onnx"
    command = [python, "-m", "benchmarks.speed.export_onnx", job.to_json(), str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"no ONNX file: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return ""
    return str(file)


def seats(
    load: Load, task: str, asked: argparse.Namespace, pythons: Mapping[str, str], folder: Path
) -> list[Seat]:
    """Set a place for each side that has this task."""
    found, onnx = [], ""
    for side in (*chosen(asked.sides), LIMIT):
        if task not in side.tasks:
            continue
        job = Job(side.engine, task, load, asked.metrics, side.warm, side.options)
        if side.group == "inference":
            onnx = onnx or export(job, pythons[side.place], folder)
            job = Job(side.engine, task, load, asked.metrics, side.warm, side.options, onnx)
        found.append(Seat(side, job, pythons[side.place]))
    return found


def measure(load: Load, task: str, asked: argparse.Namespace, pythons: Mapping[str, str]) -> dict[str, Any]:
    """Measure one network and task on all sides."""
    net = NETS[load.net]
    print(f"{load.name}, {task}: {load.steps(task)} batches a turn ", end="", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        around = Table(seats(load, task, asked, pythons, Path(folder)))
        around.play(asked.rounds)
    results = around.results()
    limit = results.pop(LIMIT.name, {"shown": []})
    return {
        "net": net.name,
        "batch": load.batch,
        "task": task,
        "scale": asked.scale,
        "steps": load.steps(task),
        "examples": load.batch * load.steps(task),
        "flops": flops(net, task),
        "sides": results,
        "limits": {kind: [shown[kind] for shown in limit["shown"]] for kind in ("bfloat16", "float32")},
        "failed": around.failed,
    }


def show(measured: Mapping[str, Any]) -> None:
    """Print what was found, for whoever waits for it."""
    found = Findings.of(measured)
    rates = {name: found.rate(name) or 0.0 for name in found.seconds}
    for name in sorted(rates, key=rates.__getitem__, reverse=True):
        about = measured["sides"][name]
        share = found.share("bfloat16", name)
        part = f"{share.value:>5.0%} of bf16" if share else ""
        note = f"  worked in others' turns: {about['disturbed']:.0%}" if about["disturbed"] > 0.05 else ""
        print(
            f"  {SIDES[name].title:<45} {rates[name]:>10,.1f}/s {part} {about['peak_megabytes']:>7,} MB{note}"
        )
    print("\n".join(verdicts(found)), flush=True)


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Measure what was asked for; what is done is on the disk after each network."""
    if sys.platform != "linux":
        raise SystemExit("the benchmark needs Linux: on a Mac some sides would take the GPU.")
    loads = [load_named(name, asked.scale) for name in asked.nets]
    needed: list[Side] = [side for side in chosen(asked.sides) if set(side.tasks) & set(asked.tasks)]
    pythons = environments.pythons([*(side.place for side in needed), LIMIT.place], asked.python)
    result: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "commit": machine.commit(),
        "machine": machine.describe(),
        "rounds": asked.rounds,
        "metrics": asked.metrics,
        "measurements": [],
    }
    # What the documentation shows is kept with it; a try is not.
    folder = ROOT / "benchmarks" / "results" if asked.document else FOLDER / "results"
    out = asked.out or folder / time.strftime("%Y-%m-%d-%H%M.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    for load in loads:
        for task in asked.tasks:
            measured = measure(load, task, asked, pythons)
            show(measured)
            result["measurements"].append(measured)
            out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"written to {out}")
    return result


def together(files: list[Path]) -> dict[str, Any]:
    """Read results; of a network and task that was measured twice the last counts.

    Raises:
        SystemExit: results of different machines, or with and without metrics.
    """
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    processors = dict.fromkeys(found["machine"]["processor"] for found in runs)
    if len(processors) > 1:
        raise SystemExit(f"results of different machines: {' and '.join(processors)}.")
    if len({found["metrics"] for found in runs}) > 1:
        raise SystemExit("results with and without metrics: they do not stand in one table.")
    latest = {(one["net"], one["batch"], one["task"]): one for found in runs for one in found["measurements"]}
    return {**runs[-1], "measurements": list(latest.values())}


def main() -> None:
    """Measure, or read; print the tables; put them into the documentation if asked to."""
    asked = options()
    result = together(asked.files) if asked.files else run(asked)
    text = table.write(result)
    print(text)
    if asked.document:
        from benchmarks.speed.chart import draw

        table.refresh(PAGE, text)
        draw(result, CHART)
        print(f"{PAGE} and {CHART} are as of this run")


if __name__ == "__main__":
    main()
