"""What all layers of random changes share: modes, dtypes, seeds, forms of input, files, errors."""

import numpy as np
import pytest
import torch

from striate import layers, models
from striate.core.errors import ArgumentError, ShapeError, StateError
from striate.core.runtime import set_random_seed


def draw(count=6, dtype="float32", shape=(8, 7, 3)):
    return np.random.default_rng(0).uniform(0, 255, (count, *shape)).astype(dtype)


@pytest.mark.parametrize("given", ["uint8", "float32", "float64", "int64"])
@pytest.mark.parametrize("training", [True, False])
def test_bytes_stay_bytes_and_other_numbers_become_the_layers(given, training):
    wanted = torch.uint8 if given == "uint8" else torch.float32
    found = layers.RandomRotation(0.2)(draw(dtype=given), training=training)
    assert found.dtype == wanted
    assert layers.RandomRotation(0.2, dtype="float64")(draw(), training=training).dtype == torch.float64


def test_images_are_handed_on_outside_training():
    images = draw()
    for layer in (layers.RandomFlip(), layers.RandomErasing(), layers.RandomGrayscale(1.0), layers.MixUp()):
        assert torch.equal(layer(images), torch.from_numpy(images))


def test_each_image_has_its_own_change():
    same = draw(1).repeat(16, 0)
    found = layers.RandomTranslation(0.3, 0.3)(same, training=True).numpy()
    assert len(np.unique(found.reshape(16, -1), axis=0)) == 16


def test_a_seed_fixes_the_changes_call_by_call():
    one, other = layers.RandomRotation(0.2, seed=4), layers.RandomRotation(0.2, seed=4)
    first = one(draw(), training=True)
    assert torch.equal(other(draw(), training=True), first)
    assert not torch.equal(one(draw(), training=True), first)


def test_without_a_seed_the_runs_seed_decides():
    layer = layers.RandomRotation(0.2)
    set_random_seed(5)
    first = layer(draw(), training=True)
    second = layer(draw(), training=True)
    set_random_seed(5)
    assert torch.equal(layer(draw(), training=True), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("training", [True, False])
def test_a_single_image_needs_no_batch(training):
    layer = layers.RandomCrop(4, 5, seed=1)
    assert layer(draw()[0], training=training).shape == (4, 5, 3)
    assert layer.compute_output_shape((8, 7, 3)) == (4, 5, 3)


def test_channels_first_is_the_same_change_turned():
    images = draw()
    last = layers.RandomRotation(0.2, seed=2)(images, training=True)
    first = layers.RandomRotation(0.2, seed=2, data_format="channels_first")(
        np.moveaxis(images, -1, 1), training=True
    )
    assert torch.equal(first.movedim(1, -1), last)


def test_a_dict_of_images_and_labels_comes_back_as_one():
    layer, labels = layers.RandomCrop(4, 4), np.arange(6)
    found = layer({"images": draw(), "labels": labels}, training=True)
    assert found["images"].shape == (6, 4, 4, 3)
    assert found["labels"].tolist() == labels.tolist()
    shapes = layer.compute_output_shape({"images": (None, 8, 7, 3), "labels": (None,)})
    assert shapes == {"images": (None, 4, 4, 3), "labels": (None,)}


@pytest.mark.parametrize("parts", [{"images": draw(), "boxes": draw()}, {"labels": draw()}])
def test_other_parts_of_a_dict_are_refused(parts):
    with pytest.raises(ArgumentError, match=r"takes images, or a dict of 'images' and 'labels'; got "):
        layers.RandomFlip()(parts)


def test_what_is_no_image_is_refused():
    with pytest.raises(ShapeError, match=r"takes images of 4 axes .*for a single one; got \(6, 7\)"):
        layers.RandomFlip()(np.zeros((6, 7)))
    with pytest.raises(ShapeError, match=r"takes images of 4 axes .* got \(None, 7\)"):
        layers.RandomFlip()(layers.Input((7,)))


def test_no_gradient_is_lost_in_silence():
    images = torch.zeros(2, 8, 8, 3, requires_grad=True)
    layer = layers.RandomFlip(name="flip")
    with pytest.raises(StateError, match=r"'flip' .*hands no gradient back, so in training it stands before"):
        layer(images, training=True)
    assert layer(images).requires_grad
    with torch.no_grad():
        assert layer(images, training=True).shape == images.shape


def test_sixteen_bit_numbers_come_and_go():
    with torch.autocast("cpu", torch.bfloat16):
        found = layers.RandomRotation(0.1)(torch.ones(2, 4, 4, 1, dtype=torch.bfloat16), training=True)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found, torch.ones_like(found))


def test_an_empty_batch_stays_empty_in_training():
    assert layers.RandomCrop(4, 4)(draw(0), training=True).shape == (0, 4, 4, 3)


def test_a_model_learns_behind_them_and_is_saved_with_them(tmp_path):
    model = models.Sequential(
        [
            layers.Input((8, 7, 3)),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomContrast(0.2),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    model.compile("sgd", "mse")
    model.fit(draw(), np.zeros((6, 2)), epochs=2, verbose=0)
    model.save(tmp_path / "model.striate")
    again = models.load_model(tmp_path / "model.striate")
    assert torch.equal(again(draw()), model(draw()))
    assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in model.layers]


def test_they_stand_in_functional_models():
    inputs = layers.Input((None, None, 3))
    outputs = layers.RandomCrop(4, 4)(layers.RandomZoom(0.2)(inputs))
    assert outputs.shape == (None, 4, 4, 3)
    model = models.Model(inputs, outputs)
    assert model(draw(), training=True).shape == model(draw()).shape == (6, 4, 4, 3)
