"""Where `compile(jit_compile=True)` pays on a GPU: epochs of nets A to E with it and without, taking turns.

Prints the ratio of an epoch's times, what the first step costs, and after how many steps that is had back.

    python -m benchmarks.speed.translated [--nets C500 E16] [--rounds 5] [--device cuda]

On a CPU, where Striate never translates, `--device cpu` shows why.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

from benchmarks.speed.keras_engine import build, loss
from benchmarks.speed.nets import LOADS, NETS, Load, data, load_named


class Side:
    """One model; each turn is an epoch."""

    def __init__(self, load: Load, jit: bool, device: str):
        import striate

        net = NETS[load.net]
        self.model = build(striate, net)
        self.model.compile("adam", loss(striate, net), metrics=["accuracy"], device=device, jit_compile=jit)
        self.batch = load.batch
        self.inputs, self.labels = data(net, load.batch * load.train_steps)

    def turn(self, steps: int | None = None) -> float:
        """Train an epoch, or a few steps; the seconds."""
        rows = slice(None if steps is None else steps * self.batch)
        start = time.perf_counter()
        # The last loss is asked for, so the device has done all.
        self.model.fit(self.inputs[rows], self.labels[rows], batch_size=self.batch, verbose=0)
        return time.perf_counter() - start


def measure(load: Load, rounds: int, device: str) -> str:
    """Let both take turns; what came out in words."""
    sides = {jit: Side(load, jit, device) for jit in (True, False)}
    first = {jit: side.turn(1) for jit, side in sides.items()}
    times = {jit: [] for jit in sides}
    for _ in range(rounds):
        for jit, side in sides.items():
            times[jit].append(side.turn())
    medians = {jit: statistics.median(found) for jit, found in times.items()}
    ratios = [plain / jit for plain, jit in zip(times[False], times[True], strict=True)]
    won = (medians[False] - medians[True]) / load.train_steps
    back = f"had back after {(first[True] - first[False]) / won:,.0f} steps" if won > 0 else "never had back"
    faster = f"{statistics.median(ratios):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})"
    return f"{load.name}: {faster}, first step {first[True]:.1f} s against {first[False]:.1f} s, {back}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nets", nargs="+", default=list(LOADS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="steps in a turn, as a share of the usual")
    parser.add_argument("--device", default="cuda")
    asked = parser.parse_args()
    if asked.device == "cpu":
        # Operation by operation against translated: neither side with Striate's own kernels.
        os.environ["STRIATE_NATIVE"] = "0"
    import torch

    from striate.core.runtime import choose_device
    from striate.training import translated

    try:
        device = choose_device(asked.device).value
    except ValueError as error:
        raise SystemExit(str(error)) from error
    translated.DEVICES = (device.type,)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(f"torch {torch.__version__} on {name}, {asked.rounds} rounds taking turns")
    for load in asked.nets:
        print(measure(load_named(load, asked.scale), asked.rounds, asked.device), flush=True)


if __name__ == "__main__":
    main()
