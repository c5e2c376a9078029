"""Ten steps of every rule and option against the published formulas in NumPy, and against itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import optimizers
from striate.optimizers.state import to_array
from tests.reference import optimizers as reference

RULES = [
    ("SGD", reference.sgd, {}),
    ("SGD", reference.sgd, {"momentum": 0.9}),
    ("SGD", reference.sgd, {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", reference.rmsprop, {}),
    ("RMSprop", reference.rmsprop, {"rho": 0.8, "momentum": 0.7, "epsilon": 1e-5}),
    ("RMSprop", reference.rmsprop, {"centered": True}),
    ("RMSprop", reference.rmsprop, {"centered": True, "momentum": 0.5}),
    ("Adam", reference.adam, {}),
    ("Adam", reference.adam, {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    ("Adam", reference.adam, {"amsgrad": True, "beta_2": 0.5}),
    ("AdamW", reference.adamw, {}),
    ("AdamW", reference.adamw, {"weight_decay": 0.3, "amsgrad": True, "beta_2": 0.5}),
    ("Adamax", reference.adamax, {}),
    ("Adamax", reference.adamax, {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-4}),
    ("Nadam", reference.nadam, {}),
    ("Nadam", reference.nadam, {"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-4}),
    ("Adagrad", reference.adagrad, {}),
    ("Adagrad", reference.adagrad, {"initial_accumulator_value": 0.0, "epsilon": 1e-3}),
    ("Adadelta", reference.adadelta, {}),
    ("Adadelta", reference.adadelta, {"rho": 0.7, "epsilon": 1e-3}),
    ("Lion", reference.lion, {}),
    ("Lion", reference.lion, {"beta_1": 0.5, "beta_2": 0.7}),
    ("Lamb", reference.lamb, {}),
    ("Lamb", reference.lamb, {"beta_1": 0.5, "beta_2": 0.7, "epsilon": 1e-2}),
    ("Ftrl", reference.ftrl, {}),
    ("Ftrl", reference.ftrl, {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.2}),
    ("Ftrl", reference.ftrl, {"l2_shrinkage_regularization_strength": 0.1, "beta": 0.5}),
    ("Ftrl", reference.ftrl, {"learning_rate_power": -0.8, "initial_accumulator_value": 0.5}),
]
NAMES = sorted({name for name, _, _ in RULES})
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def make(name, **options):
    return getattr(optimizers, name)(learning_rate=0.01, **options)


def case(scale, shape=(3, 4, 2, 5), steps=10):
    draw = np.random.default_rng(7)
    start = draw.choice([-1.0, 1.0], shape) * draw.uniform(0.5, 1.5, shape)
    return start, [scale * draw.normal(size=shape) for _ in range(steps)]


def run(optimizer, parameters, gradients):
    """Step once for each entry of `gradients`, a list with one array a parameter."""
    if not optimizer.built:
        optimizer.build(parameters)
    for arrays in gradients:
        for parameter, array in zip(parameters, arrays, strict=True):
            parameter.grad = torch.tensor(array).to(parameter)
        optimizer.step()
    return [to_array(parameter) for parameter in parameters]


def parameter(array, dtype=torch.float64, device="cpu", channels_last=False):
    tensor = torch.tensor(array, device=device, dtype=dtype)
    if channels_last:
        tensor = tensor.to(memory_format=torch.channels_last)
    return torch.nn.Parameter(tensor)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3])
@pytest.mark.parametrize(("name", "oracle", "options"), RULES)
def test_ten_steps_agree_with_the_formulas_in_float64(name, oracle, options, scale, device):
    start, gradients = case(scale)
    weight = parameter(start, device=device)
    (got,) = run(make(name, **options), [weight], [[g] for g in gradients])
    np.testing.assert_allclose(got, oracle(start, gradients, rate=0.01, **options), rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("scale", [1e-6, 1e3])
@pytest.mark.parametrize(("name", "oracle", "options"), RULES)
def test_float32_parameters_in_channels_last_layout_agree_to_one_in_a_million(
    name, oracle, options, scale, device
):
    start, gradients = case(scale)
    # The oracle starts from, and is given, the numbers that float32 can hold.
    start = start.astype(np.float32).astype(np.float64)
    gradients = [g.astype(np.float32).astype(np.float64) for g in gradients]
    weight = parameter(start, torch.float32, device, channels_last=True)
    (got,) = run(make(name, **options), [weight], [[g] for g in gradients])
    expected = oracle(start, gradients, rate=0.01, **options)
    # Gradient descent may come back close to zero; its error is one of the largest value on the way.
    path = [oracle(start, gradients[:count], rate=0.01, **options) for count in range(11)]
    largest = np.max(np.abs(path), axis=0)
    assert np.max(np.abs(got - expected) / largest) < 1e-6
    assert weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_in_another_memory_layout_give_the_same_step(name):
    start, gradients = case(1.0, shape=(2, 3, 4, 5))
    plain, strided = parameter(start), parameter(start, channels_last=True)
    (one,) = run(make(name), [plain], [[g] for g in gradients])
    optimizer = make(name)
    optimizer.build([strided])
    for g in gradients:
        strided.grad = torch.from_numpy(g)
        optimizer.step()
    np.testing.assert_allclose(to_array(strided), one, rtol=1e-12)


@pytest.mark.parametrize("name", ["Adam", "AdamW"])
@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_without_the_fused_kernel_agrees_with_it(name, amsgrad):
    start, gradients = case(1.0)
    mixed = [parameter(start), parameter(start, torch.float32)]
    one, other = run(make(name, amsgrad=amsgrad), mixed, [[g, g] for g in gradients])
    (fused,) = run(make(name, amsgrad=amsgrad), [parameter(start)], [[g] for g in gradients])
    np.testing.assert_allclose(one, fused, rtol=1e-12)
    np.testing.assert_allclose(other, fused, rtol=1e-6)


@pytest.mark.parametrize("options", [{}, {"use_ema": True}, {"gradient_accumulation_steps": 2}])
@pytest.mark.parametrize(("name", "rule"), [(name, rule) for name, _, rule in RULES])
def test_a_run_continued_from_its_state_arrays_is_bit_identical(name, rule, options):
    start, gradients = case(1.0)
    steps = [[g, g[0]] for g in gradients]

    def fresh(arrays):
        names = ("kernel", "bias")
        return [(key, parameter(array, torch.float32)) for key, array in zip(names, arrays, strict=True)]

    through = fresh([start, start[0]])
    optimizer = make(name, **rule, **options)
    optimizer.build(through)
    tensors = [tensor for _, tensor in through]
    middle = run(optimizer, tensors, steps[:5])
    saved = optimizer.state_arrays()
    end = run(optimizer, tensors, steps[5:])

    resumed = fresh(middle)
    again = make(name, **rule, **options)
    again.build(resumed)
    again.load_state_arrays(saved)
    for expected, got in zip(end, run(again, [t for _, t in resumed], steps[5:]), strict=True):
        np.testing.assert_array_equal(got, expected)
    assert again.iterations == optimizer.iterations


@pytest.mark.parametrize("clip", [{"clipnorm": 0.5}, {"clipvalue": 0.2}, {"global_clipnorm": 0.5}])
@pytest.mark.parametrize("scale", [1e-6, 1e3])
def test_clipping_agrees_with_the_formulas_and_leaves_the_gradients_alone(clip, scale):
    start, gradients = case(scale)
    steps = [[g, 3 * g[0]] for g in gradients]
    weights = [parameter(start), parameter(start[0])]
    got = run(make("SGD", momentum=0.9, **clip), weights, steps)
    short = [reference.clipped(step, **clip) for step in steps]
    for row, first in enumerate((start, start[0])):
        expected = reference.sgd(first, [step[row] for step in short], rate=0.01, momentum=0.9)
        np.testing.assert_allclose(got[row], expected, rtol=1e-9)
    np.testing.assert_array_equal(weights[0].grad.numpy(), gradients[-1])


def test_a_gradient_of_zeros_can_be_clipped():
    for clip in ({"clipnorm": 1.0}, {"global_clipnorm": 1.0}, {"clipvalue": 1.0}):
        (got,) = run(make("SGD", **clip), [parameter(np.ones(3))], [[np.zeros(3)]])
        np.testing.assert_array_equal(got, np.ones(3))


def test_a_global_norm_that_is_not_finite_shows_in_every_parameter():
    weights = [parameter(np.ones(2)), parameter(np.ones(2))]
    got = run(make("SGD", global_clipnorm=1.0), weights, [[np.array([np.inf, 1.0]), np.ones(2)]])
    assert np.isnan(got).all()


@pytest.mark.parametrize("name", NAMES)
def test_weight_decay_shrinks_before_the_rule_moves(name):
    start, (gradient, *_) = case(1.0)
    (got,) = run(make(name, weight_decay=0.5), [parameter(start)], [[gradient]])
    options = {"weight_decay": 0.0} if name == "AdamW" else {}
    (expected,) = run(make(name, **options), [parameter(start * (1 - 0.01 * 0.5))], [[gradient]])
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_a_plain_rate_of_one_is_worked_by_hand():
    weight = parameter(np.array([1.0, -2.0]))
    optimizer = optimizers.SGD(1.0, momentum=0.5)
    assert run(optimizer, [weight], [[np.array([0.5, 0.5])]])[0].tolist() == [0.5, -2.5]
    assert run(optimizer, [weight], [[np.array([0.5, 0.5])]])[0].tolist() == [-0.25, -3.25]
