"""The plan as a table, and the tuning of its blocks."""

from __future__ import annotations

import pytest
import torch

from striate import Input, Model, Sequential, layers
from striate.core.errors import ArgumentError, StateError
from striate.core.runtime import Choice
from striate.models.fusion import fused
from striate.models.fusion.plan import make_plan
from striate.models.fusion.tuning import TunedBlock, tune_model
from striate.ops.native import choices, library
from striate.ops.native.library import Library
from tests.models.fusion.side_by_side import assert_close, planned, run


def small_net():
    """Compiled for fp32, which every level of the kernels has."""
    model = Sequential(
        [
            Input((12, 12, 3)),
            layers.Conv2D(8, 3, name="first"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu"),
            layers.DepthwiseConv2D(3, name="depthwise"),
            layers.Conv2D(4, 3, activation="relu", name="second"),
            layers.Flatten(name="flat"),
            layers.Dense(2, name="scores"),
        ]
    )
    model.compile("sgd", "mse", precision="float32")
    return model


@pytest.fixture
def own_choices():
    """Whatever this machine's table says, tests choose for themselves."""
    choices.use_choices(())
    yield choices.use_choices
    choices.use_choices(None)


def test_every_layer_is_in_the_plan_once_and_costs_something(own_choices):
    model = small_net()
    for training in (True, False):
        plan = make_plan(model, 4, training)
        assert [name for part in plan.parts for name in part.layers] == [layer.name for layer in model.layers]
        assert [part.native for part in plan.parts if "depthwise" in part.layers] == [False]
        assert all(part.native for part in plan.parts if "depthwise" not in part.layers)
        assert sum(part.milliseconds for part in plan.parts) > 0
        products = {part.layers[0]: part.multiply_adds for part in plan.parts}
        assert products["first"] == 4 * 10 * 10 * 8 * 27
        assert products["scores" if "scores" in products else "second"]


def test_a_row_that_steps_aside_says_why(own_choices):
    model = small_net()
    handle = model.layers[0].register_forward_hook(lambda *_: None)
    notes = {part.layers[0]: part.note for part in make_plan(model, 4).parts if not part.native}
    assert notes["first"] == notes["relu"] == "a layer has a hook"
    handle.remove()
    # The moving statistics rule in a step of training: there is no kernel for that.
    model.get_layer("norm").trainable = False
    notes = {part.layers[0]: part.note for part in make_plan(model, 4).parts if not part.native}
    assert notes["first"] == "the kernels have no form for this size, or for how the layers are set"


def test_kernels_without_bf16_say_so(own_choices, monkeypatch):
    narrow = Choice(Library("avx2", None), "kernels for avx2, in float32 only")
    monkeypatch.setattr(library, "_decision", [narrow])
    monkeypatch.setattr(fused, "native_library", lambda: narrow.value)
    model = small_net()
    model.compiled.precision = "bfloat16"
    (note, *_) = [part.note for part in make_plan(model, 4).parts if "first" in part.layers]
    assert note == "kernels for avx2, in float32 only"


def test_planning_leaves_the_model_as_it_was(own_choices):
    model = small_net()
    weights = [weight.clone() for weight in (*model.parameters(), *model.buffers())]
    state = torch.get_rng_state()
    make_plan(model, 4)
    assert all(
        torch.equal(one, two)
        for one, two in zip((*model.parameters(), *model.buffers()), weights, strict=True)
    )
    assert all(weight.grad is None for weight in model.parameters())
    assert torch.equal(torch.get_rng_state(), state)
    assert not model.training


def test_the_table_says_how_each_part_runs(own_choices, capsys):
    small_net().plan(2)
    text = capsys.readouterr().out
    assert 'Plan of "sequential' in text
    assert "for training step, batch 2, float32, 1 thread" in text
    assert "depthwise: PyTorch (no kernel for DepthwiseConv2D)" in text
    assert "second + flat: one block" in text
    assert text.rstrip().endswith("in all")


def test_a_model_without_a_graph_cannot_be_planned():
    class Own(Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(StateError, match="has no graph of layers to plan: build it first"):
        make_plan(Own())
    with pytest.raises(StateError, match="has no graph of layers to measure: build it first"):
        tune_model(Own())


def test_an_input_of_unknown_size_cannot_be_planned():
    entry = Input((None, 3))
    model = Model(entry, layers.GlobalAveragePooling1D()(layers.Conv1D(2, 3)(entry)))
    with pytest.raises(
        ArgumentError,
        match=r"must know all sizes, and the model's input .* is \(batch, \?, 3\)|must know all sizes",
    ):
        make_plan(model)


def test_a_block_left_to_pytorch_runs_there_and_the_others_natively(own_choices):
    model, inputs = small_net(), torch.randn(3, 12, 12, 3)
    wanted = run(model, inputs, fused=False)
    first = next(block for block in tune_model(model, 2) if block.layers[0] == "second")
    own_choices([first.block])
    found = run(model, inputs, fused=True)
    rows = [step.layer for step in model.graph.fused_steps if isinstance(step.layer, fused.FusedRow)]
    kinds = [type(one).__name__ for row in rows for one in row._programs.values()]
    assert "Mixed" in kinds
    assert "Planned" in kinds
    for one, other in zip(found, wanted, strict=True):
        assert_close(list(one), list(other), 2e-5)
    assert "second: PyTorch (faster there, by the table of choices)" in str(make_plan(model, 2))


def test_tuning_measures_every_block_both_ways_and_changes_nothing(own_choices):
    model = small_net()
    own_choices(["something"])
    found = tune_model(model, 2)
    assert {block.layers[0] for block in found} == {"first", "norm", "second", "scores"} - (
        set() if any(block.layers[0] == "norm" for block in found) else {"norm"}
    )
    assert all(block.native > 0 and block.pytorch > 0 for block in found)
    assert choices.left_to_pytorch() == {"something"}
    assert not planned(model) or model.training is False


def test_pytorch_is_taken_only_where_it_is_clearly_faster():
    assert TunedBlock("", (), native=1.0, pytorch=0.8).is_left
    assert not TunedBlock("", (), native=1.0, pytorch=0.95).is_left


def test_without_kernels_there_is_nothing_to_tune(monkeypatch):
    monkeypatch.setattr("striate.ops.native.library._decision", [])
    monkeypatch.setenv("STRIATE_NATIVE", "0")
    with pytest.raises(StateError, match="there are no kernels to tune here: STRIATE_NATIVE=0"):
        tune_model(small_net())
