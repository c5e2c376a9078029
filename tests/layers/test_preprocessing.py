"""Layers that turn raw values into what a network learns from."""

import json

import numpy as np
import pytest
import torch

from striate.layers import Rescaling


def test_bytes_become_fractions():
    outputs = Rescaling(1 / 255)(np.array([[0, 51, 255]], np.uint8))
    np.testing.assert_allclose(outputs, [[0, 0.2, 1]], rtol=1e-6)


def test_the_offset_comes_after_the_scale():
    assert Rescaling(2.0, offset=-1.0)(np.array([0.0, 0.5, 1.0])).tolist() == [-1, 0, 1]


def test_each_channel_may_have_its_own_numbers():
    outputs = Rescaling([1, 2, 3], offset=np.array([0.0, 10, 0]))(np.ones((1, 2, 2, 3)))
    assert outputs[0, 1, 1].tolist() == [1, 12, 3]


@pytest.mark.parametrize("scale", [0.5, np.float32(0.5), [0.5, 0.25], np.array([0.5, 0.25]), (0.5, 0.25)])
def test_its_config_can_be_written_however_the_numbers_came(scale):
    layer = Rescaling(scale)
    again = Rescaling.from_config(json.loads(json.dumps(layer.get_config())))
    assert torch.equal(again(np.ones((1, 2))), layer(np.ones((1, 2))))
