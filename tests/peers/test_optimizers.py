"""Twenty steps of every optimiser and of every schedule, beside Keras's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import optimizers
from tests.peers.keras_side import TOLERANCE, keras, share

pytestmark = pytest.mark.peers

STEPS = 20
EVERYWHERE = [
    {},
    {"learning_rate": 0.05},
    {"learning_rate": 0.02, "weight_decay": 0.1},
    {"learning_rate": 0.02, "clipnorm": 0.5},
    {"learning_rate": 0.02, "clipvalue": 0.2},
    {"learning_rate": 0.02, "global_clipnorm": 0.5},
    {"learning_rate": 0.02, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    {"learning_rate": 0.02, "gradient_accumulation_steps": 3},
    {"learning_rate": 0.02, "loss_scale_factor": 4.0},
]
OWN = {
    "Adadelta": [{"rho": 0.8, "epsilon": 1e-5, "learning_rate": 1.0}],
    "Adagrad": [{"initial_accumulator_value": 0.5, "epsilon": 1e-3}],
    "Adam": [{"beta_1": 0.7, "beta_2": 0.9, "epsilon": 1e-4}, {"amsgrad": True, "learning_rate": 0.05}],
    "AdamW": [{"weight_decay": 0.3, "learning_rate": 0.05}, {"amsgrad": True}],
    "Adamax": [{"beta_1": 0.7, "beta_2": 0.9}],
    "Ftrl": [
        {"learning_rate": 0.1, "l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02},
        {"learning_rate": 0.1, "l2_shrinkage_regularization_strength": 0.1, "beta": 0.1},
        {"learning_rate": 0.1, "learning_rate_power": -0.7, "initial_accumulator_value": 0.3},
    ],
    "Lamb": [{"beta_1": 0.7, "beta_2": 0.9}],
    "Lion": [{"beta_1": 0.7, "beta_2": 0.9, "learning_rate": 0.01}],
    "Nadam": [{"beta_1": 0.7, "beta_2": 0.9, "learning_rate": 0.05}],
    "RMSprop": [
        {"rho": 0.7, "momentum": 0.5, "learning_rate": 0.01},
        {"centered": True, "learning_rate": 0.01},
        {"centered": True, "momentum": 0.9, "learning_rate": 0.005},
    ],
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"momentum": 0.5, "weight_decay": 0.1}],
}
SCHEDULES = {
    "CosineDecay": [
        {"initial_learning_rate": 0.1, "decay_steps": 15, "alpha": 0.1},
        {"initial_learning_rate": 0.0, "decay_steps": 10, "warmup_target": 0.2, "warmup_steps": 6},
    ],
    "CosineDecayRestarts": [
        {"initial_learning_rate": 0.1, "first_decay_steps": 4},
        {"initial_learning_rate": 0.1, "first_decay_steps": 3, "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.05},
        {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.9},
    ],
    "ExponentialDecay": [
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5},
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ],
    "InverseTimeDecay": [
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5},
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True},
    ],
    "PiecewiseConstantDecay": [{"boundaries": [5, 12], "values": [0.1, 0.05, 0.01]}],
    "PolynomialDecay": [
        {"initial_learning_rate": 0.1, "decay_steps": 12, "end_learning_rate": 0.01, "power": 2.0},
        {"initial_learning_rate": 0.1, "decay_steps": 6, "end_learning_rate": 0.01, "cycle": True},
    ],
}


def names() -> list[str]:
    """Name the optimisers that a person makes by their arguments alone."""
    found = {name: getattr(optimizers, name) for name in optimizers.__all__ if name[0].isupper()}
    return sorted(name for name in found if name not in ("Optimizer", "TorchOptimizer"))


def problem():
    """Weights of several shapes, the place they are drawn to, and the noise on each step's gradient."""
    rng = np.random.default_rng(20)
    shapes = [(4, 3), (3,), (2, 3, 2, 2)]
    weights, goals = ([rng.standard_normal(shape, np.float32) for shape in shapes] for _ in range(2))
    noise = [[rng.standard_normal(shape, np.float32) * 0.3 for shape in shapes] for _ in range(STEPS)]
    return weights, goals, noise


def ours_after_steps(optimizer):
    weights, goals, noise = problem()
    found = [torch.nn.Parameter(torch.from_numpy(weight)) for weight in weights]
    optimizer.build([(f"weight_{number}", weight) for number, weight in enumerate(found)])
    for step in range(STEPS):
        for weight, goal, drawn in zip(found, goals, noise[step], strict=True):
            weight.grad = weight.detach() - torch.from_numpy(goal) + torch.from_numpy(drawn)
        optimizer.step()
    return [weight.detach().numpy() for weight in found]


def theirs_after_steps(optimizer):
    weights, goals, noise = problem()
    found = [keras().Variable(weight, name=f"weight_{number}") for number, weight in enumerate(weights)]
    optimizer.build(found)
    for step in range(STEPS):
        gradients = [
            weight.value - goal + drawn for weight, goal, drawn in zip(found, goals, noise[step], strict=True)
        ]
        optimizer.apply(gradients, found)
    return [np.asarray(weight.value) for weight in found]


def farthest_weights(ours, theirs):
    pairs = zip(ours_after_steps(ours), theirs_after_steps(theirs), strict=True)
    return max(share(one, other) for one, other in pairs)


@pytest.mark.parametrize("name", names())
def test_an_optimizer_walks_as_in_keras(name, note):
    assert name in OWN, f"write a row of options for {name}"
    choices = [*EVERYWHERE, *OWN[name]]
    found = [
        farthest_weights(getattr(optimizers, name)(**options), getattr(keras().optimizers, name)(**options))
        for options in choices
    ]
    failed = [
        (difference, choices[row]) for row, difference in enumerate(found) if not difference <= TOLERANCE
    ]
    assert not failed
    note("optimizers, 20 steps", name, len(choices), max(found))


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_gives_the_rates_of_keras(name, note):
    choices = SCHEDULES[name]
    found = []
    for options in choices:
        ours = getattr(optimizers.schedules, name)(**options)
        theirs = getattr(keras().optimizers.schedules, name)(**options)
        rates = [np.array([float(rate(step)) for step in range(STEPS)]) for rate in (ours, theirs)]
        walked = farthest_weights(optimizers.SGD(ours), keras().optimizers.SGD(theirs))
        found.append(max(share(*rates), walked))
    assert max(found) <= TOLERANCE, found
    note("schedules, 20 steps", name, len(choices), max(found))


def test_every_schedule_is_compared():
    known = {name for name in optimizers.schedules.__all__ if name.endswith(("Decay", "Restarts"))}
    assert known == SCHEDULES.keys()
