"""VGG16 and VGG19: sizes, names, weights from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.applications import VGG16, VGG19
from striate.applications.foreign_weights import slots_by_name, vgg_in_torchvision
from striate.core.errors import ArgumentError, FileFormatError, ShapeError
from striate.layers import Input, Rescaling
from striate.models import Model

COUNTS = {VGG16: (138_357_544, 14_714_688), VGG19: (143_667_240, 20_024_384)}
BLOCKS = {VGG16: (2, 2, 3, 3, 3), VGG19: (2, 2, 4, 4, 4)}
BOTH = pytest.mark.parametrize("vgg", COUNTS, ids=lambda vgg: vgg.__name__)


def names_by_block(blocks: tuple[int, ...]) -> list[str]:
    names = []
    for block, count in enumerate(blocks, start=1):
        names += [f"block{block}_conv{number}" for number in range(1, count + 1)] + [f"block{block}_pool"]
    return names


# The whole networks are half a gigabyte each, so all that is asked of them is asked at once.
@BOTH
def test_the_whole_network_has_its_parameters_names_and_shapes(vgg):
    model = vgg()
    assert model.count_params() == COUNTS[vgg][0]
    names = [layer.name for layer in model.layers[1:]]
    assert names == [*names_by_block(BLOCKS[vgg]), "flatten", "fc1", "fc2", "predictions"]
    assert model.name == vgg.__name__.lower()
    check_torchvisions_names(model, BLOCKS[vgg])
    assert (model.input.shape, model.output.shape) == ((None, 224, 224, 3), (None, 1000))


def check_torchvisions_names(model, blocks):
    """What is looked for in torchvision's file, written out: activations and poolings count, too."""
    wanted, place, channels = {}, 0, 3
    for filters, count in zip((64, 128, 256, 512, 512), blocks, strict=True):
        for _ in range(count):
            wanted[f"features.{place}.weight"] = (filters, channels, 3, 3)
            wanted[f"features.{place}.bias"] = (filters,)
            place, channels = place + 2, filters
        place += 1
    for number, shape in ((0, (4096, 25088)), (3, (4096, 4096)), (6, (1000, 4096))):
        wanted |= {f"classifier.{number}.weight": shape, f"classifier.{number}.bias": shape[:1]}
    slots = slots_by_name(model, vgg_in_torchvision(model)).values()
    assert {slot.key: slot.accepts[0] for slot in slots} == wanted


@BOTH
def test_without_the_top_it_has_its_parameters_and_takes_any_size(vgg):
    model = vgg(include_top=False)
    assert model.count_params() == COUNTS[vgg][1]
    assert [layer.name for layer in model.layers[1:]] == names_by_block(BLOCKS[vgg])
    assert model(np.zeros((1, 32, 64, 3), np.float32)).shape == (1, 1, 2, 512)


def test_pooling_gives_one_value_a_feature_map():
    image = np.random.default_rng(0).random((1, 64, 64, 3), dtype=np.float32)
    maps = VGG16(include_top=False)
    found = {}
    for pooling in ("avg", "max"):
        model = VGG16(include_top=False, pooling=pooling)
        model.set_weights(maps.get_weights())
        found[pooling] = model(image).numpy()
    grid = maps(image).numpy()
    np.testing.assert_allclose(found["avg"], grid.mean(axis=(1, 2)), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found["max"], grid.max(axis=(1, 2)), rtol=1e-4, atol=1e-7)


def test_weights_come_from_a_file(tmp_path):
    first = VGG16(include_top=False)
    first.save_weights(tmp_path / "vgg16.striate")
    image = np.random.default_rng(0).random((1, 32, 32, 3), dtype=np.float32)
    for path in (tmp_path / "vgg16.striate", str(tmp_path / "vgg16.striate")):
        second = VGG16(include_top=False, weights=path)
        np.testing.assert_array_equal(second(image).numpy(), first(image).numpy())
    with pytest.raises(FileFormatError, match="the weights do not belong to this network: missing"):
        VGG19(include_top=False, weights=Path(tmp_path / "vgg16.striate"))


def test_a_network_can_begin_at_a_tensor_that_is_there_already():
    inputs = Input((32, 32, 3))
    inner = VGG16(include_top=False, input_tensor=Rescaling(1 / 255)(inputs))
    whole = Model(inputs, inner.output)
    image = np.full((1, 32, 32, 3), 51.0, np.float32)
    np.testing.assert_allclose(whole(image).numpy(), inner(image / 255).numpy(), rtol=1e-3, atol=1e-7)


def test_weights_that_are_no_file_are_refused_with_what_is_possible():
    with pytest.raises(ArgumentError, match=r"weights=None for .*'imagenet', or the path of a file .*got 7"):
        VGG16(include_top=False, weights=7)


def test_a_missing_file_of_weights_is_named():
    with pytest.raises(OSError, match=r"there is no weights file nowhere\.striate"):
        VGG16(include_top=False, weights="nowhere.striate")


def test_arguments_that_contradict_each_other_are_refused():
    with pytest.raises(
        ArgumentError, match="vgg16: pooling='avg' takes the place of the top; it needs include_top=False"
    ):
        VGG16(input_shape=(32, 32, 3), pooling="avg")
    with pytest.raises(ArgumentError, match="pooling must be one of 'avg', 'max'; got 'sum'"):
        VGG16(include_top=False, pooling="sum")
    with pytest.raises(ArgumentError, match=r"takes either input_shape, or what .* input_tensor; got"):
        VGG16(include_top=False, input_tensor=Input((32, 32, 3)), input_shape=(32, 32, 3))
    with pytest.raises(ArgumentError, match="vgg16 takes classes as a whole number, at least 1; got 0"):
        VGG16(input_shape=(32, 32, 3), classes=0)


def test_images_too_small_for_five_poolings_are_refused():
    with pytest.raises(ShapeError, match=r"vgg19 needs at least 32 pixels a side; got \(31, 32, 3\)"):
        VGG19(include_top=False, input_shape=(31, 32, 3))
    with pytest.raises(ShapeError, match=r"vgg16 takes the shape of one example, .*; got \(None, None, 3\)"):
        VGG16(input_shape=(None, None, 3))
