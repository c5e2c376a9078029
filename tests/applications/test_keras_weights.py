"""Keras's weights in HDF5, in the layout that its own files have, and what is refused of them."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from striate.applications.keras_weights import read_keras_weights
from striate.applications.pretrained import load_pretrained
from striate.applications.resnet import KERAS, RESNET50, TORCHVISION, Form, resnet_body
from striate.applications.vgg import VGG16_FAMILY, vgg_body, vgg_top
from striate.core.errors import FileFormatError, MissingExtraError, ShapeError
from striate.layers import Dense, GlobalAveragePooling2D, Input
from striate.layers.weights import named_weights, public_array
from striate.models import Model

h5py = pytest.importorskip("h5py")

IMAGES = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)


def resnet(variant=KERAS, classes=5):
    inputs = Input((64, 64, 3))
    outputs = GlobalAveragePooling2D(name="avg_pool")(
        resnet_body(inputs, Form((1, 1, 1, 1), True, variant, 4))
    )
    return Model(inputs, Dense(classes, name="predictions")(outputs), name="resnet")


def vgg(include_top=True):
    inputs = Input((32, 32, 3))
    outputs = vgg_body(inputs, (1, 1, 1, 1, 1), (4, 4, 4, 4, 4))
    return Model(inputs, vgg_top(outputs, 3, None, 8) if include_top else outputs, name="vgg")


def write(model, path, name_of, under="", empty=()):
    """Write a model's weights as Keras's `save_weights` did: attributes with names, a group a layer."""
    layers = {}
    for place, tensor, spec in named_weights(model):
        layer, _, weight = place.rpartition("/")
        layers.setdefault(layer, []).append((name_of(layer, weight), public_array(tensor, spec)))
    with h5py.File(path, "w") as file:
        root = file.create_group(under) if under else file
        root.attrs["layer_names"] = [name.encode() for name in (*empty, *layers)]
        for name in empty:
            root.create_group(name).attrs["weight_names"] = np.array([], "S1")
        for layer, weights in layers.items():
            group = root.create_group(layer)
            group.attrs["weight_names"] = [name.encode() for name, _ in weights]
            for name, array in weights:
                group[name] = array
    return path


def modern(layer, weight):
    return f"{layer}/{weight}:0"


def older(layer, weight):
    return f"{layer}_{'W' if weight == 'kernel' else 'b'}_1:0"


NAMINGS = {"kernel:0": (modern, ""), "W_1:0": (older, ""), "whole model": (modern, "model_weights")}


@pytest.mark.parametrize("row", NAMINGS.values(), ids=NAMINGS)
def test_weights_go_in_layer_by_layer_whatever_they_are_called(tmp_path, row):
    first, second = vgg(), vgg()
    path = write(first, tmp_path / "vgg.h5", *row, empty=("input_1", "block1_pool"))
    load_pretrained(second, path, VGG16_FAMILY)
    images = IMAGES[:, :32, :32]
    np.testing.assert_array_equal(second(images).numpy(), first(images).numpy())
    assert "block1_pool" not in read_keras_weights(path)


def test_batch_normalisation_keeps_its_order(tmp_path):
    first, second = resnet(), resnet()
    generator = np.random.default_rng(1)
    first.set_weights([array + generator.random(array.shape) / 9 for array in first.get_weights()])
    load_pretrained(second, write(first, tmp_path / "resnet.h5", modern), RESNET50)
    np.testing.assert_array_equal(second(IMAGES).numpy(), first(IMAGES).numpy())


def test_without_its_top_a_network_takes_the_weights_of_the_whole(tmp_path):
    whole, rest = vgg(), vgg(include_top=False)
    load_pretrained(rest, write(whole, tmp_path / "vgg.h5", modern), VGG16_FAMILY, include_top=False)
    np.testing.assert_array_equal(rest.get_weights()[-1], whole.get_layer("block5_conv1").get_weights()[-1])


def test_layers_that_are_missing_or_left_over_are_named(tmp_path):
    path = write(vgg(), tmp_path / "vgg.h5", modern)
    words = r"vgg.h5 does not fit resnet: missing conv1_conv, conv1_bn, .*; left over block1_conv1, .*, fc2\."
    with pytest.raises(FileFormatError, match=words):
        load_pretrained(resnet(), path, RESNET50)


def test_the_other_form_of_resnet50_is_told_apart(tmp_path):
    path = write(resnet(), tmp_path / "resnet.h5", modern)
    words = r"layer 'conv1_conv' has 1 weights here but 2 in the file\. A ResNet50 of Keras has biases"
    with pytest.raises(FileFormatError, match=words):
        load_pretrained(resnet(TORCHVISION), path, RESNET50)


def test_another_number_of_classes_is_a_matter_of_shape(tmp_path):
    path = write(resnet(classes=7), tmp_path / "resnet.h5", modern)
    with pytest.raises(ShapeError, match=r"predictions/kernel has \(128, 7\) where \(128, 5\) is wanted"):
        load_pretrained(resnet(), path, RESNET50)


def test_links_to_elsewhere_are_not_followed(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["kernel"] = np.ones((3, 3, 3, 4), np.float32)
    for number, link in enumerate((h5py.ExternalLink(str(secret), "kernel"), h5py.SoftLink("/elsewhere"))):
        path = tmp_path / f"link{number}.h5"
        with h5py.File(path, "w") as file:
            file.attrs["layer_names"] = [b"conv"]
            group = file.create_group("conv")
            group.attrs["weight_names"] = [b"kernel:0"]
            group["kernel:0"] = link
            file["elsewhere"] = np.ones(3, np.float32)
        with pytest.raises(
            FileFormatError, match="'kernel:0' is a link to somewhere else, which is not followed"
        ):
            read_keras_weights(path)


def refused(tmp_path, name, make):
    path = tmp_path / f"{name}.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"conv"]
        group = file.create_group("conv")
        group.attrs["weight_names"] = [b"kernel:0"]
        make(group)
    return path


def test_arrays_whose_bytes_lie_in_other_files_are_refused(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(16))

    def external(group):
        group.create_dataset("kernel:0", (4,), "f4", external=[(str(tmp_path / "secret"), 0, 16)])

    def virtual(group):
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (4,))
        group.create_virtual_dataset("kernel:0", layout)

    for name, make in (("external", external), ("virtual", virtual)):
        with pytest.raises(FileFormatError, match=r"'kernel:0' holds no numbers of its own"):
            read_keras_weights(refused(tmp_path, name, make))


def test_arrays_that_are_no_weights_are_refused(tmp_path):
    def whole(group):
        group["kernel:0"] = np.ones(3, np.int32)

    def huge(group):
        group.create_dataset("kernel:0", (2**31,), "f4", chunks=(1024,))

    with pytest.raises(FileFormatError, match=r"'kernel:0' holds 3 values of int32, no weights"):
        read_keras_weights(refused(tmp_path, "whole", whole))
    with pytest.raises(
        FileFormatError, match=r"'kernel:0' holds 2,147,483,648 values of float32, no weights"
    ):
        read_keras_weights(refused(tmp_path, "huge", huge))


def test_files_of_another_layout_say_what_to_do(tmp_path):
    with h5py.File(tmp_path / "new.weights.h5", "w") as file:
        file["layers/conv2d/vars/0"] = np.ones(3, np.float32)
    with pytest.raises(FileFormatError, match=r"no list of layers \(layer_names\).*model\.save\('x\.h5'\)"):
        read_keras_weights(tmp_path / "new.weights.h5")


def test_a_damaged_file_is_damaged(tmp_path):
    path = write(vgg(), tmp_path / "vgg.h5", modern)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(FileFormatError, match=r"vgg\.h5 is damaged: "):
        read_keras_weights(path)


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(
        MissingExtraError, match=r"weights of Keras need the h5py package: .*striate\[keras\]"
    ):
        read_keras_weights(tmp_path / "vgg.h5")
