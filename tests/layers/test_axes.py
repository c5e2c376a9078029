"""The names of axes and the turn at a layer's border."""

import pytest
import torch

from striate.layers import axes


def test_the_axes_are_named_in_their_order():
    assert axes.axes_of(1, "channels_last") == ("batch", "steps", "channels")
    assert axes.axes_of(2, "channels_first") == ("batch", "channels", "height", "width")


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_turning_there_and_back_changes_nothing(data_format):
    tensor = torch.arange(24).reshape(1, 2, 3, 4)
    there = axes.to_channels_last(tensor, data_format)
    assert there.shape[-1] == (4 if data_format == "channels_last" else 2)
    assert torch.equal(axes.from_channels_last(there, data_format), tensor)
    shape = (None, 2, 3, 4)
    assert axes.join_shape(*axes.split_shape(shape, data_format), data_format) == shape


def test_no_data_format_means_channels_last():
    assert axes.check_data_format(None) == "channels_last"
