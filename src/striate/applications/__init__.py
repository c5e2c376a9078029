"""Ready-made networks: small ones to begin with, the reference networks, and VGG."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Recommended": ".small",
        "VGG16": ".vgg",
        "VGG19": ".vgg",
        "fcn1d": ".signal",
        "net_a": ".reference",
        "net_b": ".reference",
        "net_c": ".reference",
        "net_d": ".reference",
        "net_e": ".reference",
        "recommended": ".small",
        "recommended_for_signals": ".signal",
        "small_cnn": ".small",
        "small_cnn_1d": ".small",
        "vgg16": ".vgg16",
        "vgg19": ".vgg19",
    },
)
