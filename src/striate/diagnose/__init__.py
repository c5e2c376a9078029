"""What curves, errors and data say, as data with sentences: a verdict, the evidence, what to try next."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Verdict": ".learning_curves",
        "read_curves": ".learning_curves",
    },
)
