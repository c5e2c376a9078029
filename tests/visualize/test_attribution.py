"""The whole of `explain`: every method on every kind of network, and the network as it was before."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.applications import net_b, net_c, net_e
from striate.core.errors import ArgumentError, LabelError, UnknownNameError
from striate.layers import Conv2D, Dense, Dropout, Flatten, GlobalAveragePooling2D, Input, TorchModule
from striate.models import Sequential
from striate.visualize.attribution import METHODS, explain
from tests.reference.attribution import SmallImageNet, SmallSignalNet

RANDOM = np.random.default_rng(0)
EVERY_METHOD = pytest.mark.parametrize("method", METHODS)


def seeded(make):
    torch.manual_seed(0)
    return make()


def nested(channels=3):
    base = Sequential([Input((10, 8, channels)), Conv2D(4, 3, activation="relu")], name="base")
    return Sequential(
        [Input((10, 8, channels)), base, Dropout(0.5), Flatten(), Dense(3, activation="softmax")]
    )


def held_torch():
    inside = TorchModule(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)), data_format="channels_first"
    )
    return Sequential([Input((10, 8, 3)), inside, GlobalAveragePooling2D(), Dense(1, activation="sigmoid")])


NETWORKS = {
    "C": (net_c, (32, 32, 3)),
    "E": (net_e, (64, 100)),
    "nested": (nested, (10, 8, 3)),
    "five bands": (lambda: nested(5), (10, 8, 5)),
    "torch, in place": (lambda: SmallImageNet(inplace=True), (10, 8, 3)),
    "torch, signal": (SmallSignalNet, (24, 2)),
    "torch inside": (held_torch, (10, 8, 3)),
}


def state_of(model):
    hooks = [
        len(getattr(module, kind))
        for module in model.modules()
        for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    ]
    weights = [weight.detach().clone() for weight in (*model.parameters(), *model.buffers())]
    return hooks, weights, [module.training for module in model.modules()], [
        (weight.requires_grad, weight.grad, weight.data_ptr()) for weight in model.parameters()
    ]  # fmt: skip


def assert_unchanged(model, before):
    hooks, weights, modes, others = state_of(model)
    assert hooks == before[0]
    assert sum(hooks) == 0
    assert all(torch.equal(one, other) for one, other in zip(weights, before[1], strict=True))
    assert modes == before[2]
    assert [
        (needs, grad is was, place)
        for (needs, grad, place), (_, was, _) in zip(others, before[3], strict=True)
    ] == [(needs, True, place) for needs, _, place in before[3]]


@EVERY_METHOD
@pytest.mark.parametrize("network", NETWORKS)
def test_every_method_explains_every_kind_of_network_and_leaves_it_as_it_was(method, network):
    make, shape = NETWORKS[network]
    model = seeded(make).train()
    first = next(model.parameters())
    first.grad = torch.ones_like(first)
    next(reversed(list(model.parameters()))).requires_grad_(False)
    before = state_of(model)
    x = RANDOM.random((3, *shape)).astype(np.float32)
    given = x.copy()
    found = explain(model, x, 0, method)
    assert found.values.shape == (3, *shape[:-1])
    assert found.values.dtype == np.float32
    assert np.isfinite(found.values).all()
    assert found.target.tolist() == [0, 0, 0]
    assert found.signed or found.values.min() >= 0
    np.testing.assert_array_equal(x, given)
    assert_unchanged(model, before)


@EVERY_METHOD
def test_an_example_is_explained_alike_alone_and_among_others(method):
    model = seeded(net_c)
    x = RANDOM.random((3, 32, 32, 3)).astype(np.float32)
    options = {"samples": 2, "noise": 0.0} if method == "smooth_grad" else {}
    together = explain(model, x, 4, method, **options).values
    for row in range(3):
        alone = explain(model, x[row], 4, method, **options).values[0]
        np.testing.assert_allclose(together[row], alone, atol=1e-5 * np.abs(alone).max())


@EVERY_METHOD
def test_a_wrong_class_is_said_with_the_classes_and_leaves_no_hook(method):
    model = seeded(nested)
    model.class_names = ["cat", "dog", "owl"]
    before = state_of(model)
    with pytest.raises(LabelError, match=r"from 0 to 2; got 7. The network has 3 classes: cat, dog, owl\."):
        explain(model, np.zeros((1, 10, 8, 3)), 7, method)
    assert_unchanged(model, before)


@EVERY_METHOD
def test_a_module_that_raises_leaves_no_hook(method):
    class Breaking(nn.Module):
        def forward(self, x):
            raise RuntimeError("broken on purpose")

    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), Breaking()).train()
    before = state_of(model)
    with pytest.raises(RuntimeError, match="broken on purpose"):
        explain(model, np.zeros((1, 10, 8, 3)), 0, method)
    assert_unchanged(model, before)


@pytest.mark.parametrize("method", ["grad_cam", "saliency", "guided_backpropagation"])
def test_a_module_that_raises_on_the_way_back_leaves_no_hook(method):
    class Break(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x.clone()

        @staticmethod
        def backward(context, gradient):
            raise RuntimeError("broken on the way back")

    class Breaking(nn.Module):
        def forward(self, x):
            return Break.apply(x.flatten(1))

    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), Breaking())
    before = state_of(model)
    with pytest.raises(RuntimeError, match="broken on the way back"):
        explain(model, np.ones((1, 10, 8, 3)), 0, method)
    assert_unchanged(model, before)


@EVERY_METHOD
def test_what_surrounds_the_call_changes_nothing(method):
    model, x = seeded(net_c), RANDOM.random((2, 32, 32, 3)).astype(np.float32)
    options = {"noise": 0.0, "samples": 2} if method == "smooth_grad" else {}
    wanted = explain(model, x, 1, method, **options).values
    model.compile("adam", "sparse_categorical_crossentropy", precision="bfloat16")
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = explain(model, x, 1, method, **options).values
    np.testing.assert_array_equal(found, wanted)


@EVERY_METHOD
def test_class_0_of_a_single_unit_is_the_minus_of_class_1(method):
    model, x = seeded(net_e), RANDOM.random((2, 64, 100)).astype(np.float32)
    options = {"noise": 0.0} if method == "smooth_grad" else {}
    minus, plus = (explain(model, x, target, method, **options) for target in (0, 1))
    np.testing.assert_allclose(minus.scores, -plus.scores)
    np.testing.assert_allclose(minus.probabilities, 1 - plus.probabilities, rtol=1e-5)
    if METHODS[method].signed:
        np.testing.assert_allclose(minus.values, -plus.values, atol=1e-6 * np.abs(plus.values).max())
    elif method in ("saliency", "smooth_grad"):
        np.testing.assert_allclose(minus.values, plus.values, rtol=1e-5)
    elif method == "grad_cam":
        np.testing.assert_allclose(minus.maps, -plus.maps, atol=1e-7)


def test_by_default_the_predicted_class_is_explained():
    model = seeded(nested)
    x = RANDOM.random((5, 10, 8, 3)).astype(np.float32)
    found = explain(model, x)
    answers = np.asarray(model.predict(x))
    np.testing.assert_array_equal(found.target, answers.argmax(1))
    np.testing.assert_array_equal(found.predicted, found.target)
    np.testing.assert_allclose(found.probabilities, answers.max(1), rtol=1e-5)
    np.testing.assert_allclose(found.all_scores.max(1), found.scores)


def test_the_notes_say_what_the_score_is():
    x = np.ones((1, 10, 8, 3))
    assert explain(nested(), x).notes[-1] == "the score is what goes into the softmax at the network's end"
    assert (
        explain(nested(), x, score="output")
        .notes[-1]
        .startswith("the score is what comes out of the softmax")
    )
    assert explain(SmallImageNet(), x).notes[-1] == "the score is what the network hands out"
    assert "of a single unit, which counts with a minus for class 0" in explain(held_torch(), x).notes[-1]


def test_probabilities_are_there_where_the_network_ends_in_them():
    x = RANDOM.random((2, 10, 8, 3))
    model = seeded(nested)
    logit, output = (explain(model, x, 1, score=score) for score in ("logit", "output"))
    np.testing.assert_allclose(logit.probabilities, output.probabilities, rtol=1e-5)
    assert explain(SmallImageNet(), x).probabilities is None


def test_images_and_options_are_handed_back():
    model = seeded(net_b)
    x = RANDOM.integers(0, 256, (1, 150, 150, 3), dtype=np.uint8)
    found = explain(model, x, method="saliency")
    assert found.images.dtype == np.uint8
    np.testing.assert_array_equal(found.images, x)
    assert explain(nested(), x[:, :10, :8], method="occlusion", window=4).options == {"window": 4}


def test_classes_are_called_by_their_names():
    model = nested()
    x = np.ones((1, 10, 8, 3))
    assert explain(model, x).name_of(2) == "class 2"
    model.class_names = ["cat", "dog", "owl"]
    assert explain(model, x, "owl").name_of(2) == "owl"


def test_methods_and_options_that_there_are_not_are_refused():
    x = np.ones((1, 10, 8, 3))
    with pytest.raises(
        UnknownNameError, match=r"no method of attribution called 'gradcam'\. Did you mean 'grad_cam'"
    ):
        explain(nested(), x, method="gradcam")
    with pytest.raises(
        ArgumentError, match=r"method 'occlusion' has no argument 'windows'\. Did you mean 'window'"
    ):
        explain(nested(), x, method="occlusion", windows=3)
    with pytest.raises(ArgumentError, match="method 'saliency' has no argument 'layer'"):
        explain(nested(), x, method="saliency", layer="conv")
