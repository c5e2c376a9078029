"""The three checks of an attribution, on networks where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from striate.applications import net_c
from striate.core.errors import ArgumentError, UnknownNameError
from striate.layers import Dense, Flatten, Input
from striate.models import Sequential
from striate.visualize.attribution import explain
from striate.visualize.attribution_checks import check_attribution, random_weights
from tests.reference.attribution import SmallImageNet, SmallSignalNet, linear_net

RANDOM = np.random.default_rng(0)


def two_pixels():
    """Class 1 counts two neighbours of 16 pixels and nothing else."""
    kernel = np.zeros((16, 2))
    kernel[[5, 6], 1] = 1
    return linear_net(kernel, (4, 4, 1))


def seeded(number=0):
    return torch.Generator().manual_seed(number)


def test_the_marked_region_is_that_of_the_largest_values():
    model = two_pixels()
    found = explain(model, np.ones((1, 4, 4, 1)), 1, "occlusion", window=1)
    for share in (2 / 16, 0.5):
        # Half of the pixels could be marked, but only two have values above 0.
        check = check_attribution(model, found, share=share, fill=0.0)
        assert np.flatnonzero(check.marked).tolist() == [5, 6]


def test_covering_what_matters_lowers_the_score_and_other_places_do_not():
    model = two_pixels()
    found = explain(model, np.ones((1, 4, 4, 1)), 1, "occlusion", window=1)
    check = check_attribution(model, found, share=2 / 16, fill=0.0, regions=30, generator=seeded())
    assert check.scores.tolist() == [2]
    assert check.deleted.tolist() == [0]
    assert check.inserted.tolist() == [2]
    # A pair that has moved covers one of the two pixels at the most.
    assert check.deleted_elsewhere.shape == (1, 30)
    assert set(check.deleted_elsewhere[0].tolist()) == {1, 2}
    np.testing.assert_array_equal(check.inserted_elsewhere, 2 - check.deleted_elsewhere)
    assert (
        "Covering the marked 12% of the input lowers the score by 2, the same shape elsewhere"
        in check.words[1]
    )
    assert "the mark is where it matters. Shown alone it scores 2, more than" in check.words[1]


def test_a_picture_that_marks_the_wrong_place_is_said_to_say_little():
    model = two_pixels()
    image = np.ones((1, 4, 4, 1))
    found = explain(model, image, 1, "occlusion", window=1)
    found.values[:] = 0
    found.values[0, 3] = 1
    check = check_attribution(model, found, share=0.25, fill=0.0, generator=seeded())
    assert check.deleted.tolist() == [2]
    assert "does not lower the score (+0), the same shape elsewhere lowers it by" in check.words[1]
    assert "the mark says little" in check.words[1]


def test_a_picture_that_mirrors_the_input_does_not_change_with_the_weights():
    model = linear_net(RANDOM.normal(size=(400, 3)), (20, 20, 1))
    image = np.zeros((1, 20, 20, 1))
    image[0, 3, 4] = 1
    check = check_attribution(model, explain(model, image, 1, "gradient_x_input"), generator=seeded())
    assert check.randomised["all layers"] == pytest.approx([1.0])
    assert check.words[0].startswith(
        "With random weights the picture stays much the same: it shows the input"
    )


def test_a_picture_of_the_weights_changes_with_them():
    model = linear_net(RANDOM.normal(size=(400, 3)), (20, 20, 1))
    check = check_attribution(
        model, explain(model, RANDOM.random((2, 20, 20, 1)), 1, "saliency"), generator=seeded()
    )
    assert np.abs(check.randomised["last layer"]).max() < 0.2
    assert check.words[0].startswith(
        "With random weights the picture changes, as it should (rank correlation"
    )


def test_the_last_layer_alone_is_random_in_the_first_test():
    class OnlyLast(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Conv2d(1, 1, 1), nn.Linear(16, 2)
            self.seen = []

        def forward(self, x):
            self.seen.append((self.first.weight.item(), self.last.weight[0, 0].item()))
            return self.last(self.first(x).flatten(1))

    model = OnlyLast()
    found = explain(model, np.ones((1, 4, 4, 1)), 0, "saliency")
    own = model.seen[-1]
    model.seen.clear()
    check_attribution(model, found, methods=())
    pairs = set(model.seen)
    assert {first for first, last in pairs if last == own[1]} == {own[0]}
    assert len({pair for pair in pairs if pair[0] == own[0]}) == 2
    assert len({pair for pair in pairs if pair[0] != own[0]}) == 1


def test_methods_that_draw_the_same_agree():
    model = linear_net(RANDOM.normal(size=(25, 2)), (5, 5, 1))
    check = check_attribution(model, explain(model, np.ones((1, 5, 5, 1)), 1, "saliency"))
    # Without a convolution Grad-CAM has nothing to work on.
    assert list(check.agreement) == ["gradient_x_input"]
    assert check.agreement["gradient_x_input"] == pytest.approx([1.0])
    assert check.words[2] == "Other methods agree (rank correlation 1.00 with Gradient × input)."


@pytest.mark.parametrize(("kind", "shape"), [(SmallImageNet, (10, 8, 3)), (SmallSignalNet, (24, 2))])
@pytest.mark.parametrize("method", ["grad_cam", "guided_backpropagation", "occlusion"])
def test_images_and_signals_are_checked_and_the_network_stays(kind, shape, method):
    torch.manual_seed(0)
    model = kind().train()
    before = [(weight.clone(), weight.data_ptr(), weight.stride()) for weight in model.parameters()]
    found = explain(model, RANDOM.random((3, *shape)), 1, method)
    check = check_attribution(model, found, regions=4)
    assert check.deleted.shape == check.inserted.shape == (3,)
    assert check.inserted_elsewhere.shape == (3, 4)
    assert set(check.agreement) == {"grad_cam", "saliency", "gradient_x_input"} - {method}
    for weight, (value, place, strides) in zip(model.parameters(), before, strict=True):
        assert torch.equal(weight, value)
        assert (weight.data_ptr(), weight.stride()) == (place, strides)
        assert weight.grad is None
    assert all(module.training for module in model.modules())


def test_the_same_generator_gives_the_same_check():
    model = net_c()
    found = explain(model, RANDOM.random((2, 32, 32, 3)), 1, "saliency")
    one, other = (check_attribution(model, found, generator=seeded(7)) for _ in range(2))
    assert one.words == other.words
    np.testing.assert_array_equal(one.deleted_elsewhere, other.deleted_elsewhere)


def test_random_weights_keep_size_and_memory_format_and_go_again_after_an_error():
    model = net_c()
    kernel, bias = model.get_layer("conv2").kernel, model.get_layer("conv2").bias
    with torch.no_grad():
        bias += 1
    before, strides = kernel.clone(), kernel.stride()

    def look_and_break():
        with random_weights(model, ["conv2"], seeded()):
            assert not torch.equal(kernel, before)
            assert kernel.stride() == strides
            assert (kernel.square().mean() / before.square().mean()).item() == pytest.approx(1, abs=0.1)
            assert (bias == 1).all()
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        look_and_break()
    assert torch.equal(kernel, before)


def test_where_nothing_is_drawn_nothing_is_checked():
    model = Sequential([Input((2, 2, 1)), Flatten(), Dense(3, activation="relu"), Dense(2)])
    # The units are open for the second image alone.
    model.set_weights([np.ones((4, 3)), np.full(3, -4.0), np.ones((3, 2)), np.ones(2)])
    images = np.array([1.0, 5.0]).reshape(2, 1, 1, 1) * np.ones((2, 2, 2, 1))
    check = check_attribution(model, explain(model, images, 0, "saliency"))
    for values in (*check.randomised.values(), check.deleted, check.inserted, *check.agreement.values()):
        assert np.isnan(values[0])
    assert np.isfinite(check.deleted[1])
    alone = check_attribution(model, explain(model, images[:1], 0, "saliency"))
    assert alone.words == ("nothing is drawn, so there is nothing to check.",)


def test_arguments_that_cannot_work_are_refused():
    model = two_pixels()
    found = explain(model, np.ones((1, 4, 4, 1)), 1, "saliency")
    with pytest.raises(ArgumentError, match="share is a part of the input, between 0 and 1; got 1"):
        check_attribution(model, found, share=1)
    with pytest.raises(ArgumentError, match="regions is a whole number from 1 up; got 0"):
        check_attribution(model, found, regions=0)
    with pytest.raises(UnknownNameError, match="no method of attribution called 'lime'"):
        check_attribution(model, found, methods=("lime",))
