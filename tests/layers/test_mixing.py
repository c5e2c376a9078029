"""Layers that mix examples of a batch, and their labels in the same proportion."""

import numpy as np
import pytest
import torch

from striate import layers
from striate.core.errors import LabelError


def batch(count=8):
    """Images whose level is their number, with one class each."""
    images = np.arange(count, dtype=np.float32)[:, None, None, None] * np.ones((1, 10, 10, 3), np.float32)
    return {"images": images, "labels": np.eye(count, dtype=np.float32)}


@pytest.mark.parametrize(
    "layer", [layers.MixUp(1.0), layers.CutMix()], ids=lambda layer: type(layer).__name__
)
def test_labels_are_mixed_as_the_images_are(layer):
    found = layer(batch(), training=True)
    rows = found["labels"].numpy()
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-5)
    assert ((rows > 0).sum(1) <= 2).all()
    # The level is the class's number, so an image's mean is what its labels say.
    np.testing.assert_allclose(found["images"].numpy().mean((1, 2, 3)), rows @ np.arange(8), atol=1e-4)
    assert not np.allclose(rows, np.eye(8))


def test_cut_out_rectangles_hold_two_levels_only():
    found = layers.CutMix()(batch(), training=True)["images"]
    assert all(len(np.unique(image)) <= 2 for image in found.numpy())


def test_channels_first_images_are_mixed_in_place_not_in_depth():
    parts = batch()
    turned = {"images": np.moveaxis(parts["images"], -1, 1), "labels": parts["labels"]}
    last = layers.CutMix(seed=1)(parts, training=True)
    first = layers.CutMix(seed=1, data_format="channels_first")(turned, training=True)
    assert torch.equal(first["images"].movedim(1, -1), last["images"])
    assert torch.equal(first["labels"], last["labels"])


def test_images_alone_are_mixed_too_and_nothing_happens_outside_training():
    images = batch()["images"]
    assert not torch.equal(layers.MixUp(1.0)(images, training=True), torch.from_numpy(images))
    found = layers.MixUp()(batch())
    assert torch.equal(found["images"], torch.from_numpy(images))
    assert torch.equal(found["labels"], torch.eye(8))


@pytest.mark.parametrize("labels", [np.arange(8), np.eye(4)])
def test_labels_that_are_no_rows_are_refused(labels):
    with pytest.raises(LabelError, match=r"each is a row with one number a class, .*to_categorical"):
        layers.MixUp()({"images": batch()["images"], "labels": labels}, training=True)
