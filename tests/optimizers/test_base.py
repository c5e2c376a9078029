from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import optimizers
from striate.core.errors import ArgumentError, ShapeError, StateError
from striate.optimizers import SGD, Adam, AdamW, Lion, Nadam, schedules
from striate.optimizers.state import moved


def weight(*values):
    return torch.nn.Parameter(torch.tensor(values or (1.0, 2.0), dtype=torch.float64))


def step(optimizer, parameter, *gradient):
    parameter.grad = torch.tensor(gradient, dtype=torch.float64)
    optimizer.step()
    return parameter.tolist()


def built(optimizer, *parameters):
    optimizer.build(parameters)
    return optimizer


def test_step_before_build_says_what_comes_first():
    with pytest.raises(StateError, match=r"^step\(\) needs the parameters first: call optimizer\.build\("):
        SGD().step()


def test_step_without_any_gradient_asks_for_backward():
    optimizer = built(SGD(), weight())
    with pytest.raises(StateError, match="no parameter has a gradient: call backward"):
        optimizer.step()


def test_a_network_without_parameters_can_be_stepped():
    optimizer = built(Adam())
    optimizer.step()
    assert optimizer.iterations == 0


@pytest.mark.parametrize("name", ["Adam", "SGD", "RMSprop", "Ftrl"])
def test_parameters_without_a_gradient_stay_where_they_are(name):
    moving, still = weight(), weight()
    optimizer = built(getattr(optimizers, name)(weight_decay=0.1), still, moving)
    step(optimizer, moving, 1.0, 1.0)
    assert still.tolist() == [1.0, 2.0]
    assert moving.tolist() != [1.0, 2.0]


def test_building_again_for_the_same_parameters_keeps_the_history():
    parameter = weight()
    optimizer = built(SGD(0.1, momentum=0.9), parameter)
    step(optimizer, parameter, 1.0, 1.0)
    optimizer.build([parameter])
    assert optimizer.state_arrays()["momentum/0"].tolist() == [-0.1, -0.1]


def test_building_for_other_parameters_is_refused():
    optimizer = built(Adam(), weight(), weight())
    with pytest.raises(StateError, match="was built for 2 other parameters, whose history it keeps"):
        optimizer.build([weight()])


def test_what_is_no_parameter_is_refused():
    with pytest.raises(ArgumentError, match=r"or \(name, parameter\) pairs; got str at 1"):
        built(Adam(), weight(), "kernel")


def test_a_name_given_twice_is_refused():
    with pytest.raises(ArgumentError, match="two parameters are called 'kernel'"):
        Adam().build([("kernel", weight()), ("kernel", weight())])


def test_zero_grad_forgets_the_gradients():
    parameter = weight()
    optimizer = built(SGD(), parameter)
    step(optimizer, parameter, 1.0, 1.0)
    optimizer.zero_grad()
    assert parameter.grad is None


def test_the_learning_rate_can_be_read_and_assigned():
    optimizer = SGD(0.5)
    optimizer.learning_rate = 0.25
    assert optimizer.learning_rate == 0.25
    optimizer.learning_rate = torch.tensor(0.125)
    assert optimizer.learning_rate == 0.125


def test_a_schedule_or_a_function_gives_the_rate_of_the_next_step():
    parameter = weight(0.0)
    optimizer = built(SGD(schedules.PiecewiseConstantDecay([0], [1.0, 10.0])), parameter)
    assert step(optimizer, parameter, 1.0) == [-1.0]
    assert optimizer.learning_rate == 10.0
    assert step(optimizer, parameter, 1.0) == [-11.0]
    optimizer.learning_rate = lambda count: 100.0 * count
    assert optimizer.learning_rate == 200.0
    optimizer.learning_rate = 0.5
    assert optimizer.learning_rate_schedule is None
    assert optimizer.learning_rate == 0.5


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf"), True, "fast", None, [1, 2]])
def test_a_learning_rate_that_cannot_work_is_refused(rate):
    with pytest.raises(ArgumentError, match=r"^learning_rate must be a number at least 0; got "):
        SGD(rate)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clipnorm": 1.0, "clipvalue": 2.0}, "in one way only; got clipnorm=1.0 and clipvalue=2.0"),
        ({"clipnorm": 0}, "clipnorm must be a number above 0; got 0"),
        ({"clipvalue": -1}, "clipvalue must be a number above 0; got -1"),
        ({"global_clipnorm": "a"}, "global_clipnorm must be a number above 0; got 'a'"),
        ({"weight_decay": -0.1}, "weight_decay must be a number at least 0; got -0.1"),
        ({"loss_scale_factor": 0}, "loss_scale_factor must be a number above 0; got 0"),
        ({"ema_momentum": 1.5}, "ema_momentum must be a number at least 0 and at most 1; got 1.5"),
        ({"ema_momentum": -0.5}, "ema_momentum must be a number at least 0 and at most 1; got -0.5"),
        (
            {"ema_overwrite_frequency": 0},
            "ema_overwrite_frequency must be a whole number of at least 1",
        ),
        ({"gradient_accumulation_steps": 1}, "must be a whole number of at least 2, or None; got 1"),
        ({"gradient_accumulation_steps": 2.5}, "must be a whole number of at least 2, or None; got 2.5"),
        ({"lr": 0.1}, "SGD takes no argument 'lr'. Instead, write learning_rate"),
        ({"decay": 0.1}, "SGD takes no argument 'decay'. Instead, pass a schedule"),
        ({"epsilon": 0.1}, "SGD takes no argument 'epsilon'. Instead, this optimizer has no epsilon"),
        ({"momentun": 0.1}, "SGD takes no argument 'momentun'. Did you mean 'momentum' or 'ema_momentum'"),
        ({"momentum": 1.5}, "momentum must be a number at least 0 and at most 1; got 1.5"),
    ],
)
def test_an_option_that_cannot_work_is_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        SGD(**options)


def test_the_loss_scale_is_taken_off_the_gradients():
    parameter = weight(0.0)
    optimizer = built(SGD(1.0, loss_scale_factor=4.0), parameter)
    assert step(optimizer, parameter, 8.0) == [-2.0]


def test_accumulated_gradients_move_once_along_their_mean():
    parameter = weight(0.0)
    optimizer = built(SGD(1.0, gradient_accumulation_steps=3, clipvalue=4.0), parameter)
    assert step(optimizer, parameter, 1.0) == [0.0]
    assert step(optimizer, parameter, 2.0) == [0.0]
    assert optimizer.iterations == 0
    assert step(optimizer, parameter, 6.0) == [-3.0]
    assert optimizer.iterations == 1
    step(optimizer, parameter, 0.0)
    step(optimizer, parameter, 0.0)
    assert step(optimizer, parameter, 99.0) == [-7.0]


def test_accumulating_gives_what_the_mean_gradient_gives():
    parts, whole = weight(), weight()
    accumulating = built(Adam(0.1, gradient_accumulation_steps=2, weight_decay=0.1), parts)
    plain = built(Adam(0.1, weight_decay=0.1), whole)
    for count in range(4):
        step(accumulating, parts, 1.0 + count, 2.0)
        step(accumulating, parts, 3.0 + count, 4.0)
        step(plain, whole, 2.0 + count, 3.0)
    np.testing.assert_allclose(parts.detach(), whole.detach(), rtol=1e-14)


def test_the_moving_average_starts_at_the_first_values_and_follows():
    parameter = weight(0.0)
    optimizer = built(SGD(1.0, use_ema=True, ema_momentum=0.5), parameter)
    step(optimizer, parameter, -4.0)
    assert optimizer.state_arrays()["average/0"].tolist() == [4.0]
    step(optimizer, parameter, -4.0)
    assert optimizer.state_arrays()["average/0"].tolist() == [6.0]
    assert parameter.tolist() == [8.0]
    optimizer.swap_average()
    assert parameter.tolist() == [6.0]
    optimizer.swap_average()
    assert parameter.tolist() == [8.0]
    optimizer.finalize_variable_values()
    assert parameter.tolist() == [6.0]


def test_training_that_ends_while_the_average_is_shown_ends_on_the_average():
    parameter = weight(0.0)
    optimizer = built(SGD(1.0, use_ema=True, ema_momentum=0.5), parameter)
    step(optimizer, parameter, -4.0)
    step(optimizer, parameter, -4.0)
    optimizer.swap_average()
    optimizer.finalize_variable_values()
    assert parameter.tolist() == [6.0]
    optimizer.swap_average()
    assert parameter.tolist() == [6.0]


def test_the_moving_average_replaces_the_parameters_every_so_often():
    parameter = weight(0.0)
    optimizer = built(SGD(1.0, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=2), parameter)
    assert step(optimizer, parameter, -4.0) == [4.0]
    assert step(optimizer, parameter, -4.0) == [6.0]
    assert step(optimizer, parameter, -4.0) == [10.0]


def test_without_an_average_the_end_of_training_changes_nothing_and_swapping_is_refused():
    parameter = weight()
    optimizer = built(SGD(), parameter)
    optimizer.finalize_variable_values()
    assert parameter.tolist() == [1.0, 2.0]
    with pytest.raises(StateError, match="no moving average to swap in: pass use_ema=True"):
        optimizer.swap_average()


def test_an_average_of_no_step_does_not_wipe_out_the_parameters():
    parameter = weight()
    built(SGD(use_ema=True), parameter).finalize_variable_values()
    assert parameter.tolist() == [1.0, 2.0]


def test_weight_decay_spares_what_is_excluded_by_name_or_by_object():
    kernel, bias, scale = weight(), weight(), weight()
    optimizer = AdamW(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[scale], var_names=["bias"])
    optimizer.build([("dense/kernel", kernel), ("dense/bias", bias), ("norm/gamma", scale)])
    for parameter in (kernel, bias, scale):
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    assert kernel.tolist() == [0.95, 1.9]
    assert bias.tolist() == scale.tolist() == [1.0, 2.0]
    with pytest.raises(StateError, match=r"exclude_from_weight_decay\(\) comes before"):
        optimizer.exclude_from_weight_decay(var_names=["gamma"])


@pytest.mark.gpu
def test_state_goes_where_the_parameters_have_gone():
    model = torch.nn.Linear(2, 1)
    optimizer = Adam()
    optimizer.build(model.named_parameters())
    for device in ("cpu", "cuda"):
        model.to(device)
        for parameter in model.parameters():
            parameter.grad = torch.ones_like(parameter)
        optimizer.step()
    assert {tensor.device.type for tensor in optimizer._state["momentum"]} == {"cuda"}
    assert optimizer.iterations == 2


def test_state_is_moved_parameter_by_parameter():
    state = {"momentum": [torch.ones(2), torch.ones(3)]}
    found = moved(state, [torch.empty(2, device="meta"), torch.empty(3)])
    assert [tensor.device.type for tensor in found["momentum"]] == ["meta", "cpu"]


def test_state_arrays_share_no_memory_with_the_optimizer():
    parameter = weight(0.0)
    optimizer = built(SGD(1.0, momentum=0.5), parameter)
    saved = optimizer.state_arrays()
    step(optimizer, parameter, 1.0)
    assert saved["momentum/0"].tolist() == [0.0]


def test_half_precision_state_survives_the_round_trip():
    parameter = torch.nn.Parameter(torch.ones(3, dtype=torch.bfloat16))
    optimizer = built(SGD(0.1, momentum=0.9), parameter)
    parameter.grad = torch.full_like(parameter, 0.3)
    optimizer.step()
    saved = optimizer.state_arrays()
    assert saved["momentum/0"].dtype == np.float32
    again = built(SGD(0.1, momentum=0.9), torch.nn.Parameter(torch.ones(3, dtype=torch.bfloat16)))
    again.load_state_arrays(saved)
    np.testing.assert_array_equal(again.state_arrays()["momentum/0"], saved["momentum/0"])


def test_loading_restores_an_assigned_rate_but_leaves_a_schedule_in_charge():
    saved = built(SGD(0.5), weight()).state_arrays()
    plain, scheduled = built(SGD(0.1), weight()), built(SGD(lambda _: 0.1), weight())
    plain.load_state_arrays(saved)
    scheduled.load_state_arrays(saved)
    assert (plain.learning_rate, scheduled.learning_rate) == (0.5, 0.1)


def test_loading_before_build_says_what_comes_first():
    with pytest.raises(StateError, match=r"load_state_arrays\(\) needs the parameters first"):
        Adam().load_state_arrays({})


def test_a_state_that_lacks_something_is_refused():
    saved = built(SGD(), weight()).state_arrays()
    with pytest.raises(ArgumentError, match=r"has no 'momentum/0' \(2 missing\).* another optimizer"):
        built(Adam(), weight()).load_state_arrays(saved)


def test_a_state_with_something_too_many_is_refused():
    saved = built(Adam(), weight()).state_arrays()
    with pytest.raises(ArgumentError, match=r"has 'momentum/0' \(2 too many\), which this optimizer"):
        built(SGD(), weight()).load_state_arrays(saved)


def test_a_state_of_another_shape_is_refused():
    saved = built(Adam(), weight(1.0)).state_arrays()
    with pytest.raises(ShapeError, match=r"'momentum/0' has shape \(1,\), but this optimizer .* for \(2,\)"):
        built(Adam(), weight()).load_state_arrays(saved)


def test_a_function_as_learning_rate_cannot_be_written_to_a_file():
    with pytest.raises(ArgumentError, match=r"learning rate is the function .* cannot be written"):
        SGD(lambda step: 0.1).get_config()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Adam(beta_1=1.0), "betas must be below 1, or nothing is ever learnt; got 1.0 and 0.999"),
        (lambda: Nadam(beta_2=-1), "beta_2 must be a number at least 0 and at most 1; got -1"),
        (lambda: AdamW(weight_decay=None), "AdamW needs a weight_decay, such as 0.004; got None"),
        (lambda: Lion(beta_1=0), "Lion needs a beta_1 above 0"),
        (lambda: optimizers.Ftrl(learning_rate_power=0.5), "learning_rate_power must be a number at most 0"),
        (
            lambda: optimizers.Ftrl(l1_regularization_strength=-1),
            "l1_regularization_strength must be",
        ),
        (lambda: optimizers.RMSprop(rho=2), "rho must be a number at least 0 and at most 1; got 2"),
        (lambda: optimizers.Adagrad(epsilon=-1), "epsilon must be a number at least 0; got -1"),
    ],
)
def test_a_rule_refuses_numbers_that_cannot_work(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_ftrl_refuses_a_rate_of_zero_when_it_would_divide_by_it():
    parameter = weight()
    optimizer = built(optimizers.Ftrl(0.0), parameter)
    with pytest.raises(ArgumentError, match="Ftrl divides by its learning rate, which is 0 now"):
        step(optimizer, parameter, 1.0, 1.0)
