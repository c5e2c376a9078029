"""The process of one side: it waits for a line, takes its turn, and answers with the seconds.

python -m benchmarks.speed.worker JOB

The first answer says what is at work, once all is built; every answer is one line of JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
import time
from typing import Any

from benchmarks.speed.jobs import Job


def keep_memory_warm() -> None:
    """Tell glibc's allocator to keep what is freed, with the settings that Striate makes for itself.

    Raises:
        SystemExit: there is no glibc, or it refused.
    """
    # Trim threshold, top padding, largest number of mapped blocks: from glibc's malloc.h.
    settings = ((-4, 0), (-1, 2**31 - 1), (-2, 64 * 2**20))
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not all(mallopt(name, value) for name, value in settings):
        raise SystemExit("the allocator's settings need glibc")


def make_engine(job: Job) -> Any:
    """Build the side's engine; each library is loaded only where it is at work."""
    if job.engine == "keras":
        from benchmarks.speed.keras_engine import KerasEngine

        return KerasEngine(job)
    if job.engine in ("torch", "limit"):
        from benchmarks.speed.torch_engine import LimitEngine, TorchEngine

        return TorchEngine(job) if job.engine == "torch" else LimitEngine(job)
    from benchmarks.speed.onnx_engines import OnnxRuntimeEngine, OpenvinoEngine

    return OnnxRuntimeEngine(job) if job.engine == "onnxruntime" else OpenvinoEngine(job)


def main() -> None:
    """Build, say so, then take a turn for each line on stdin."""
    # What the libraries print, in Python or in C, goes to stderr; stdout is the conversation.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    job = Job.from_json(sys.argv[1])
    if job.warm:
        keep_memory_warm()
    engine = make_engine(job)
    print(json.dumps(engine.about), file=answers, flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        shown = engine.turn()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "shown": shown, "peak": peak}), file=answers, flush=True)


if __name__ == "__main__":
    main()
