"""Layers put together: `Sequential`, `Model`, their summary and their files."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Model": ".model",
        "Sequential": ".sequential",
        "clone_model": ".saving",
        "load_model": ".saving",
    },
)
