"""Learning, for any torch module: `fit`, `evaluate`, `predict`, and what `compile` holds."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Compiled": ".compiled",
        "LearningRateByDepth": ".fine_tuning",
        "batch_length": ".evaluation",
        "evaluate": ".evaluation",
        "fine_tune": ".fine_tuning",
        "fit": ".loop",
        "predict": ".evaluation",
        "trainable_weights": ".step",
        "train_on_batch": ".evaluation",
    },
)
