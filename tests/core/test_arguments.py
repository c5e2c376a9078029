import pytest

from striate.core.arguments import refuse_unknown, refuse_unknown_for
from striate.core.errors import ArgumentError


def fit(x, epochs=1):
    """Stands for a function that people call."""


def test_names_that_a_function_takes_pass():
    refuse_unknown_for(fit, ["x", "epochs"])


def test_a_name_that_it_does_not_take_gets_the_nearest():
    with pytest.raises(ArgumentError, match=r"fit has no argument 'epoch'\. Did you mean 'epochs'\?"):
        refuse_unknown_for(fit, ["x", "epoch"])


def test_the_known_names_can_be_given_instead_of_a_function():
    refuse_unknown("compile", ["loss"], ["loss", "metrics"])
    with pytest.raises(ArgumentError, match=r"compile has no argument 'metric'\. Did you mean 'metrics'\?"):
        refuse_unknown("compile", ["metric"], ["loss", "metrics"])
