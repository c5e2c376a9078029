"""Learning rates that change with the number of steps."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "CosineDecay": ".cosine",
        "CosineDecayRestarts": ".cosine",
        "ExponentialDecay": ".decay",
        "InverseTimeDecay": ".decay",
        "LearningRateSchedule": ".base",
        "PiecewiseConstantDecay": ".decay",
        "PolynomialDecay": ".decay",
        "deserialize": ".registry",
        "serialize": ".registry",
    },
)
