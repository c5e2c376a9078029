"""A fused training step holds less memory at its peak than its layers one by one."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from striate import Model, Sequential, layers
from striate.layers.base import mode_of
from striate.ops.native.library import explain_native, native_library
from striate.ops.native.mode import fusing


def deep_net() -> Model:
    """Maps and weights of one size."""
    inputs = values = layers.Input((48, 48, 3))
    for times, filters in ((3, 16), (3, 32), (3, 64), (2, 128)):
        for _ in range(times):
            values = layers.Conv2D(filters, 3, padding="same", activation="relu")(values)
        values = layers.MaxPooling2D(2)(values)
    values = layers.Dense(128, activation="relu")(layers.Flatten()(values))
    return Model(inputs, layers.Dense(10)(values))


def signal_net() -> Model:
    """Many weights, small maps."""
    parts = [layers.Input((64, 100))]
    for filters in (64, 128):
        parts += [layers.Conv1D(filters, 3, activation="relu"), layers.Conv1D(filters, 3, activation="relu")]
        parts += [layers.MaxPooling1D(3)] if filters == 64 else [layers.GlobalAveragePooling1D()]
    return Sequential([*parts, layers.Dropout(0.5), layers.Dense(1)])


def normalised_net() -> Model:
    """Moments of the whole batch between convolutions."""
    parts = [layers.Input((40, 40, 1))]
    for filters in (64, 32, 16):
        parts += [layers.Conv2D(filters, 3), layers.BatchNormalization(), layers.ReLU()]
        parts += [layers.MaxPooling2D(2), layers.Dropout(0.1)]
    return Sequential([*parts, layers.Flatten(), layers.Dense(1)])


def peak_of_step(model: Model, inputs: torch.Tensor, fused: bool) -> int:
    """The most bytes that were live at a time, of all that a step took."""
    with (
        profile(activities=[ProfilerActivity.CPU], profile_memory=True) as found,
        mode_of(model, True),
        torch.autocast("cpu", dtype=torch.bfloat16),
    ):
        with fusing(True) if fused else nullcontext():
            outputs = model(inputs)
        outputs.float().square().mean().backward()
    for weight in model.parameters():
        weight.grad = None
    live = peak = 0
    events = [event for event in found.profiler.kineto_results.events() if event.name() == "[memory]"]
    for event in sorted(events, key=lambda event: event.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    return peak


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (deep_net, (16, 48, 48, 3)),
        (signal_net, (16, 64, 100)),
        (normalised_net, (16, 40, 40, 1)),
    ],
)
def test_a_step_holds_no_more_bytes_than_pytorch_does(make, shape):
    library = native_library()
    if library is None or not library.has_bf16:
        pytest.skip(f"the same products in PyTorch are bf16's; kernels here: {explain_native().reason}")
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    model = make()
    peak_of_step(model, inputs, fused=False)  # moments of weights and the like are there after the first step
    alone = peak_of_step(model, inputs, fused=False)
    fused = peak_of_step(model, inputs, fused=True)  # its plan's arenas are taken within it
    assert any(row.layer._programs for row in model.graph.fused_steps)
    assert 0 < fused <= alone


def test_a_plan_follows_the_number_of_threads():
    model, inputs = signal_net(), torch.randn(16, 64, 100)
    before = torch.get_num_threads()
    gradients = []
    try:
        for threads in ((1, 1), (1, 2), (2, 1)):
            torch.manual_seed(5)
            torch.set_num_threads(threads[0])
            with mode_of(model, True), fusing(False):
                outputs = model(inputs)
            torch.set_num_threads(threads[1])
            outputs.square().mean().backward()
            gradients.append([weight.grad for weight in model.parameters()])
            for weight in model.parameters():
                weight.grad = None
            [planned] = model.graph.fused_steps[0].layer._programs.values()
            assert planned.program.sizes.threads == threads[1]
            assert planned.program.sizes.seats == threads[1]
    finally:
        torch.set_num_threads(before)
    for other in gradients[1:]:
        assert all(torch.equal(one, two) for one, two in zip(gradients[0], other, strict=True))
