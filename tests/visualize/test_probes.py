"""Looking into a model: the maps are right, gradients flow, and nothing is left behind."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from striate.applications import net_c, net_e
from striate.core.errors import ArgumentError, ShapeError, UnknownNameError
from striate.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    LeakyReLU,
    ReLU,
    TorchModule,
)
from striate.models import Model, Sequential
from striate.visualize.probes import find_layers, override, watch

IMAGES = torch.rand(2, 32, 32, 3, generator=torch.Generator().manual_seed(0))


def torch_network(in_place=True):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(inplace=in_place), nn.BatchNorm2d(4), nn.Dropout(0.5),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 3),
    )  # fmt: skip


def traces(model):
    """All that looking could leave behind."""
    modules = list(model.modules())
    return (
        [(len(one._forward_hooks), len(one._forward_pre_hooks), len(one._backward_hooks)) for one in modules],
        [one.training for one in modules],
        [tuple(sorted(vars(one))) for one in modules],
        [id(getattr(one, "activation", None)) for one in modules],
        [(one.requires_grad, one._version, one.grad) for one in model.parameters()],
        [one._version for one in model.buffers()],
    )


def test_maps_are_what_the_layers_compute_one_after_the_other():
    model = net_c()
    with torch.no_grad(), watch(model) as seen:
        answer = seen.run(IMAGES)
        expected = IMAGES
        for layer in model.layers:
            expected = layer(expected)
            torch.testing.assert_close(seen.maps[layer.name], expected)
    torch.testing.assert_close(answer, expected)


def test_maps_of_a_torch_network_are_channels_last_and_show_the_state_before_an_in_place_activation():
    model = torch_network().eval()
    with torch.no_grad(), watch(model) as seen:
        answer = seen.run(IMAGES)
        convolved = model[0](IMAGES.movedim(-1, 1))
    torch.testing.assert_close(seen.maps["0"], convolved.movedim(1, -1))
    assert seen.maps["0"].min() < 0
    torch.testing.assert_close(seen.maps["1"], convolved.relu().movedim(1, -1))
    torch.testing.assert_close(answer, torch_network(in_place=False).eval()(IMAGES.movedim(-1, 1)))


def test_signals_are_watched_as_well():
    model = net_e()
    with torch.no_grad(), watch(model, ["conv1", "average"]) as seen:
        seen.run(torch.rand(2, 64, 100))
    assert seen.maps["conv1"].shape == (2, 62, 64)
    foreign = nn.Sequential(nn.Conv1d(5, 4, 3), nn.ReLU(inplace=True))
    with torch.no_grad(), watch(foreign) as seen:
        assert seen.run(torch.rand(2, 9, 5)).shape == (2, 7, 4)
    assert seen.maps["0"].shape == (2, 7, 4)


@pytest.mark.parametrize("make", [net_c, torch_network], ids=["striate", "torch"])
def test_the_answer_can_be_differentiated_by_a_map(make):
    model = make()
    name = find_layers(model)[0].name
    with watch(model, name) as seen:
        answer = seen.run(IMAGES)
        (gradient,) = torch.autograd.grad(answer[:, 0].sum(), seen.maps[name])
    assert gradient.shape == seen.maps[name].shape
    assert gradient.abs().max() > 0


def test_a_maps_gradient_is_the_change_of_the_answer():
    model = nn.Sequential(
        nn.Conv2d(1, 1, 1, bias=False), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(4, 1)
    )
    with watch(model, "0") as seen:
        answer = seen.run(torch.tensor([[[[1.0], [-1.0]], [[2.0], [-2.0]]]]))
        (gradient,) = torch.autograd.grad(answer.sum(), seen.maps["0"])
        weights = model[3].weight.detach().reshape(1, 2, 2, 1)
        torch.testing.assert_close(gradient, weights * (seen.maps["0"] > 0))


@pytest.mark.parametrize("activation", ["relu", nn.ReLU(inplace=True), lambda x: x.relu_()])
def test_before_its_activation_a_layer_shows_what_the_activation_gets(activation):
    plain = Conv2D(4, 3, name="conv")
    plain.build((None, 8, 8, 3))
    layer = Conv2D(4, 3, activation=activation, name="conv")
    layer.build((None, 8, 8, 3))
    layer.set_weights(plain.get_weights())
    x = torch.rand(1, 8, 8, 3)
    with torch.no_grad(), watch(layer, "conv", before_activation=True) as seen:
        after = seen.run(x)
        torch.testing.assert_close(seen.maps["conv"], plain(x))
    assert seen.maps["conv"].min() < 0
    torch.testing.assert_close(after, plain(x).relu().detach())


@pytest.mark.parametrize(
    "layer", [ReLU(), LeakyReLU(), Activation("relu"), TorchModule(nn.ReLU(inplace=True))]
)
def test_before_a_layer_that_is_an_activation_its_input_is_shown(layer):
    model = Sequential([Input((6,)), Dense(4, name="dense"), layer])
    with torch.no_grad(), watch(model, ["dense", layer], before_activation=True) as seen:
        seen.run(torch.rand(3, 6))
        torch.testing.assert_close(seen.maps[layer.name], seen.maps["dense"])


def test_the_input_of_a_layer_is_kept_where_asked_for():
    model = torch_network().eval()
    with torch.no_grad(), watch(model, ["0", "1", "6"], inputs=True) as seen:
        seen.run(IMAGES)
    torch.testing.assert_close(seen.entering["0"], IMAGES)
    torch.testing.assert_close(seen.entering["1"], seen.maps["0"])
    assert seen.entering["1"].min() < 0
    assert seen.entering["6"].shape == (2, 16)
    joining = Input((4,))
    model = Model(joining, Dense(2, name="end")(joining))
    with torch.no_grad(), watch(model, "end") as seen:
        seen.run(torch.ones(1, 4))
    assert seen.entering == {}


def test_a_layer_used_twice_has_two_maps():
    inputs = Input((4,))
    shared = Dense(4, name="shared")
    model = Model(inputs, shared(shared(inputs)))
    with torch.no_grad(), watch(model, "shared") as seen:
        answer = seen.run(torch.rand(2, 4))
    assert len(seen.calls["shared"]) == 2
    torch.testing.assert_close(seen.maps["shared"], answer)
    torch.testing.assert_close(shared(seen.calls["shared"][0]).detach(), answer)


def test_the_model_stops_once_all_that_is_watched_is_known():
    ran = []

    class Later(nn.Module):
        def forward(self, x):
            ran.append(1)
            return x

    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), Later())
    with watch(model, ["0", "1"]) as seen:
        assert seen.run(torch.rand(1, 2), whole=False) is None
        assert (set(seen.maps), ran) == ({"0", "1"}, [])
        assert seen.run(torch.rand(1, 2)) is not None
        seen._stops = True
        with pytest.raises(Exception, match="all watched layers have been reached"):
            seen.take(seen.layers[0], torch.zeros(1, 2))
    assert ran == [1]


def test_several_inputs_and_outputs_that_are_tuples_are_taken():
    first, second = Input((3,)), Input((3,))
    model = Model([first, second], Add(name="sum")([first, second]))
    with torch.no_grad(), watch(model, "sum") as seen:
        torch.testing.assert_close(seen.run([torch.ones(1, 3), torch.ones(1, 3)]), torch.full((1, 3), 2.0))

    class Two(nn.Module):
        def forward(self, x, y):
            return x + 1, y

    with watch(Two()) as seen:
        assert len(seen.run([torch.zeros(1, 2), torch.zeros(1, 2)])) == 2
        torch.testing.assert_close(seen.maps["two"], torch.ones(1, 2))


def test_bytes_and_double_precision_are_taken_as_the_model_computes():
    with torch.no_grad(), watch(net_c(), "conv1") as seen:
        seen.run((IMAGES * 255).to(torch.uint8).numpy())
    assert seen.maps["conv1"].dtype == torch.float32
    with torch.no_grad(), watch(torch_network().double(), "0") as seen:
        seen.run(IMAGES)
    assert seen.maps["0"].dtype == torch.float64


def test_mixed_precision_around_it_does_not_reach_the_model():
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16), watch(torch_network(), "0") as seen:
        assert seen.run(IMAGES).dtype == torch.float32


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("make", [net_c, torch_network], ids=["striate", "torch"])
def test_nothing_is_left_behind(make, before):
    model = make().train()
    model.requires_grad_(True)
    found = traces(model)
    with watch(model, before_activation=before, inputs=True) as seen:
        seen.run(IMAGES)
        assert traces(model) != found
    assert traces(model) == found
    wrong = pytest.raises((RuntimeError, ShapeError), match=r"but got|Kernel size can't be greater")
    with wrong, watch(model, before_activation=before) as seen:
        seen.run(torch.rand(1, 2, 2, 3))
    assert traces(model) == found


def test_inference_is_the_mode_while_looking_and_the_callers_input_stays():
    model = torch_network().train()
    with torch.no_grad(), watch(model) as seen:
        torch.testing.assert_close(seen.run(IMAGES), seen.run(IMAGES))
    first = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(3, 1))
    x = torch.tensor([[-1.0, 2.0, -3.0]])
    with torch.no_grad(), watch(first) as seen:
        seen.run(x)
    assert x.tolist() == [[-1.0, 2.0, -3.0]]


def test_a_network_of_150_layers_is_watched_whole():
    layers = [Input((8, 8, 2))]
    for number in range(50):
        layers += [
            Conv2D(2, 3, padding="same", name=f"conv{number}"),
            BatchNormalization(name=f"norm{number}"),
            ReLU(name=f"relu{number}"),
        ]
    model = Sequential([*layers, Dropout(0.5), Flatten(), Dense(2)])
    with watch(model) as seen:
        answer = seen.run(torch.rand(1, 8, 8, 2))
        (gradient,) = torch.autograd.grad(answer.sum(), seen.maps["conv0"])
    assert len(seen.maps) == 153
    assert torch.isfinite(gradient).all()


def test_what_was_not_watched_is_said():
    with pytest.raises(UnknownNameError, match="no layer called 'convv1'"), watch(net_c(), "convv1"):
        pass
    with torch.no_grad(), watch(net_c(), "conv1") as seen:
        seen.run(IMAGES)
        with pytest.raises(
            ArgumentError, match=r"no map of 'conv2' was seen.*Did you mean 'conv1'\? Seen: conv1"
        ):
            seen.maps["conv2"]


class Functional(nn.Module):
    """Every way in which a person may call a ReLU."""

    def __init__(self, way):
        super().__init__()
        self.way = way

    def forward(self, x):
        return self.way(x)


def in_place(x):
    y = x * 1
    F.relu(y, True)
    return y


WAYS = {
    "torch": torch.relu,
    "method": lambda x: x.relu(),
    "method in place": lambda x: (x * 1).relu_(),
    "functional": F.relu,
    "functional by name": lambda x: F.relu(input=x),
    "functional in place": in_place,
    "module": nn.ReLU(),
    "module in place": lambda x: nn.ReLU(inplace=True)(x * 1),
    "layer": ReLU(),
    "activation layer": Activation("relu"),
    "relu6": F.relu6,
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_relu_hands_on_the_overridden_gradient_by_whatever_name_it_is_called(way):
    x = torch.tensor([[-1.0, 2.0, 3.0]], requires_grad=True)
    weights = torch.tensor([[1.0, 1.0, -1.0]])
    with override(lambda inputs, gradient, ordinary: ordinary.clamp(min=0)):
        y = Functional(way)(x)
    assert y.tolist() == [[0.0, 2.0, 3.0]]
    (gradient,) = torch.autograd.grad((y * weights).sum(), x)
    assert gradient.tolist() == [[0.0, 1.0, 0.0]]
    (ordinary,) = torch.autograd.grad((Functional(way)(x) * weights).sum(), x)
    assert ordinary.tolist() == [[0.0, 1.0, -1.0]]


def test_the_rule_sees_what_went_in_and_what_came_from_above():
    seen = []

    def rule(inputs, gradient, ordinary):
        seen.append((inputs.tolist(), gradient.tolist(), ordinary.tolist()))
        return gradient

    layer = Conv1D(1, 1, activation="relu", kernel_initializer="ones")
    x = torch.tensor([[[-2.0], [3.0]]], requires_grad=True)
    with override(rule):
        y = layer(x)
    (gradient,) = torch.autograd.grad((y * torch.tensor([[[5.0], [7.0]]])).sum(), x)
    assert seen == [([[[-2.0], [3.0]]], [[[5.0], [7.0]]], [[[0.0], [7.0]]])]
    assert gradient.tolist() == [[[5.0], [7.0]]]


def test_other_functions_can_be_overridden_and_are_left_alone_unless_named():
    x = torch.tensor([0.5], requires_grad=True)
    with override(lambda inputs, gradient, ordinary: gradient * 10):
        (alone,) = torch.autograd.grad(torch.tanh(x).sum(), x)
    assert alone.item() == pytest.approx(1 - torch.tanh(x).item() ** 2)
    with override(lambda inputs, gradient, ordinary: gradient * 10, frozenset({torch.tanh})):
        (changed,) = torch.autograd.grad(torch.tanh(x).sum(), x)
    assert changed.item() == 10.0


@pytest.mark.gpu
def test_products_on_a_gpu_are_in_full_fp32_while_looking():
    model = torch_network().cuda()
    before = torch.backends.cudnn.conv.fp32_precision
    with torch.no_grad(), watch(model, "0") as seen:
        seen.run(IMAGES)
        exact = torch_network().double()[0](IMAGES.double().movedim(-1, 1)).movedim(1, -1)
    torch.testing.assert_close(seen.maps["0"].double().cpu(), exact, atol=1e-5, rtol=0)
    assert torch.backends.cudnn.conv.fp32_precision == before
