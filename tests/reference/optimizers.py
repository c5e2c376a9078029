"""Update rules in plain NumPy: one parameter, a list of gradients, formulas as published."""

from __future__ import annotations

import numpy as np


def clipped(gradients, clipnorm=None, clipvalue=None, global_clipnorm=None):
    """Clip the gradients of one step, a list with one array a parameter."""
    if clipnorm is not None:
        return [g * min(1.0, clipnorm / max(np.sqrt((g * g).sum()), 1e-300)) for g in gradients]
    if global_clipnorm is not None:
        norm = np.sqrt(sum((g * g).sum() for g in gradients))
        return [g * min(1.0, global_clipnorm / max(norm, 1e-300)) for g in gradients]
    if clipvalue is not None:
        return [np.clip(g, -clipvalue, clipvalue) for g in gradients]
    return list(gradients)


def sgd(w, gradients, rate=0.01, momentum=0.0, nesterov=False):
    v = np.zeros_like(w)
    for g in gradients:
        v = momentum * v - rate * g
        w = w + (momentum * v - rate * g if nesterov else v)
    return w


def rmsprop(w, gradients, rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False):
    square, mean, v = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)
    for g in gradients:
        square = rho * square + (1 - rho) * g**2
        mean = rho * mean + (1 - rho) * g
        under = square - mean**2 + epsilon if centered else square + epsilon
        v = momentum * v + rate * g / np.sqrt(under)
        w = w - v
    return w


def adam(w, gradients, rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False):
    m, v, largest = np.zeros_like(w), np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        alpha = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        m = m + (g - m) * (1 - beta_1)
        v = v + (g**2 - v) * (1 - beta_2)
        largest = np.maximum(largest, v)
        w = w - alpha * m / (np.sqrt(largest if amsgrad else v) + epsilon)
    return w


def adamw(w, gradients, rate=0.001, weight_decay=0.004, **options):
    moved = w
    for count in range(1, len(gradients) + 1):
        # Adam's own step does not look at the weight, so it can be taken off a zero start.
        before = adam(np.zeros_like(w), gradients[: count - 1], rate, **options)
        step = adam(np.zeros_like(w), gradients[:count], rate, **options) - before
        moved = moved * (1 - rate * weight_decay) + step
    return moved


def adamax(w, gradients, rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, u = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m = m + (g - m) * (1 - beta_1)
        u = np.maximum(beta_2 * u, np.abs(g))
        w = w - rate * m / ((1 - beta_1**t) * (u + epsilon))
    return w


def nadam(w, gradients, rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, v, product = np.zeros_like(w), np.zeros_like(w), 1.0
    for t, g in enumerate(gradients, 1):
        now = beta_1 * (1 - 0.5 * 0.96**t)
        following = beta_1 * (1 - 0.5 * 0.96 ** (t + 1))
        product = product * now
        m = m + (g - m) * (1 - beta_1)
        v = v + (g**2 - v) * (1 - beta_2)
        m_hat = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
        w = w - rate * m_hat / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    return w


def adagrad(w, gradients, rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7):
    total = np.full_like(w, initial_accumulator_value)
    for g in gradients:
        total = total + g**2
        w = w - rate * g / np.sqrt(total + epsilon)
    return w


def adadelta(w, gradients, rate=0.001, rho=0.95, epsilon=1e-7):
    squares, moves = np.zeros_like(w), np.zeros_like(w)
    for g in gradients:
        squares = rho * squares + (1 - rho) * g**2
        change = -np.sqrt(moves + epsilon) / np.sqrt(squares + epsilon) * g
        moves = rho * moves + (1 - rho) * change**2
        w = w + rate * change
    return w


def lion(w, gradients, rate=0.001, beta_1=0.9, beta_2=0.99):
    m = np.zeros_like(w)
    for g in gradients:
        w = w - rate * np.sign(beta_1 * m + (1 - beta_1) * g)
        m = beta_2 * m + (1 - beta_2) * g
    return w


def lamb(w, gradients, rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t, g in enumerate(gradients, 1):
        m = m + (g - m) * (1 - beta_1)
        v = v + (g**2 - v) * (1 - beta_2)
        update = (m / (1 - beta_1**t)) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
        size, length = np.linalg.norm(w), np.linalg.norm(update)
        w = w - rate * (size / length if size > 0 and length > 0 else 1.0) * update
    return w


def ftrl(
    w,
    gradients,
    rate=0.001,
    learning_rate_power=-0.5,
    initial_accumulator_value=0.1,
    l1_regularization_strength=0.0,
    l2_regularization_strength=0.0,
    l2_shrinkage_regularization_strength=0.0,
    beta=0.0,
):
    total, linear = np.full_like(w, initial_accumulator_value), np.zeros_like(w)
    l2 = l2_regularization_strength + beta / (2 * rate)
    for g in gradients:
        grown = total + g**2
        sigma = (grown**-learning_rate_power - total**-learning_rate_power) / rate
        linear = linear + g + 2 * l2_shrinkage_regularization_strength * w - sigma * w
        quadratic = grown**-learning_rate_power / rate + 2 * l2
        limited = np.clip(linear, -l1_regularization_strength, l1_regularization_strength)
        w = (limited - linear) / quadratic
        total = grown
    return w
