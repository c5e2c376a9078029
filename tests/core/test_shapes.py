"""Sizes: against counting, and the words for sizes that cannot be."""

import numpy as np
import pytest

from striate.core import shapes
from striate.core.errors import ArgumentError
from tests.reference.convolution import places_along


@pytest.mark.parametrize(
    ("value", "rank", "wanted"),
    [
        (3, 2, (3, 3)),
        ((1, 3), 2, (1, 3)),
        ([2], 1, (2,)),
        (np.int64(4), 2, (4, 4)),
        (np.array([1, 2]), 2, (1, 2)),
    ],
)
def test_one_number_stands_for_every_axis(value, rank, wanted):
    found = shapes.per_axis(value, rank, "strides")
    assert found == wanted
    assert all(type(number) is int for number in found)


@pytest.mark.parametrize("value", [(1, 2, 3), (), 0, -1, 1.5, True, "3", (3, 0), None])
def test_what_is_no_size_for_each_axis_is_refused(value):
    with pytest.raises(ArgumentError, match=r"strides takes one whole number or 2, each at least 1; got "):
        shapes.per_axis(value, 2, "strides")


def test_the_least_size_can_be_zero():
    assert shapes.per_axis(0, 2, "padding", least=0) == (0, 0)


def test_a_choice_is_read_in_any_case():
    assert shapes.check_choice("SAME", ("valid", "same"), "padding") == "same"


@pytest.mark.parametrize("value", ["full", None, 1])
def test_another_choice_is_refused(value):
    with pytest.raises(ArgumentError, match=r"padding must be one of 'valid', 'same'; got "):
        shapes.check_choice(value, ("valid", "same"), "padding")


@pytest.mark.parametrize("padding", shapes.PADDINGS)
def test_lengths_and_padding_are_those_of_counting_the_places(padding):
    for length in range(1, 12):
        for size in range(1, 5):
            for stride in range(1, 4):
                for dilation in range(1, 3):
                    places = places_along(length, size, stride, padding, dilation)
                    found = shapes.output_length(length, size, stride, padding, dilation)
                    assert max(found, 0) == len(places)
                    if not places:
                        continue
                    before, after = shapes.padding_amount(length, size, stride, padding, dilation)
                    assert before == max(0, -places[0])
                    # A causal window with a stride may stop short of the end.
                    reach = places[-1] + shapes.window_extent(size, dilation) - length
                    assert after == (0 if padding == "causal" else max(0, reach))


def test_the_odd_padded_step_goes_after():
    assert shapes.padding_amount(4, 2, 1, "same") == (0, 1)
    assert shapes.padding_amount(5, 4, 2, "same") == (1, 2)


def test_an_unknown_length_stays_unknown():
    assert shapes.output_length(None, 3, 2, "same") is None
    assert shapes.padding_amount(None, 3, 1, "same") == (1, 1)


def test_padding_that_depends_on_an_unknown_length_is_refused():
    with pytest.raises(
        ArgumentError, match=r"padding='same' with a stride above 1 needs to know the input's"
    ):
        shapes.padding_amount(None, 3, 2, "same")


def test_the_receptive_field_of_a_small_network_is_that_of_tracing_it_back():
    # conv 3, pool 2, conv 3: one unit sees (2 + 1) pooled steps of 2, which see 6 + 2 pixels.
    field, jump = 1, 1
    for size, stride in ((3, 1), (2, 2), (3, 1)):
        field, jump = shapes.receptive_step(field, jump, size, stride)
    assert (field, jump) == (8, 2)


def test_a_product_with_an_unknown_size_is_unknown():
    assert shapes.product((6, 6, 256)) == 9216
    assert shapes.product((6, None)) is None
    assert shapes.product(()) == 1


@pytest.mark.parametrize("shape", [(None, 28, 28, 1), (3,), ()])
def test_a_shape_is_written_as_python_would(shape):
    assert shapes.format_shape(shape) == str(shape)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0.00 B"), (1023, "1023.00 B"), (1024, "1.00 KB"), (139_304, "136.04 KB"), (5 * 2**40, "5.00 TB")],
)
def test_bytes_are_written_for_people(count, text):
    assert shapes.format_bytes(count) == text
