"""Rows that run as one native program compute what their layers compute one by one."""

from __future__ import annotations

import contextlib
import copy
import pickle
import threading
from dataclasses import replace

import pytest
import torch

from striate import Model, Sequential, layers
from striate.core.position import Position, at
from striate.layers.base import mode_of
from striate.ops.native.mode import fused_precision, fusing
from tests.models.fusion.side_by_side import assert_close, planned, run


def image_net(*, dropout=0.0):
    return Sequential(
        [
            layers.Input((13, 11, 3)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(5, 3, padding="same"),
            layers.MaxPooling2D(2, padding="same"),
            layers.ReLU(),
            layers.Dropout(dropout),
            layers.Flatten(),
            layers.Dense(7, activation="relu"),
            layers.Dense(3, activation="softmax"),
        ]
    )


def normalised_net():
    return Sequential(
        [
            layers.Input((14, 14, 1)),
            layers.Conv2D(18, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(3),
            layers.Conv2D(9, 2, activation="relu"),
            layers.BatchNormalization(gamma_initializer="random_normal"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )


def signal_net():
    return Sequential(
        [
            layers.Input((31, 5)),
            layers.Conv1D(33, 3, padding="causal", activation="relu"),
            layers.Conv1D(8, 5, strides=2, activation="relu"),
            layers.MaxPooling1D(3),
            layers.Conv1D(6, 2, dilation_rate=2),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


NETS = [(image_net, (6, 13, 11, 3)), (normalised_net, (6, 14, 14, 1)), (signal_net, (6, 31, 5))]


@pytest.mark.parametrize(("make", "shape"), NETS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_training_step_is_the_same_as_layer_by_layer(make, shape):
    torch.manual_seed(0)
    model, inputs = make(), torch.randn(shape)
    wanted = run(model, inputs, fused=False)
    found = run(model, inputs, fused=True)
    assert planned(model)
    for one, other in zip(found, wanted, strict=True):
        assert_close(list(one), list(other), 2e-5)


@pytest.mark.parametrize(("make", "shape"), NETS, ids=lambda one: getattr(one, "__name__", ""))
def test_inference_is_the_same_as_layer_by_layer(make, shape):
    torch.manual_seed(0)
    model, inputs = make(), torch.randn(shape)
    for buffer in model.buffers():
        buffer.uniform_(0.5, 1.5)
    wanted = run(model, inputs, fused=False, training=False)
    found = run(model, inputs, fused=True, training=False)
    assert planned(model)
    assert_close([found[0]], [wanted[0]])


def test_one_example_and_a_shorter_last_batch_are_planned_anew():
    model = image_net()
    for count in (6, 1, 6, 4):
        inputs = torch.randn(count, 13, 11, 3)
        wanted, found = (run(model, inputs, fused=fused, training=False)[0] for fused in (False, True))
        assert_close([found], [wanted])


def test_a_large_batch_is_predicted_in_slices_of_bounded_memory(monkeypatch):
    monkeypatch.setattr("striate.models.fusion.fused.MOST_KEPT", 8_000)
    model, inputs = image_net(), torch.randn(11, 13, 11, 3)
    wanted, found = (run(model, inputs, fused=fused, training=False)[0] for fused in (False, True))
    rows = [one.rows for one in model.graph.fused_steps[0].layer._programs.values()]
    assert min(rows) < 11
    assert_close([found], [wanted])


def test_nothing_is_fused_outside_training_and_predicting():
    model = image_net()
    assert fused_precision() is None
    model(torch.randn(2, 13, 11, 3))
    assert not planned(model)


def test_a_hook_sees_its_layer_and_the_row_steps_aside():
    model = image_net()
    seen = []
    handle = model.layers[2].register_forward_hook(lambda *given: seen.append(given[2].shape))
    with fusing(False):
        model(torch.randn(2, 13, 11, 3))
    assert seen == [(2, 5, 4, 5)]
    assert not planned(model)
    handle.remove()
    run(model, torch.randn(2, 13, 11, 3), fused=True)
    assert planned(model)


def test_a_watcher_of_all_modules_makes_every_row_step_aside():
    model = image_net()
    handle = torch.nn.modules.module.register_module_forward_hook(lambda *given: None)
    try:
        run(model, torch.randn(2, 13, 11, 3), fused=True)
    finally:
        handle.remove()
    assert not planned(model)


def test_frozen_batch_normalization_runs_by_its_moving_statistics():
    model = normalised_net()
    model.layers[1].trainable = False
    inputs = torch.randn(4, 14, 14, 1)
    wanted, found = (run(model, inputs, fused=fused) for fused in (False, True))
    assert_close([found[0], *found[2]], [wanted[0], *wanted[2]])


def test_a_frozen_row_without_chance_runs_in_its_inference_form():
    model = image_net()
    model.trainable = False
    inputs = torch.randn(4, 13, 11, 3)
    with mode_of(model, True), fusing(False):
        found = model(inputs)
    assert planned(model)
    assert not found.requires_grad
    assert_close([found], [model(inputs)])


def test_frozen_weights_get_no_gradient_and_the_others_theirs():
    model = image_net()
    model.layers[0].trainable = False
    inputs = torch.randn(4, 13, 11, 3)
    wanted, found = (run(model, inputs, fused=fused) for fused in (False, True))
    assert planned(model)
    assert found[1][0] is None
    assert_close(found[1], wanted[1], 2e-5)


def test_a_gradient_to_the_inputs_is_there_when_it_is_asked_for():
    model, inputs = image_net(), torch.randn(3, 13, 11, 3)
    found = []
    for fused in (False, True):
        given = inputs.clone().requires_grad_()
        if fused:
            with mode_of(model, True), fusing(False):
                model(given).square().sum().backward()
        else:
            model(given).square().sum().backward()
        found.append(given.grad)
    assert planned(model)
    assert_close(found[1:], found[:1], 2e-5)


def test_two_live_passes_keep_their_own_maps():
    model = image_net()
    first, second = torch.randn(2, 3, 13, 11, 3).unbind()
    wanted = [run(model, part, fused=True)[1] for part in (first, second)]
    with mode_of(model, True), fusing(False):
        outputs = [model(part) for part in (first, second)]
    for output, gradients in zip(outputs, wanted, strict=True):
        for weight in model.parameters():
            weight.grad = None
        weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(3))
        (output * weights).sum().backward()
        assert_close([weight.grad for weight in model.parameters()], gradients, 1e-7)


def test_going_back_twice_gives_the_same_gradient():
    model, inputs = image_net(), torch.randn(3, 13, 11, 3)
    with mode_of(model, True), fusing(False):
        loss = model(inputs).square().sum()
    once = torch.autograd.grad(loss, list(model.parameters()), retain_graph=True)
    twice = torch.autograd.grad(loss, list(model.parameters()))
    assert all(torch.equal(one, other) for one, other in zip(once, twice, strict=True))


def test_weights_changed_by_a_step_are_used_in_the_next_prediction():
    model, inputs = image_net(), torch.randn(3, 13, 11, 3)
    before = run(model, inputs, fused=True, training=False)[0]
    with torch.no_grad():
        model.layers[0].kernel.mul_(0.5)
    after = run(model, inputs, fused=True, training=False)[0]
    wanted = run(model, inputs, fused=False, training=False)[0]
    assert not torch.equal(before, after)
    assert_close([after], [wanted])


def test_weights_put_in_place_of_others_are_used():
    model, inputs = image_net(), torch.randn(3, 13, 11, 3)
    run(model, inputs, fused=True)
    model.layers[-1].kernel = torch.nn.Parameter(torch.ones_like(model.layers[-1].kernel))
    wanted, found = (run(model, inputs, fused=fused) for fused in (False, True))
    assert_close(found[1], wanted[1], 2e-5)


def test_a_copy_and_a_pickle_have_plans_of_their_own():
    model, inputs = image_net(), torch.randn(3, 13, 11, 3)
    wanted = run(model, inputs, fused=True, training=False)[0]
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert not planned(other)
        with torch.no_grad():
            model.layers[0].bias.add_(1.0)
        assert_close([run(other, inputs, fused=True, training=False)[0]], [wanted])
        with torch.no_grad():
            model.layers[0].bias.sub_(1.0)


def test_dropout_is_drawn_by_step_and_example_whatever_the_parts_are():
    model, inputs = image_net(dropout=0.5), torch.randn(6, 13, 11, 3)

    def outputs(parts):
        found = []
        with mode_of(model, True), fusing(False):
            for first, rows in parts:
                # As training does it: all parts take their rows of the same draws.
                torch.manual_seed(5)
                with at(Position(step=1, batch=6, first=first, rows=rows)):
                    found.append(model(inputs[first : first + rows]).detach())
        return torch.cat(found)

    whole = outputs([(0, 6)])
    assert planned(model)
    assert_close([outputs([(0, 2), (2, 4)])], [whole], 1e-6)


def test_dropout_keeps_the_mean_and_drops_the_share():
    model = Sequential([layers.Input((4, 4, 1)), layers.Conv2D(8, 1, use_bias=False), layers.Dropout(0.25)])
    model.layers[0].set_weights([torch.ones(1, 1, 1, 8).numpy()])
    torch.manual_seed(0)
    with mode_of(model, True), fusing(False):
        found = model(torch.ones(400, 4, 4, 1)).detach()
    assert planned(model)
    assert found.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert float((found == 0).float().mean()) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("reason", ["synchronize", "stand-in", "layer"])
def test_joint_batch_statistics_of_several_processes_are_left_to_the_layers(reason):
    model = normalised_net()
    model.layers[1].synchronized = reason == "layer"
    spot = Position(0, 4, 0, 4, 1, synchronize=reason == "synchronize", counts=reason != "stand-in")
    with mode_of(model, True), fusing(False), at(replace(spot, processes=2)), contextlib.suppress(ValueError):
        # There is no other process to join statistics with: the layer's own complaint is the proof.
        model(torch.randn(4, 14, 14, 1))
    assert not planned(model)


def test_branches_are_fused_each_for_itself():
    entry = layers.Input((8, 8, 3))
    left = layers.Conv2D(4, 3, padding="same", activation="relu")(entry)
    right = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 1, use_bias=False)(entry)))
    joined = layers.Add()([left, right])
    model = Model(entry, layers.Dense(2)(layers.GlobalAveragePooling2D()(joined)))
    inputs = torch.randn(5, 8, 8, 3)
    wanted, found = (run(model, inputs, fused=fused) for fused in (False, True))
    assert planned(model)
    names = [type(step.layer).__name__ for step in model.graph.fused_steps]
    assert names.count("FusedRow") == 3
    for one, other in zip(found, wanted, strict=True):
        assert_close(list(one), list(other), 2e-5)


def test_an_output_between_the_layers_is_handed_out():
    entry = layers.Input((8, 8, 3))
    middle = layers.Conv2D(4, 3)(entry)
    model = Model(entry, [middle, layers.ReLU()(middle)])
    inputs = torch.randn(2, 8, 8, 3)
    with fusing(False), torch.no_grad():
        found = model(inputs)
    assert_close(found, model(inputs))


def test_a_layer_used_twice_runs_in_each_place():
    entry, shared = layers.Input((8, 8, 3)), layers.Conv2D(3, 3, padding="same")
    model = Model(entry, layers.MaxPooling2D(2)(shared(layers.ReLU()(shared(entry)))))
    inputs = torch.randn(2, 8, 8, 3)
    wanted, found = (run(model, inputs, fused=fused) for fused in (False, True))
    assert_close([found[0], *found[1]], [wanted[0], *wanted[1]], 2e-5)


def test_bf16_stays_within_its_rounding_of_fp32():
    torch.manual_seed(0)
    model, inputs = image_net(), torch.randn(6, 13, 11, 3)
    wanted = run(model, inputs, fused=False)
    found = run(model, inputs, fused=True, bf16=True)
    if not planned(model):
        pytest.skip("no bf16 products on this processor")
    assert_close([found[0]], [wanted[0]], 0.03)
    assert_close(found[1], wanted[1], 0.1)


def test_a_network_that_is_one_program_says_so():
    assert image_net().is_one_program(training=True, bf16=False)
    others = (
        [layers.Input((8, 8, 1)), layers.Conv2D(2, 3)],
        [layers.Input((8,)), layers.Dense(2), layers.LayerNormalization()],
        [layers.Dense(2)],
    )
    for other in others:
        assert not Sequential(other).is_one_program(training=True, bf16=False)


def test_pytorch_rests_while_such_a_network_trains(monkeypatch):
    model, seen = image_net(), []
    # In fp32, which every level of the kernels has.
    model.compile("sgd", "mse", precision="float32")
    monkeypatch.setattr(torch, "set_num_threads", seen.append)
    model.fit(torch.randn(4, 13, 11, 3).numpy(), torch.rand(4, 3).numpy(), verbose=0)
    assert seen == [1, torch.get_num_threads()]


@pytest.mark.filterwarnings("ignore:Input #.* requires gradient and is not a double precision")
def test_finite_differences_agree_with_the_way_back():
    torch.manual_seed(0)
    model = Sequential(
        [
            layers.Input((5, 6, 2)),
            layers.Conv2D(3, 3, padding="same"),
            layers.Conv2D(4, 2, strides=2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2),
        ]
    )
    inputs = torch.randn(3, 5, 6, 2, requires_grad=True)

    def compute(*_):
        with mode_of(model, True), fusing(False):
            return model(inputs)

    # fp32 and no kink: wide steps are exact but for rounding.
    assert torch.autograd.gradcheck(
        compute, (inputs, *model.parameters()), eps=1e-1, atol=1e-3, rtol=1e-3, check_undefined_grad=False
    )
    assert planned(model)


def test_two_models_train_in_two_threads_as_they_do_alone():
    torch.manual_seed(0)
    models, inputs = [image_net(), image_net()], torch.randn(2, 6, 13, 11, 3).unbind()
    wanted = [run(model, part, fused=True) for model, part in zip(models, inputs, strict=True)]
    found: list = [None, None]

    def work(number):
        for _ in range(30):
            found[number] = run(models[number], inputs[number], fused=True)

    threads = [threading.Thread(target=work, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(found, wanted, strict=True):
        assert torch.equal(one[0], other[0])
        assert all(torch.equal(a, b) for a, b in zip(one[1], other[1], strict=True))
