"""Striate: convolutional neural networks that one can train, see through and trust."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "StriateError": ".core.errors",
        "__version__": ".core.version",
        "activations": ".activations",
        "applications": ".applications",
        "callbacks": ".callbacks",
        "clone_model": ".models",
        "constraints": ".constraints",
        "datasets": ".datasets",
        "initializers": ".initializers",
        "Input": ".layers",
        "keras": "striate",
        "layers": ".layers",
        "load": ".models.saving",
        "losses": ".losses",
        "metrics": ".metrics",
        "Model": ".models",
        "models": ".models",
        "optimizers": ".optimizers",
        "preprocessing": ".preprocessing",
        "regularizers": ".regularizers",
        "Sequential": ".models",
        "training": ".training",
        "utils": ".utils",
        "visualize": ".visualize",
        "workbench": ".workbench",
    },
)
