"""The tree of errors and the words that all of them share."""

import pytest

from striate.core import errors


def kinds():
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    return [kind for kind in found if issubclass(kind, errors.StriateError)]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_error_is_one_of_striates_and_stands_in_the_drawn_tree(kind):
    assert issubclass(kind, errors.StriateError)
    assert kind.__name__ in errors.__doc__
    assert kind.__doc__


@pytest.mark.parametrize(
    ("kind", "built_in"),
    [
        (errors.ArgumentError, ValueError),
        (errors.UnknownNameError, ValueError),
        (errors.ShapeError, ValueError),
        (errors.DataError, ValueError),
        (errors.LabelError, ValueError),
        (errors.FileFormatError, ValueError),
        (errors.FileAccessError, OSError),
        (errors.StateError, RuntimeError),
        (errors.BusyError, RuntimeError),
        (errors.MissingExtraError, ImportError),
        (errors.NumbersError, ArithmeticError),
        (errors.OutOfMemoryError, MemoryError),
    ],
)
def test_every_error_is_also_one_of_pythons(kind, built_in):
    assert issubclass(kind, built_in)


def test_context_goes_in_front_and_the_error_stays_the_same():
    error = errors.ShapeError("4 axes wanted", "more")
    assert errors.add_context(error, "layer 'a'") is error
    assert error.args == ("layer 'a': 4 axes wanted", "more")


def test_context_can_be_added_to_an_error_without_words():
    assert str(errors.add_context(errors.DataError(), "row 3")) == "row 3: "


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("conv2d", " Did you mean 'Conv2D' or 'Conv1D'?"),
        ("CONV1D", " Did you mean 'Conv1D' or 'Conv2D'?"),
        ("Desne", " Did you mean 'Dense'?"),
        ("xyz", ""),
        ("", ""),
    ],
)
def test_the_nearest_names_are_offered_whatever_their_case(name, answer):
    assert errors.did_you_mean(name, ["Conv1D", "Conv2D", "Dense"]) == answer


def test_an_unknown_name_is_answered_by_what_is_near_and_what_there_is():
    error = errors.unknown_name("loss", "mes", ["mse", "mae"])
    assert str(error) == "there is no loss called 'mes'. Did you mean 'mse' or 'mae'? Known: mae, mse."


def test_a_long_list_of_names_is_cut():
    text = str(errors.unknown_name("layer", "?", [f"name{number:02}" for number in range(41)]))
    assert text.endswith("name39, ....")
    assert "name40" not in text
