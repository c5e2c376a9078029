"""Models run fused and layer by layer, side by side."""

from __future__ import annotations

import torch

from striate.layers.base import mode_of
from striate.models.fusion.fused import Mixed, Planned
from striate.ops.native.mode import fusing


def planned(model) -> bool:
    """Whether some row of the model has run natively."""
    rows = [step.layer for step in model.graph.fused_steps if hasattr(step.layer, "_programs")]
    return any(isinstance(one, Planned | Mixed) for row in rows for one in row._programs.values())


def run(model, inputs, *, fused, training=True, bf16=False):
    """Outputs, gradients and moving statistics of one pass; the statistics are put back."""
    before = [buffer.clone() for buffer in model.buffers()]
    for weight in model.parameters():
        weight.grad = None
    torch.manual_seed(1)
    with mode_of(model, training), torch.set_grad_enabled(training):
        if fused:
            with fusing(bf16):
                outputs = model(inputs)
        else:
            outputs = model(inputs)
        if training:
            weights = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(3))
            (outputs.float() * weights).sum().backward()
    gradients = [None if weight.grad is None else weight.grad.clone() for weight in model.parameters()]
    buffers = [buffer.clone() for buffer in model.buffers()]
    for buffer, old in zip(model.buffers(), before, strict=True):
        buffer.data.copy_(old)
    return outputs.detach().float(), gradients, buffers


def assert_close(found, wanted, share=1e-5):
    """Equal up to a share of the largest value; what is zero but for rounding is held to the others' size."""
    pairs = list(zip(found, wanted, strict=True))
    assert [one is None for one, _ in pairs] == [other is None for _, other in pairs]
    there = [(one.detach(), other.detach()) for one, other in pairs if one is not None]
    largest = max((float(other.abs().max()) for _, other in there), default=0.0)
    for number, (one, other) in enumerate(there):
        scale = max(float(other.abs().max()), 0.05 * largest)
        assert float((one - other).abs().max()) <= share * scale, (number, one, other)
