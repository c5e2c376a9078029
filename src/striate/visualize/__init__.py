"""What the network learned and sees: pictures as data, and the one file that draws them."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Attribution": ".attribution",
        "AttributionCheck": ".attribution_checks",
        "Curves": ".base",
        "Line": ".base",
        "Matrix": ".base",
        "Panel": ".base",
        "Picture": ".base",
        "check_attribution": ".attribution_checks",
        "compare_classes": ".explanations",
        "compare_methods": ".explanations",
        "compare_training": ".training_curves",
        "count_confusions": ".confusion_matrix",
        "draw": ".render",
        "encode": ".render",
        "explain": ".attribution",
        "save": ".render",
        "show_attribution": ".explanations",
        "show_why": ".explanations",
    },
)
