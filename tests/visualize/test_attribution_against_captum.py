"""Attribution against Captum, to 1e-5 of the largest value, on images and on signals."""

from __future__ import annotations

import captum.attr
import numpy as np
import pytest
import torch

from striate.visualize.attribution import explain
from tests.reference.attribution import SmallImageNet, SmallSignalNet

KINDS = {"image": (SmallImageNet, (10, 8, 3)), "signal": (SmallSignalNet, (24, 2))}
CLASSES = [0, 2, 1]


@pytest.fixture(params=KINDS)
def case(request):
    """A network, examples channels last, and the same examples as Captum takes them."""
    torch.manual_seed(1)
    kind, shape = KINDS[request.param]
    x = np.random.default_rng(0).random((3, *shape)).astype(np.float32)
    return kind().eval(), x, torch.from_numpy(x).movedim(-1, 1).contiguous()


def assert_close(found, wanted):
    wanted = wanted.detach().numpy()
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)
    assert np.abs(wanted).max() > 0


def test_saliency(case):
    model, x, first = case
    wanted = captum.attr.Saliency(model).attribute(first.requires_grad_(), CLASSES, abs=False)
    assert_close(explain(model, x, CLASSES, "saliency").channels, wanted.movedim(1, -1))


def test_gradient_times_input(case):
    model, x, first = case
    wanted = captum.attr.InputXGradient(model).attribute(first.requires_grad_(), CLASSES)
    assert_close(explain(model, x, CLASSES, "gradient_x_input").channels, wanted.movedim(1, -1))


@pytest.mark.parametrize("steps", [8, 50])
def test_integrated_gradients(case, steps):
    model, x, first = case
    wanted = captum.attr.IntegratedGradients(model).attribute(
        first, torch.full_like(first, 0.3), CLASSES, n_steps=steps, method="gausslegendre"
    )
    found = explain(model, x, CLASSES, "integrated_gradients", baseline=0.3, steps=steps)
    assert_close(found.channels, wanted.movedim(1, -1))


# Captum says at each use that it sets backward hooks.
@pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU activations:UserWarning")
def test_guided_backpropagation(case):
    model, x, first = case
    wanted = captum.attr.GuidedBackprop(model).attribute(first.requires_grad_(), CLASSES)
    assert_close(explain(model, x, CLASSES, "guided_backpropagation").channels, wanted.movedim(1, -1))


def test_occlusion(case):
    model, x, first = case
    image = x.ndim == 4
    window, strides = ((4, 3), (3, 2)) if image else ((5,), (3,))
    channels = first.shape[1]
    wanted = captum.attr.Occlusion(model).attribute(
        first, (channels, *window), (channels, *strides), torch.full_like(first, 0.5), CLASSES
    )
    found = explain(model, x, CLASSES, "occlusion", window=window, strides=strides, fill=0.5)
    # All channels are covered together, so Captum's are alike in all of them.
    assert_close(found.values, wanted[:, 0])


@pytest.mark.parametrize("layer", ["conv1", "relu1", "conv2", "relu2"])
def test_grad_cam(case, layer):
    model, x, first = case
    wanted = captum.attr.LayerGradCam(model, getattr(model, layer)).attribute(first, CLASSES)
    found = explain(model, x, CLASSES, "grad_cam", layer=layer)
    assert_close(found.maps, wanted[:, 0])
    enlarged = captum.attr.LayerAttribution.interpolate(
        wanted.relu(), x.shape[1:-1], "bilinear" if x.ndim == 4 else "linear"
    )
    assert_close(found.values, enlarged[:, 0])


def test_smooth_grad_with_the_same_noise(case, monkeypatch):
    model, x, _ = case
    # One example with a range of 1: then our share of the range is Captum's deviation.
    x = (x[:1] - x[0].min()) / (x[0].max() - x[0].min())
    first = torch.from_numpy(x).movedim(-1, 1).contiguous()
    generator = torch.Generator().manual_seed(5)
    noise = torch.cat([torch.randn(x.shape, generator=generator) for _ in range(6)]).movedim(-1, 1)
    monkeypatch.setattr(torch, "normal", lambda mean, deviation: mean + deviation * noise)
    wanted = captum.attr.NoiseTunnel(captum.attr.Saliency(model)).attribute(
        first, nt_samples=6, stdevs=0.2, target=1, abs=False
    )
    found = explain(
        model, x, 1, "smooth_grad", samples=6, noise=0.2, generator=torch.Generator().manual_seed(5)
    )
    assert_close(found.channels, wanted.movedim(1, -1))
