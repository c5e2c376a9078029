"""Losses: how far a network's answers are from the labels, as one number that training makes smaller.

Each loss is there as a class and as a function. The class reduces to one number and can be
configured; the function gives one value a sample. The contract is in `base.py`.
"""

from striate.core.lazy import attach
from striate.losses.registry import MEMBERS

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        **MEMBERS,
        "get": ".registry",
        "serialize": ".registry",
        "deserialize": ".registry",
        "as_loss": ".choice",
        "check_targets": ".checks",
        "check_probabilities": ".checks",
    },
)
