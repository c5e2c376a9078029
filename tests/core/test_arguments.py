import pytest

from striate.core.arguments import refuse_unknown
from striate.core.errors import ArgumentError


def fit(x, epochs=1):
    """Stands for a function that people call."""


def test_names_that_a_function_takes_pass():
    refuse_unknown(fit, ["x", "epochs"])


def test_a_name_that_it_does_not_take_gets_the_nearest():
    with pytest.raises(ArgumentError, match=r"fit has no argument 'epoch'\. Did you mean 'epochs'\?"):
        refuse_unknown(fit, ["x", "epoch"])
