"""A step in one call into the kernels' library, against the same step as PyTorch's operations."""

from __future__ import annotations

import copy
import random

import numpy as np
import pytest
import torch

from striate.ops.native import library
from striate.ops.native.library import load_library, supported_levels
from striate.optimizers import SGD, Adam, AdamW, Lion, RMSprop, one_call

SHAPES = [(3,), (3, 5, 3, 3), (1,), (100, 33), (16,), (40000,), (7, 1, 1, 1)]


@pytest.fixture(params=supported_levels())
def kernels(request, monkeypatch):
    try:
        found = load_library(request.param)
    except OSError as error:
        pytest.skip(str(error))
    monkeypatch.setattr(one_call, "native_library", lambda: found)
    yield found
    found.functions.striate_set_threads(1)


def parameters(seed=0, shapes=SHAPES):
    draw = torch.Generator().manual_seed(seed)
    tensors = [torch.randn(shape, generator=draw) for shape in shapes]
    # As a convolution's kernel lies.
    tensors = [t.to(memory_format=torch.channels_last) if t.dim() == 4 else t for t in tensors]
    return [torch.nn.Parameter(tensor) for tensor in tensors]


def gradients(seed, tensors, scale=1.0):
    draw = torch.Generator().manual_seed(seed)
    return [torch.empty_like(each).copy_(torch.randn(each.shape, generator=draw)) * scale for each in tensors]


def train(optimizer, tensors, steps, scale=1.0, first=0):
    optimizer.build([(f"weight{number}", tensor) for number, tensor in enumerate(tensors)])
    for step in range(first, first + steps):
        for tensor, gradient in zip(tensors, gradients(step, tensors, scale), strict=True):
            tensor.grad = gradient
        optimizer.step()


def both_ways(make, monkeypatch, steps=6, scale=1.0):
    """The parameters and the state after some steps: in one call, and as PyTorch's operations."""
    results = []
    for native in (True, False):
        with monkeypatch.context() as patch:
            if not native:
                patch.setattr(one_call, "native_library", lambda: None)
            tensors, optimizer = parameters(), make()
            train(optimizer, tensors, steps, scale)
            assert calls_of(optimizer) == native
            state = optimizer.state_arrays()
            results.append({**{str(i): t.detach().numpy().copy() for i, t in enumerate(tensors)}, **state})
    return results


def calls_of(optimizer):
    return optimizer._one_call._library is not None


def assert_equal_but_for_rounding(one, other, tolerance=1e-6):
    assert one.keys() == other.keys()
    for key in one:
        largest = max(np.abs(other[key]).max(), 1e-30)
        assert np.abs(one[key] - other[key]).max() <= tolerance * largest + 1e-12, key


def random_optimizer(seed):
    draw = random.Random(seed)
    common = draw.choice(
        [{}, {"clipnorm": 0.5}, {"clipvalue": 0.3}, {"global_clipnorm": 2.0}, {"clipnorm": 1e6}]
    )
    common |= draw.choice([{}, {"use_ema": True, "ema_momentum": 0.9}])
    if "use_ema" in common:
        common |= draw.choice([{}, {"ema_overwrite_frequency": 2}])
    common |= draw.choice([{}, {"gradient_accumulation_steps": 3}])
    common |= draw.choice([{}, {"loss_scale_factor": 3.0}])
    common |= draw.choice([{}, {"weight_decay": 0.1}])
    rate = draw.choice([0.01, 0.1])
    kind = draw.choice([SGD, Adam, AdamW, RMSprop])
    own = {
        SGD: [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
        Adam: [{}, {"amsgrad": True, "beta_2": 0.5}, {"beta_1": 0.0, "epsilon": 1e-3}],
        AdamW: [{}, {"amsgrad": True}, {"beta_1": 0.3}],
        RMSprop: [{}, {"momentum": 0.5}, {"centered": True}, {"centered": True, "momentum": 0.5, "rho": 0.3}],
    }[kind]
    options = {**draw.choice(own), **common}

    def make():
        optimizer = kind(rate, **options)
        optimizer.exclude_from_weight_decay(var_names=["weight1"])
        return optimizer

    # PyTorch adds the squares of a norm up in fp32, the kernels in fp64; a variance is the difference
    # of numbers that may be nearly equal.
    looser = {"clipnorm": 4e-6, "global_clipnorm": 4e-6, "centered": 2e-5}
    return make, draw.random() < 0.3, max(looser.get(name, 1e-6) for name in [*options, "rate"])


@pytest.mark.parametrize("seed", range(60))
def test_one_call_moves_as_the_operations_do(kernels, monkeypatch, seed):
    make, with_multipliers, tolerance = random_optimizer(seed)

    def made():
        optimizer = make()
        if with_multipliers:
            optimizer.multiply_rates({"weight3": 0.1, "weight0": 0.0})
        return optimizer

    assert_equal_but_for_rounding(*both_ways(made, monkeypatch), tolerance)


@pytest.mark.parametrize("kind", [SGD, Adam, AdamW, RMSprop])
def test_tiny_and_huge_gradients_move_alike(kernels, monkeypatch, kind):
    for scale in (1e-8, 1e8):
        assert_equal_but_for_rounding(*both_ways(lambda: kind(0.01), monkeypatch, scale=scale))


@pytest.mark.parametrize("options", [{}, {"clipnorm": 1.0}, {"clipvalue": 1.0}, {"global_clipnorm": 1.0}])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", [SGD, Adam, RMSprop])
def test_gradients_that_are_not_finite_leave_the_traces_that_pytorch_leaves(
    kernels, monkeypatch, kind, value, options
):
    seen = []
    for native in (True, False):
        with monkeypatch.context() as patch:
            if not native:
                patch.setattr(one_call, "native_library", lambda: None)
            tensors, optimizer = parameters(), kind(0.01, **options)
            optimizer.build(tensors)
            for tensor, gradient in zip(tensors, gradients(0, tensors), strict=True):
                tensor.grad = gradient
            tensors[3].grad[5, 7] = value
            optimizer.step()
            seen.append([tensor.detach().isnan() for tensor in tensors])
    assert all(torch.equal(one, other) for one, other in zip(*seen, strict=True))


def test_any_number_of_threads_gives_the_same_bits(kernels):
    results = []
    for threads in (1, 2, 8):
        kernels.functions.striate_set_threads(threads)
        tensors = parameters()
        train(Adam(0.01, global_clipnorm=1.0, use_ema=True), tensors, 3)
        results.append(tensors)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))


def test_a_training_resumed_from_its_state_goes_on_bit_for_bit(kernels):
    def make():
        return Adam(0.01, amsgrad=True, use_ema=True, gradient_accumulation_steps=2)

    through, half = parameters(), parameters()
    train(make(), through, 7)
    first = make()
    train(first, half, 3)
    second = make()
    second.build([(f"weight{number}", tensor) for number, tensor in enumerate(half)])
    second.load_state_arrays(first.state_arrays())
    train(second, half, 4, first=3)
    assert all(torch.equal(one, two) for one, two in zip(through, half, strict=True))


def test_weights_put_elsewhere_between_two_steps_are_found(kernels):
    tensors, others = parameters(), parameters()
    optimizer, reference = Adam(0.01), Adam(0.01)
    train(optimizer, tensors, 1)
    train(reference, others, 1)
    for tensor in tensors:
        tensor.data = tensor.data.clone(memory_format=torch.preserve_format)
    train(optimizer, tensors, 1, first=1)
    train(reference, others, 1, first=1)
    assert calls_of(optimizer)
    assert all(torch.equal(one, two) for one, two in zip(tensors, others, strict=True))


def test_parameters_without_a_gradient_stay_and_the_average_still_follows_them(kernels, monkeypatch):
    results = []
    for options in ({}, {"use_ema": True}):
        tensors = parameters()
        before = tensors[2].detach().clone()
        optimizer = SGD(0.1, **options)
        optimizer.build(tensors)
        for tensor, gradient in list(zip(tensors, gradients(0, tensors), strict=True)):
            tensor.grad = gradient
        tensors[2].grad = None
        optimizer.step()
        assert torch.equal(tensors[2], before)
        assert calls_of(optimizer) == (not options)
        results.append(tensors)
    torch.testing.assert_close(*results)
    np.testing.assert_array_equal(optimizer.state_arrays()["average/2"], before.numpy())


def test_gradients_in_another_memory_layout_move_the_same_values(kernels):
    one, other = parameters(), parameters()
    for tensors, contiguous in ((one, False), (other, True)):
        optimizer = Adam(0.01)
        optimizer.build(tensors)
        for tensor, gradient in zip(tensors, gradients(0, tensors), strict=True):
            tensor.grad = gradient.contiguous() if contiguous else gradient
        optimizer.step()
        assert calls_of(optimizer)
    assert other[1].grad.stride() != other[1].stride()
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_what_the_kernels_cannot_take_moves_as_before(kernels):
    double = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    gaps = torch.nn.Parameter(torch.ones(4, 4)[:, ::2])
    empty = torch.nn.Parameter(torch.ones(0))
    for tensors, make in (([double], SGD), ([gaps], SGD), ([empty, gaps], SGD), (parameters(), Lion)):
        optimizer = make(0.5)
        optimizer.build(tensors)
        for tensor in tensors:
            tensor.grad = torch.ones_like(tensor)
        before = [tensor.detach().clone() for tensor in tensors]
        optimizer.step()
        assert not calls_of(optimizer)
        torch.testing.assert_close([t.detach() for t in tensors], [each - 0.5 for each in before])


def test_sparse_gradients_are_left_to_pytorch(kernels):
    table = torch.nn.Embedding(5, 3, sparse=True)
    before = table.weight.detach().clone()
    optimizer = SGD(0.5)
    optimizer.build(table.parameters())
    table(torch.tensor([1, 1])).sum().backward()
    optimizer.step()
    expected = before.clone()
    expected[1] -= 1.0
    torch.testing.assert_close(table.weight.detach(), expected)


def test_one_tensor_under_two_names_is_left_to_pytorch(kernels):
    tensor = torch.nn.Parameter(torch.ones(3))
    optimizer = SGD(0.5)
    optimizer.build([("one", tensor), ("two", tensor)])
    tensor.grad = torch.ones(3)
    optimizer.step()
    assert not calls_of(optimizer)
    assert tensor.tolist() == [0.0] * 3


def test_backward_through_weights_that_moved_is_refused_as_after_any_step(kernels):
    weight = torch.nn.Parameter(torch.ones(3))
    optimizer = SGD(0.5)
    optimizer.build([weight])
    loss = (weight * weight).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    assert calls_of(optimizer)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_a_copy_of_an_optimizer_moves_its_own_tensors(kernels):
    tensors, optimizer = parameters(), Adam(0.01)
    train(optimizer, tensors, 2)
    twins, twin = copy.deepcopy((tensors, optimizer))
    train(optimizer, tensors, 1, first=2)
    assert all(not torch.equal(one, two) for one, two in zip(tensors, twins, strict=True))
    for each, gradient in zip(twin._parameters.values(), gradients(2, tensors), strict=True):
        each.grad = gradient
    twin.step()
    assert all(torch.equal(one, two) for one, two in zip(tensors, twin._parameters.values(), strict=True))


def test_new_multipliers_count_from_the_next_step(kernels):
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = SGD(1.0)
    optimizer.build([("weight", weight)])
    for multiplier in (1.0, 0.5):
        optimizer.multiply_rates({"weight": multiplier})
        weight.grad = torch.ones(1)
        optimizer.step()
    assert weight.tolist() == [-1.5]


def test_without_a_library_every_step_is_pytorchs(monkeypatch):
    monkeypatch.setattr(library, "_decision", [library._choose("0")])
    tensors, optimizer = parameters(), SGD(0.1)
    train(optimizer, tensors, 1)
    assert not calls_of(optimizer)


def test_weights_elsewhere_than_on_the_cpu_ask_for_no_library(monkeypatch):
    def asked():
        raise AssertionError("kernels for the CPU would be compiled here")

    monkeypatch.setattr(one_call, "native_library", asked)
    weight = torch.nn.Parameter(torch.ones(3, device="meta"))
    weight.grad = torch.ones(3, device="meta")
    optimizer = SGD(0.1)
    optimizer.build([("weight", weight)])
    optimizer.step()


def test_a_subclass_with_an_update_of_its_own_is_moved_by_that(kernels):
    class Backwards(SGD):
        def update(self, parameters, gradients, state, learning_rate):
            torch._foreach_add_(parameters, gradients, alpha=learning_rate)

    weight = torch.nn.Parameter(torch.zeros(3))
    weight.grad = torch.ones(3)
    optimizer = Backwards(0.5)
    optimizer.build([("weight", weight)])
    optimizer.step()
    assert weight.tolist() == [0.5, 0.5, 0.5]
