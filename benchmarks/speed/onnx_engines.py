"""The networks in engines that only predict, from ONNX files that PyTorch wrote."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import numpy as np

from benchmarks.speed.jobs import Job
from benchmarks.speed.nets import data


def _batches(job: Job) -> list[np.ndarray]:
    inputs, _ = data(job.net, job.examples)
    first = np.ascontiguousarray(np.moveaxis(inputs, -1, 1))
    return np.split(first, job.load.steps(job.task))


def _shown(answers: np.ndarray) -> dict[str, float]:
    return {"answers": len(answers), "mean": float(answers.mean())}


class OnnxRuntimeEngine:
    """onnxruntime on the CPU, as it is installed."""

    def __init__(self, job: Job):
        import onnxruntime

        self.session = onnxruntime.InferenceSession(job.onnx, providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name
        self.batches = _batches(job)
        self.about = {"onnxruntime": onnxruntime.__version__}

    def turn(self) -> dict[str, float]:
        """Predict once."""
        found = [self.session.run(None, {self.name: batch})[0] for batch in self.batches]
        return _shown(np.concatenate(found))


class OpenvinoEngine:
    """OpenVINO on the CPU; the options are its own hints."""

    def __init__(self, job: Job):
        import openvino

        core = openvino.Core()
        self.model: Any = core.compile_model(core.read_model(job.onnx), "CPU", dict(job.options))
        self.many = job.options.get("PERFORMANCE_HINT") == "THROUGHPUT"
        self.queue = openvino.AsyncInferQueue(self.model) if self.many else None
        self.request = None if self.many else self.model.create_infer_request()
        self.batches = _batches(job)
        precision = self.model.get_property("INFERENCE_PRECISION_HINT")
        self.about = {
            "openvino": importlib.metadata.version("openvino"),
            "precision": precision.get_type_name(),
            "streams": str(self.model.get_property("NUM_STREAMS")),
            "threads": str(self.model.get_property("INFERENCE_NUM_THREADS")),
        }

    def turn(self) -> dict[str, float]:
        """Predict once; several batches at a time where that is the hint."""
        found: list[Any] = [None] * len(self.batches)
        if self.queue is None:
            for number, batch in enumerate(self.batches):
                found[number] = self.request.infer({0: batch}, share_inputs=True)[0].copy()
            return _shown(np.concatenate(found))

        def keep(request: Any, number: int) -> None:
            found[number] = request.get_output_tensor().data.copy()

        self.queue.set_callback(keep)
        for number, batch in enumerate(self.batches):
            self.queue.start_async({0: batch}, number, share_inputs=True)
        self.queue.wait_all()
        return _shown(np.concatenate(found))
