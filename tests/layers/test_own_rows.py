"""What layers draw for an example does not depend on which parts its batch is cut into."""

import pytest
import torch

from striate import layers
from striate.core.position import Position, at

LAYERS = [
    lambda: layers.Dropout(0.3),
    lambda: layers.Dropout(0.4, seed=3),
    lambda: layers.Dropout(0.3, noise_shape=(1, None, 1, None)),
    lambda: layers.Dropout(0.3, noise_shape=(9, None, 1, None)),
    lambda: layers.AlphaDropout(0.2),
    lambda: layers.SpatialDropout2D(0.4),
    lambda: layers.GaussianNoise(0.5),
    lambda: layers.GaussianDropout(0.3),
    lambda: layers.RandomFlip(seed=1),
    lambda: layers.RandomBrightness(0.3, value_range=(0, 1)),
]


def outputs(layer, inputs, cuts):
    """Run the parts one after another, each from the same state of all generators, and where that ends."""
    found = []
    for begin, end in cuts:
        torch.manual_seed(3)
        layer._generator = None
        with at(Position(step=0, batch=len(inputs), first=begin, rows=end - begin)):
            found.append(layer(inputs[begin:end]))
    return torch.cat(found), torch.get_rng_state()


@pytest.mark.parametrize("make", LAYERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_parts_of_a_batch_get_what_the_whole_gets(make, dtype):
    layer = make()
    layer.dtype = dtype
    layer.train(True)
    inputs = torch.rand(9, 6, 5, 3, dtype=dtype)
    whole, state = outputs(layer, inputs, [(0, 9)])
    parts, after = outputs(layer, inputs, [(0, 4), (4, 8), (8, 9)])
    assert torch.equal(whole, parts)
    assert torch.equal(state, after)
    assert not torch.equal(whole, inputs)


def test_examples_folded_into_the_first_axis_keep_their_own():
    layer = layers.Dropout(0.5)
    layer.train(True)
    inputs = torch.ones(8, 5)
    torch.manual_seed(1)
    with at(Position(step=0, batch=4, first=0, rows=4)):
        whole = layer(inputs)
    torch.manual_seed(1)
    with at(Position(step=0, batch=4, first=3, rows=1)):
        last = layer(inputs[6:])
    assert torch.equal(last, whole[6:])
