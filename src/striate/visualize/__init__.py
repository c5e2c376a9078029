"""What the network learned and sees: pictures as data, and the one file that draws them."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Curves": ".base",
        "Line": ".base",
        "Matrix": ".base",
        "Panel": ".base",
        "Picture": ".base",
        "compare_training": ".training_curves",
        "count_confusions": ".confusion_matrix",
        "draw": ".render",
        "encode": ".render",
        "save": ".render",
    },
)
