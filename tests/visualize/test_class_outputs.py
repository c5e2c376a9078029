"""Inputs for classes, of networks of which it is known what a class looks like."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from striate.core.errors import LabelError, ShapeError
from striate.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input, Rescaling
from striate.models import Sequential
from striate.visualize.base import ImagePanel
from striate.visualize.class_outputs import class_output, find_class_inputs
from tests.visualize.test_maximisation import KERNELS


def pattern_net(activation: str | None = "softmax", sharp: float = 20.0) -> Sequential:
    """Three classes: edges upright, edges level, plain white."""
    model = Sequential(
        [
            Input((12, 12, 1)),
            Rescaling(1 / 255),
            Conv2D(4, 3, activation="relu", name="edges"),
            GlobalAveragePooling2D(),
            Dense(3, activation=activation, name="answer"),
        ]
    )
    model.get_layer("edges").set_weights([KERNELS, np.zeros(4)])
    matrix = np.array([[1, -1, -1], [-1, 1, -1], [0, 0, 0.5], [0, 0, 0]]) * sharp
    model.get_layer("answer").set_weights([matrix, np.array([0, 0, -2.5]) * sharp])
    model.class_names = ["upright", "level", "white"]
    return model


@pytest.mark.parametrize("activation", ["softmax", None])
def test_the_network_takes_each_input_for_its_class_also_when_shifted(activation):
    model = pattern_net(activation)
    found = find_class_inputs(model)
    assert found.images.shape == (3, 12, 12, 1)
    assert found.names == ("upright", "level", "white")
    assert found.images.min() >= 0
    assert found.images.max() <= 255
    answers = pattern_net("softmax").predict(found.images, verbose=0)
    np.testing.assert_allclose(np.diag(answers), found.probabilities, atol=1e-4)
    assert found.probabilities.min() > 0.95
    assert found.shifted.min() > 0.95
    assert np.all(found.shifted <= found.probabilities + 1e-6)
    across, down = (np.abs(np.diff(found.images, axis=axis)).mean(axis=(1, 2, 3)) for axis in (2, 1))
    assert across[0] > down[0]
    assert down[1] > across[1]


def test_what_was_not_found_is_marked_and_counted():
    found = find_class_inputs(pattern_net(), ["upright", "level", "white"], steps=8)
    found.probabilities[:], found.shifted[:] = [0.99, 0.6, 0.97], [0.96, 0.1, 0.2]
    sheet = found.sheet
    assert [panel.mark for panel in sheet.panels] == ["", "wrong", "wrong"]
    assert [panel.note.split("\n")[1:] for panel in sheet.panels] == [
        [],
        ["not found"],
        ["lost when shifted"],
    ]
    assert sheet.caption.endswith(
        "1 of 3 were found and bear the shifts; 1 not found (below 95%); 1 lost when shifted (below 50%)."
    )


def test_shifted_is_the_least_of_all_shifts():
    found = find_class_inputs(pattern_net(), ["upright"], steps=8)
    image = np.pad(found.images[0, :, :, 0], 2, mode="symmetric")
    moved = np.stack([image[a : a + 12, b : b + 12] for a in range(5) for b in range(5)])[..., None]
    wanted = pattern_net().predict(moved, verbose=0)[:, 0].min()
    assert found.shifted[0] == pytest.approx(wanted, rel=1e-3)


def test_a_real_input_is_changed_no_more_than_needed():
    model = pattern_net()
    start = np.full((12, 12), 255, np.uint8)
    found = find_class_inputs(model, ["white", "upright"], start)
    assert found.before[0] > 0.95 > 0.05 > found.before[1]
    assert found.probabilities.min() > 0.95
    assert np.abs(found.images[0] - 255).mean() < 5 < np.abs(found.images[1] - 255).mean()
    assert found.start is not None
    assert found.start.shape == (12, 12, 1)
    sheet = found.sheet
    assert [panel.title for panel in sheet.panels] == ["the real one", "white", "upright"]
    assert sheet.caption.startswith("The first input was changed")


def test_one_unit_stands_for_two_classes():
    model = Sequential([Input((6, 6, 1)), Flatten(), Dense(1, activation="sigmoid", name="answer")])
    model.get_layer("answer").set_weights([np.ones((36, 1)), np.array([-18.0])])
    found = find_class_inputs(model)
    dark, light = found.images.mean(axis=(1, 2, 3))
    assert dark < 0.45
    assert light > 0.55
    answers = model.predict(found.images, verbose=0)[:, 0]
    np.testing.assert_allclose(found.probabilities, [1 - answers[0], answers[1]], atol=1e-4)
    assert found.probabilities.min() > 0.95


def test_classes_are_found_by_number_or_name_and_in_parts():
    model = pattern_net()
    whole = find_class_inputs(model, steps=10, seed=2)
    again = find_class_inputs(model, ["level", 0], steps=10, seed=2, batch_size=1)
    assert again.classes == (1, 0)
    np.testing.assert_allclose(again.images, whole.images[[1, 0]], atol=2)


def test_a_torch_module_names_its_classes_by_number():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 2))
    sheet = class_output(net, size=8, steps=3)
    assert [panel.title for panel in sheet.panels] == ["class 0", "class 1"]
    assert isinstance(sheet.panels[0], ImagePanel)
    assert sheet.panels[0].pixels.shape == (8, 8, 3)
    assert sheet.caption.startswith("Each input was sought from noise")


def test_mistakes_are_said():
    model = pattern_net()
    with pytest.raises(LabelError, match=r"no class called 'white!'.*Did you mean 'white'"):
        class_output(model, "white!")
    with pytest.raises(
        ShapeError, match=r"start is one input of the network, \(12, 12, 1\); got \(2, 12, 12, 1\)"
    ):
        class_output(model, 0, np.zeros((2, 12, 12, 1)))
