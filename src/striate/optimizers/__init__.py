"""Update rules: how weights move along their gradients.

Each follows the published rule with the constants and the place of epsilon that Keras uses.
"""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Adadelta": ".adagrad",
        "Adagrad": ".adagrad",
        "Adam": ".adam",
        "AdamW": ".adam",
        "Adamax": ".adam",
        "Ftrl": ".ftrl",
        "Lamb": ".lamb",
        "Lion": ".lion",
        "Nadam": ".adam",
        "Optimizer": ".base",
        "RMSprop": ".rmsprop",
        "SGD": ".sgd",
        "TorchOptimizer": ".torch_optimizer",
        "deserialize": ".registry",
        "get": ".registry",
        "schedules": ".schedules",
        "serialize": ".registry",
    },
)
