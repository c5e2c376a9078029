"""Weights of torchvision, timm and Keras in our layers: the same answers as the networks they come from.

The files are drawn here, in the names and shapes that those libraries have; narrow, so that they are small.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from striate.applications.efficientnet import LITE0, lite_body
from striate.applications.foreign_weights import lite_in_port, lite_in_timm
from striate.applications.pretrained import load_pretrained
from striate.applications.resnet import KERAS, RESNET18, RESNET50, TORCHVISION, Form, resnet_body
from striate.applications.vgg import VGG16_FAMILY, vgg_body, vgg_top
from striate.core.errors import FileFormatError, ShapeError
from striate.layers import Dense, GlobalAveragePooling2D, Input
from striate.models import Model
from tests.reference.imagenet_networks import TorchResNet, TorchVGG, lite0, lite_state, spread

BLOCKS, FILTERS, UNITS, CLASSES = (2, 2, 3, 3, 3), (4, 6, 8, 10, 12), 16, 5
IMAGES = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)


def vgg():
    inputs = Input((64, 64, 3))
    return Model(inputs, vgg_top(vgg_body(inputs, BLOCKS, FILTERS), CLASSES, None, UNITS), name="vgg")


def resnet(form):
    inputs = Input((64, 64, 3))
    outputs = GlobalAveragePooling2D()(resnet_body(inputs, form))
    return Model(inputs, Dense(CLASSES, name="predictions")(outputs), name="resnet")


def lite(include_top=True):
    inputs = Input((64, 64, 3))
    outputs = GlobalAveragePooling2D()(lite_body(inputs, 0.25))
    outputs = Dense(CLASSES, name="predictions")(outputs) if include_top else outputs
    return Model(inputs, outputs, name="lite")


def torch_vgg():
    return spread(TorchVGG(BLOCKS, FILTERS, UNITS, CLASSES, maps=2))


def answers_of(network):
    with torch.no_grad():
        return network(torch.from_numpy(IMAGES).permute(0, 3, 1, 2)).numpy()


def saved(state, tmp_path, suffix=".pth"):
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        save_file({key: tensor.contiguous() for key, tensor in state.items()}, path)
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_torchvisions_vgg_answers_the_same_here(tmp_path, suffix):
    reference = torch_vgg()
    state = reference.state_dict()
    numbers = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    assert list(state)[::2] == [
        *(f"features.{number}.weight" for number in numbers),
        *(f"classifier.{number}.weight" for number in (0, 3, 6)),
    ]
    model = vgg()
    load_pretrained(model, saved(state, tmp_path, suffix), VGG16_FAMILY)
    np.testing.assert_allclose(model(IMAGES).numpy(), answers_of(reference), rtol=1e-5, atol=1e-5)


def timm_vgg(state):
    """The same weights as timm has them: dense layers as convolutions over the whole map."""
    turned = {key: tensor for key, tensor in state.items() if key.startswith("features.")}
    names = {"classifier.0": "pre_logits.fc1", "classifier.3": "pre_logits.fc2", "classifier.6": "head.fc"}
    for old, new in names.items():
        weight = state[f"{old}.weight"]
        if "pre" in new:
            weight = (
                weight.reshape(UNITS, FILTERS[-1], 2, 2) if old.endswith("0") else weight[..., None, None]
            )
        turned |= {f"{new}.weight": weight, f"{new}.bias": state[f"{old}.bias"]}
    return turned


def test_timms_vgg_answers_the_same_here(tmp_path):
    reference = torch_vgg()
    model = vgg()
    load_pretrained(model, saved(timm_vgg(reference.state_dict()), tmp_path), VGG16_FAMILY)
    np.testing.assert_allclose(model(IMAGES).numpy(), answers_of(reference), rtol=1e-5, atol=1e-5)


RESNETS = {
    "resnet18": ((2, 2, 2, 2), False, TORCHVISION, {}, RESNET18),
    "resnet50": ((3, 4, 6, 3), True, TORCHVISION, {}, RESNET50),
    "resnet50 of Keras": (
        (3, 4, 6, 3),
        True,
        KERAS,
        {"early": True, "bias": True, "epsilon": 1.001e-5},
        RESNET50,
    ),
}


@pytest.mark.parametrize("row", RESNETS.values(), ids=RESNETS)
def test_a_resnet_answers_as_its_own_library_does(tmp_path, row):
    blocks, bottleneck, variant, options, family = row
    reference = spread(TorchResNet(blocks, bottleneck, width=4, classes=CLASSES, **options))
    model = resnet(Form(blocks, bottleneck, variant, width=4))
    load_pretrained(model, saved(reference.state_dict(), tmp_path), family)
    np.testing.assert_allclose(model(IMAGES).numpy(), answers_of(reference), rtol=1e-4, atol=1e-5)


def timm_lite(state):
    """The same weights under timm's names, written out block by block."""
    stages = (1, 2, 2, 3, 3, 4, 1)
    places = [(stage, number) for stage, count in enumerate(stages) for number in range(count)]
    ends = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
    first = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    rest = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
    rest |= {"_project_conv": "conv_pwl", "_bn2": "bn3"}
    renamed = {}
    for key, tensor in state.items():
        parts = key.split(".")
        if parts[0] == "_blocks":
            stage, number = places[int(parts[1])]
            names = first if stage == 0 else rest
            renamed[f"blocks.{stage}.{number}.{names[parts[2]]}.{parts[3]}"] = tensor
        else:
            renamed[f"{(ends | {'_fc': 'classifier'})[parts[0]]}.{parts[1]}"] = tensor
    return renamed


@pytest.mark.parametrize("naming", [dict, timm_lite], ids=["port", "timm"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_efficientnet_lite_answers_the_same_by_either_name(tmp_path, naming, suffix):
    state = lite_state(torch.Generator().manual_seed(0), width=0.25, classes=CLASSES)
    model = lite()
    load_pretrained(model, saved(naming(state), tmp_path, suffix), LITE0)
    wanted = answers_of(lambda images: lite0(state, images))
    np.testing.assert_allclose(model(IMAGES).numpy(), wanted, rtol=1e-4, atol=1e-5)


def test_without_its_top_a_network_takes_the_weights_of_the_whole(tmp_path):
    state = lite_state(torch.Generator().manual_seed(0), width=0.25, classes=CLASSES)
    whole, rest = lite(), lite(include_top=False)
    path = saved(state, tmp_path)
    load_pretrained(whole, path, LITE0)
    load_pretrained(rest, path, LITE0, include_top=False)
    middle = Model(whole.input, whole.layers[-2].output)
    np.testing.assert_array_equal(rest(IMAGES).numpy(), middle(IMAGES).numpy())


def test_names_count_from_the_first_block_on():
    model = lite()
    port, timm = lite_in_port(model), lite_in_timm(model)
    assert (port["block1a_dwconv"], timm["block1a_dwconv"]) == (
        "_blocks.0._depthwise_conv",
        "blocks.0.0.conv_dw",
    )
    assert (port["block7a_project_bn"], timm["block7a_project_bn"]) == ("_blocks.15._bn2", "blocks.6.0.bn3")


def test_a_checkpoint_of_a_training_script_is_unpacked(tmp_path):
    reference = torch_vgg()
    inner = {f"module.{key}": tensor for key, tensor in reference.state_dict().items()}
    model = vgg()
    load_pretrained(model, saved({"epoch": 3, "state_dict": inner}, tmp_path), VGG16_FAMILY)
    np.testing.assert_allclose(model(IMAGES).numpy(), answers_of(reference), rtol=1e-5, atol=1e-5)


def test_half_precision_is_widened(tmp_path):
    state = {key: tensor.half() for key, tensor in torch_vgg().state_dict().items()}
    model = vgg()
    load_pretrained(model, saved(state, tmp_path), VGG16_FAMILY)
    kernel = state["features.0.weight"].float().permute(2, 3, 1, 0).numpy()
    np.testing.assert_array_equal(model.get_weights()[0], kernel)


def test_our_own_weights_go_in_as_ever(tmp_path):
    first, second = vgg(), vgg()
    for name in ("weights.safetensors", "weights.striate"):
        first.save_weights(tmp_path / name)
        load_pretrained(second, tmp_path / name, VGG16_FAMILY)
        np.testing.assert_array_equal(second(IMAGES).numpy(), first(IMAGES).numpy())


def test_names_that_are_missing_or_left_over_are_all_listed_and_nothing_changes(tmp_path):
    state = dict(torch_vgg().state_dict())
    state["features.3.weight"] = state.pop("features.2.weight")
    del state["classifier.6.bias"]
    model = vgg()
    before = model(IMAGES).numpy()
    words = "missing features.2.weight, classifier.6.bias; left over features.3.weight."
    with pytest.raises(FileFormatError, match=re.escape(f"weights.pth does not fit vgg: {words}")):
        load_pretrained(model, saved(state, tmp_path), VGG16_FAMILY)
    np.testing.assert_array_equal(model(IMAGES).numpy(), before)


def test_weights_of_another_network_name_what_is_missing_up_to_a_point(tmp_path):
    state = TorchResNet((2, 2, 2, 2), False, width=4).state_dict()
    with pytest.raises(FileFormatError, match=r"missing features.0.weight, .*left over .* and \d+ more\.$"):
        load_pretrained(vgg(), saved(state, tmp_path), VGG16_FAMILY)


def test_shapes_that_differ_are_all_listed(tmp_path):
    state = TorchVGG(BLOCKS, FILTERS, UNITS, 7, maps=2).state_dict()
    words = r"classifier\.6\.weight has \(7, 16\) where \(5, 16\) is wanted, classifier\.6\.bias has \(7,\)"
    with pytest.raises(ShapeError, match=words):
        load_pretrained(vgg(), saved(state, tmp_path), VGG16_FAMILY)
