"""Keras's `utils`, as a face: the names are handed on from the rooms where they live."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "clear_session": "striate.layers.base",
        "set_random_seed": "striate.core.runtime",
        "to_categorical": "striate.datasets.labels",
    },
)
