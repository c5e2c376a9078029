"""Write a network of PyTorch's as an ONNX file, in a process of its own.

python -m benchmarks.speed.export_onnx JOB FILE
"""

from __future__ import annotations

import sys

import torch

from benchmarks.speed.jobs import Job
from benchmarks.speed.torch_engine import Answers, build


def main() -> None:
    """Build the job's network and export it for batches of the job's size."""
    job = Job.from_json(sys.argv[1])
    *places, channels = job.net.shape
    example = torch.zeros(job.load.batch, channels, *places)
    model = Answers(job.net, build(job.net)).eval()
    torch.onnx.export(model, (example,), sys.argv[2], dynamo=True, external_data=False)


if __name__ == "__main__":
    main()
