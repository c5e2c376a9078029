from __future__ import annotations

import sys

import h5py
import numpy as np
import pytest

from striate.artifacts import keras_hdf5
from striate.artifacts.keras_hdf5 import (
    check_dataset,
    import_h5py,
    open_hdf5,
    own_member,
    read_array,
    text_attribute,
    text_list_attribute,
    walk_datasets,
)
from striate.core.errors import FileFormatError, MissingExtraError
from tests.artifacts.keras_writing import hdf5_bytes

TWO = {"a/b": np.arange(6.0).reshape(2, 3), "c": np.ones(2, np.float32)}


def changed(change, weights=TWO):
    return open_hdf5(hdf5_bytes(weights, change))


def walk(file):
    return dict(walk_datasets(file, frozenset({"optimizer"})))


def test_arrays_are_found_by_their_paths_and_the_optimizer_is_left_out():
    with changed(lambda file: file.create_dataset("optimizer/vars/0", data=[1.0])) as file:
        found = walk(file)
        assert found.keys() == {("a", "b"), ("c",)}
        assert read_array(found["a", "b"]).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_file_is_opened_by_its_path_as_well(tmp_path):
    path = tmp_path / "x.h5"
    path.write_bytes(hdf5_bytes(TWO))
    with open_hdf5(path) as file:
        assert own_member(file, "a/b").shape == (2, 3)


def test_numbers_of_any_byte_order_come_lowest_byte_first():
    with changed(lambda file: file.create_dataset("big", data=np.array([1.5, -2.0], ">f8"))) as file:
        array = read_array(file["big"])
    assert array.dtype.str == "<f8"
    assert array.tolist() == [1.5, -2.0]


def test_without_h5py_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingExtraError, match=r"pip install \"striate\[keras\]\""):
        import_h5py()


@pytest.mark.parametrize("name", ["x", "a/x", "c/x", "a//b", "../a", "."])
def test_a_member_that_is_not_there_is_named(name):
    with changed(None) as file, pytest.raises(FileFormatError, match="is missing in it"):
        own_member(file, name)


LINKS = {
    "soft": lambda: h5py.SoftLink("/c"),
    "soft to nowhere": lambda: h5py.SoftLink("/nowhere"),
    "external": lambda: h5py.ExternalLink("/etc/passwd", "/c"),
    "external to nowhere": lambda: h5py.ExternalLink("nowhere.h5", "/c"),
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_links_are_not_followed(link, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opened = []
    with changed(lambda file: file.__setitem__("link", link())) as file:
        sys.addaudithook(lambda event, arguments: opened.append(arguments[0]) if event == "open" else None)
        with pytest.raises(FileFormatError, match="'link' is a link to somewhere else"):
            walk(file)
        with pytest.raises(FileFormatError, match="is a link to somewhere else"):
            own_member(file, "link/further")
    assert opened == []


def test_a_group_that_holds_itself_is_refused():
    def change(file):
        file["a/self"] = file["a"]
        file["a/root"] = file["/"]

    with changed(change) as file, pytest.raises(FileFormatError, match="second name for what stands"):
        walk(file)


def test_a_type_in_the_place_of_numbers_is_refused():
    words = "'type' is a Datatype, neither a group nor numbers"
    with (
        changed(lambda file: file.__setitem__("type", np.dtype("f4"))) as file,
        pytest.raises(FileFormatError, match=words),
    ):
        walk(file)


def test_groups_deeper_than_any_network_are_refused():
    with (
        changed(lambda file: file.create_group("/".join("x" * 70))) as file,
        pytest.raises(FileFormatError, match="more groups, or deeper ones"),
    ):
        walk(file)


def make_virtual(file):
    layout = h5py.VirtualLayout((2,), "f4")
    layout[:] = h5py.VirtualSource("/etc/other.h5", "data", (2,))
    file.create_virtual_dataset("odd", layout)


def make_external(file):
    file.create_dataset("odd", (2,), "f4", external=[("/etc/passwd", 0, 8)])


@pytest.mark.parametrize("make", [make_virtual, make_external, lambda file: file.create_group("odd")])
def test_numbers_that_lie_elsewhere_are_refused(make):
    with changed(make) as file, pytest.raises(FileFormatError, match="'odd' holds no numbers of its own"):
        check_dataset(file["odd"], "odd")


ODD_TYPES = {
    "text": lambda file: file.create_dataset("odd", data=["x"]),
    "bytes": lambda file: file.create_dataset("odd", data=np.void(b"\x80\x04pickle.")),
    "references": lambda file: file.create_dataset("odd", data=[file["a"].ref], dtype=h5py.ref_dtype),
    "parts": lambda file: file.create_dataset("odd", (2,), [("x", "f4"), ("y", "i4")]),
    "complex": lambda file: file.create_dataset("odd", (2,), "c8"),
    "lists": lambda file: file.create_dataset("odd", (2,), h5py.vlen_dtype(np.dtype("f4"))),
}


@pytest.mark.parametrize("make", ODD_TYPES.values(), ids=ODD_TYPES)
def test_values_that_are_no_numbers_are_refused(make):
    with changed(make) as file, pytest.raises(FileFormatError, match="which are no weights"):
        check_dataset(file["odd"], "odd")


@pytest.mark.parametrize("shape", [(2**40,), (2**20, 2**20), None])
def test_an_absurd_shape_is_refused_before_reading(shape):
    def make(file):
        if shape is None:
            file["odd"] = h5py.Empty("f4")
        else:
            file.create_dataset("odd", shape, "f4", chunks=tuple(64 for _ in shape))

    with changed(make) as file, pytest.raises(FileFormatError, match="which is no size of a weight"):
        check_dataset(file["odd"], "odd")


def test_more_numbers_than_the_file_holds_are_refused():
    def make(file):
        file.create_dataset("packed", (2**26,), "f4", chunks=(1024,), compression="gzip")
        file.create_dataset("plain", (2**26,), "f4")

    with changed(make) as file:
        for name in ("packed", "plain"):
            with pytest.raises(FileFormatError, match=r"256.00 MB but the file holds 0.00 B of it"):
                check_dataset(file[name], name)


def test_gzip_and_shuffle_are_read_and_filters_of_plugins_are_not():
    def make(file):
        file.create_dataset("packed", data=np.zeros(5000), compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("odd", data=np.zeros(5000, "i4"), scaleoffset=0)

    with changed(make) as file:
        assert check_dataset(file["packed"], "packed") == 40_000
        with pytest.raises(FileFormatError, match="'odd' is packed by filter 6"):
            check_dataset(file["odd"], "odd")


def with_attribute(value):
    return changed(lambda file: file.attrs.__setitem__("names", value))


@pytest.mark.parametrize("value", ["one", b"one", np.bytes_(b"one")])
def test_a_text_is_read_however_it_was_written(value):
    with with_attribute(value) as file:
        assert text_attribute(file, "names") == "one"
        assert text_attribute(file, "others") is None
        assert text_list_attribute(file, "others") is None


def test_lists_of_texts_are_read_also_in_pieces():
    def change(file):
        file.attrs["whole"] = [b"a", b"b"]
        file.attrs["cut0"], file.attrs["cut1"] = ["a", "b"], ["c"]
        file.attrs["none"] = np.array([])

    with changed(change) as file:
        assert text_list_attribute(file, "whole") == ["a", "b"]
        assert text_list_attribute(file, "cut") == ["a", "b", "c"]
        assert text_list_attribute(file, "none") == []


def test_several_texts_are_not_one():
    with with_attribute(["a", "b"]) as file, pytest.raises(FileFormatError, match="holds 2 values instead"):
        text_attribute(file, "names")


@pytest.mark.parametrize("value", [3.5, np.void(b"\x80\x04cos\nsystem\n."), [1, 2], np.zeros(2, "c8")])
def test_an_attribute_that_is_no_text_is_refused(value):
    with with_attribute(value) as file, pytest.raises(FileFormatError, match="'names' is no text"):
        text_attribute(file, "names")


def test_endless_attributes_are_refused(monkeypatch):
    monkeypatch.setattr(keras_hdf5, "_LONGEST_TEXT", 20)
    with with_attribute("x" * 21) as file, pytest.raises(FileFormatError, match="larger than any"):
        text_attribute(file, "names")
    monkeypatch.setattr(keras_hdf5, "_MOST_NAMES", 2)
    with with_attribute(["a", "b", "c"]) as file, pytest.raises(FileFormatError, match="larger than any"):
        text_list_attribute(file, "names")
