"""Attribution methods as plain loops, and small networks whose answers can be worked out by hand."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from striate.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input
from striate.models import Sequential


def linear_net(kernel, shape=(2, 2, 1), activation=None):
    """Scores are the flat input times the kernel (values, classes)."""
    kernel = np.asarray(kernel, np.float32)
    model = Sequential([Input(shape), Flatten(), Dense(kernel.shape[1], activation=activation)])
    model.set_weights([kernel, np.zeros(kernel.shape[1], np.float32)])
    return model


def two_rectifiers(activation="relu"):
    """A signal of two steps: score 2 * relu(x0 - x1) - relu(x1 - 3), and its negative as class 0."""
    model = Sequential([Input((2, 1)), Flatten(), Dense(2, activation=activation), Dense(1)])
    first = np.array([[1, 0], [-1, 1]], np.float32)
    model.set_weights([first, np.array([0, -3], np.float32), np.array([[2], [-1]], np.float32), np.zeros(1)])
    return model


class TwoRectifiers(nn.Module):
    """The same as `two_rectifiers`, written as people write torch modules; `how` calls the ReLU."""

    def __init__(self, how):
        super().__init__()
        self.how = how
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 1)
        self.module = nn.ReLU(inplace=True)
        with torch.no_grad():
            self.first.weight.copy_(torch.tensor([[1.0, -1.0], [0.0, 1.0]]))
            self.first.bias.copy_(torch.tensor([0.0, -3.0]))
            self.second.weight.copy_(torch.tensor([[2.0, -1.0]]))
            self.second.bias.zero_()

    def forward(self, x):
        hidden = self.first(x.flatten(1))
        if self.how == "function":
            hidden = F.relu(hidden)
        elif self.how == "function in place":
            F.relu(hidden, inplace=True)
        elif self.how == "method in place":
            hidden.relu_()
        else:
            hidden = self.module(hidden)
        return self.second(hidden)


def averaged_maps():
    """Maps x and 2x, averaged; class 0 scores mean(x) - 2 mean(x), class 1 scores 4 * 2 mean(x)."""
    model = Sequential([Input((2, 2, 1)), Conv2D(2, 1), GlobalAveragePooling2D(), Dense(2)])
    kernel = np.array([1, 2], np.float32).reshape(1, 1, 1, 2)
    model.set_weights([kernel, np.zeros(2), np.array([[1, 0], [-1, 4]], np.float32), np.zeros(2)])
    return model


class SmallImageNet(nn.Module):
    """A torch network for images (3 classes, 3 channels first), its rectifiers as modules."""

    def __init__(self, inplace=False):
        super().__init__()
        self.conv1, self.relu1 = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace)
        self.pool = nn.MaxPool2d(2)
        self.conv2, self.relu2 = nn.Conv2d(6, 8, 3), nn.ReLU(inplace)
        self.dense = nn.Linear(8 * 3 * 2, 3)

    def forward(self, x):
        x = self.pool(self.relu1(self.conv1(x)))
        return self.dense(self.relu2(self.conv2(x)).flatten(1))


class SmallSignalNet(nn.Module):
    """A torch network for signals of 24 steps (2 channels first), 3 classes."""

    def __init__(self):
        super().__init__()
        self.conv1, self.relu1 = nn.Conv1d(2, 5, 3), nn.ReLU()
        self.pool = nn.MaxPool1d(2)
        self.conv2, self.relu2 = nn.Conv1d(5, 7, 3, padding=1), nn.ReLU()
        self.dense = nn.Linear(7, 3)

    def forward(self, x):
        x = self.pool(self.relu1(self.conv1(x)))
        return self.dense(self.relu2(self.conv2(x)).mean(-1))


def occluded(score, x, window, stride, fill):
    """The mean fall of `score(x)` over all windows that cover a place; x is (height, width, channels)."""
    height, width, _ = x.shape
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for top in range(0, height - window + stride, stride):
        for left in range(0, width - window + stride, stride):
            covered = x.copy()
            covered[top : top + window, left : left + window] = fill
            fall = score(x) - score(covered)
            total[top : top + window, left : left + window] += fall
            count[top : top + window, left : left + window] += 1
    return total / count


def grad_cam_plus_plus(maps, gradient):
    """Equation 19 of the paper, place by place, for one example (*axes, channels)."""
    flat_maps, flat = maps.reshape(-1, maps.shape[-1]), gradient.reshape(-1, maps.shape[-1])
    weights = np.zeros(maps.shape[-1])
    for channel in range(maps.shape[-1]):
        for place in range(len(flat)):
            slope = flat[place, channel]
            below = 2 * slope**2 + flat_maps[:, channel].sum() * slope**3
            if below != 0:
                weights[channel] += slope**2 / below * max(slope, 0)
    return (maps * weights).sum(-1)
