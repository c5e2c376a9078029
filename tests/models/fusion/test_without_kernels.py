"""A row where there are no kernels: its layers run, and what each asks of its input is asked once."""

from __future__ import annotations

import pytest
import torch

from striate import Sequential, layers
from striate.core.errors import ShapeError
from striate.core.runtime import Choice
from striate.models.fusion import fused
from striate.ops.native.mode import fusing


@pytest.fixture(autouse=True)
def kernels(monkeypatch):
    """In place of this folder's fixture of the name, which skips where there are none."""
    monkeypatch.setattr(fused, "explain_native", lambda: Choice(None, "none in this test"))


def net(**options):
    stack = [layers.Conv1D(4, 3, activation="relu", **options), layers.MaxPooling1D(2)]
    return Sequential([layers.Input((None, 5)), *stack, layers.GlobalAveragePooling1D(), layers.Dense(1)])


def run(model, inputs):
    with torch.autocast("cpu", torch.bfloat16, enabled=False), fusing(False):
        return model(inputs)


def test_the_second_pass_asks_nothing_and_computes_the_same(monkeypatch):
    model, inputs = net(), torch.randn(2, 9, 5)
    first = run(model, inputs)
    monkeypatch.setattr(layers.Layer, "forward", lambda *given: pytest.fail("a layer was asked again"))
    row = model.graph.fused_steps[0].layer
    with fusing(False):
        assert torch.equal(row(inputs), first)


def test_another_shape_is_asked_about():
    model = net()
    run(model, torch.randn(2, 9, 5))
    assert run(model, torch.randn(3, 12, 5)).shape == (3, 1)
    with pytest.raises(ShapeError, match="does not fit into"):
        run(model, torch.randn(2, 2, 5))


def test_a_hook_is_heard_after_other_passes():
    model, inputs, seen = net(), torch.randn(2, 9, 5), []
    run(model, inputs)
    handle = model.layers[0].register_forward_hook(lambda *given: seen.append(given[2].shape))
    run(model, inputs)
    handle.remove()
    run(model, inputs)
    assert seen == [(2, 7, 4)]


def test_the_penalty_on_activities_is_there_at_every_pass():
    model, inputs = net(activity_regularizer="l2"), torch.randn(2, 9, 5)
    for _ in range(3):
        run(model, inputs)
        assert len(model.layers[0].activity_losses) == 1


def test_gradients_are_those_of_the_layers_by_themselves():
    model, inputs = net(), torch.randn(2, 9, 5)
    model(inputs).sum().backward()
    wanted = [weight.grad.clone() for weight in model.parameters()]
    for _ in range(2):
        model.zero_grad()
        run(model, inputs).sum().backward()
        assert all(torch.equal(one.grad, two) for one, two in zip(model.parameters(), wanted, strict=True))
