"""Between NumPy arrays and tensors."""

import numpy as np
import pytest
import torch

from striate.core.arrays import as_dtype, as_tensor, is_array, plain, tensors_from
from striate.core.errors import ArgumentError, DataError


def test_an_array_and_its_tensor_share_memory():
    array = np.zeros(3, np.float32)
    as_tensor(array)[1] = 5
    assert array.tolist() == [0, 5, 0]


def test_a_tensor_is_handed_back_itself():
    tensor = torch.zeros(2)
    assert as_tensor(tensor) is tensor


def read_only(array):
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0)[::-1],
        read_only(np.arange(6.0)),
        np.arange(6.0).astype(">f8"),
        np.arange(12.0)[::2],
        np.broadcast_to(np.float64(3), (4,)),
    ],
)
def test_arrays_that_torch_does_not_take_are_copied(array):
    assert as_tensor(array).tolist() == array.tolist()


@pytest.mark.parametrize("kind", ["uint16", "uint32", "uint64", "uint8", "int8", "bool"])
def test_whole_numbers_of_every_width_keep_their_values(kind):
    array = np.array([0, 1, 200 if kind != "int8" else 100]).astype(kind)
    assert as_tensor(array).tolist() == array.tolist()


@pytest.mark.parametrize("values", [[1.5, 2.5], 1.5, [[1.5], [2.5]]])
def test_written_out_numbers_become_single_precision(values):
    assert as_tensor(values).dtype == torch.float32


def test_whole_written_out_numbers_stay_whole():
    assert as_tensor([1, 2]).dtype == torch.int64


def test_double_precision_arrays_stay_so():
    assert as_tensor(np.zeros(2)).dtype == torch.float64


def test_lists_of_uneven_length_are_refused():
    with pytest.raises(DataError, match=r"these values make no array with straight edges: "):
        as_tensor([[1, 2], [3]])


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.array(["a", "b"]), r"expected numbers; got an array of dtype <U1 and shape \(2,\)"),
        (np.array([None, 1]), r"expected numbers; got an array of dtype object and shape \(2,\)"),
        (np.zeros(2, "datetime64[s]"), r"expected numbers; got an array of dtype datetime64\[s\]"),
        (np.zeros(2, "timedelta64[s]"), r"expected numbers; got an array of dtype timedelta64\[s\]"),
        (np.zeros(2, [("a", "i4")]), r"expected numbers; got an array of dtype \[\('a', '<i4'\)\]"),
    ],
)
def test_what_holds_no_numbers_is_refused(array, text):
    with pytest.raises(DataError, match=text):
        as_tensor(array)


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (np.zeros(2), True),
        (np.float32(1), True),
        (3, True),
        ([[1, 2], [3, 4]], True),
        ((1.0, 2.0), True),
        (torch.zeros(2), False),
        ([torch.zeros(2)], False),
        ([np.zeros(2), np.zeros(2)], False),
        ("text", False),
        (None, False),
        ({"a": np.zeros(2)}, False),
    ],
)
def test_what_a_person_calls_an_array_is_one(value, answer):
    assert is_array(value) is answer


def test_every_array_in_a_structure_becomes_a_tensor():
    found = tensors_from({"a": [np.zeros(2), torch.ones(1)], "b": (1.0,), "c": None}, torch.device("cpu"))
    assert [type(part) for part in found["a"]] == [torch.Tensor, torch.Tensor]
    assert torch.equal(found["b"], torch.ones(1))
    assert found["c"] is None


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_what_is_handed_to_a_person_turns_into_an_array(kind):
    weights = torch.ones(2, dtype=kind, requires_grad=True)
    found = plain([weights * 2, "text"])
    assert found[0].numpy().tolist() == [2, 2]
    assert found[0].dtype == torch.float32
    assert found[1] == "text"


def test_other_types_of_number_stay_as_they_are():
    assert plain(torch.zeros(1, dtype=torch.float64)).dtype == torch.float64
    assert plain(torch.zeros(1, dtype=torch.int64)).dtype == torch.int64


@pytest.mark.parametrize("name", ["float64", np.float64, np.dtype("float64"), torch.float64, float])
def test_a_type_of_number_is_known_by_each_of_its_names(name):
    assert as_dtype(name) is torch.float64


@pytest.mark.parametrize("name", ["float46", "zeros", 3, "nn"])
def test_what_is_no_type_of_number_is_refused(name):
    with pytest.raises(ArgumentError, match=rf"dtype {name!r} is not a number type; write 'float32' or"):
        as_dtype(name)
