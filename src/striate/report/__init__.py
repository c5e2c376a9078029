"""A run as one page: an HTML file that holds everything it shows and asks the network for nothing."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Material": ".material",
        "make_report": ".page",
    },
)
