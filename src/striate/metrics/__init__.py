"""Metrics: what people want to know about a network, computed exactly over any number of batches.

The contract is in `base.py`; `for_loss` chooses what "accuracy" means for a loss.
"""

from striate.core.lazy import attach
from striate.metrics.registry import MEMBERS

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        **MEMBERS,
        "get": ".registry",
        "serialize": ".registry",
        "deserialize": ".registry",
        "as_metric": ".choice",
        "for_loss": ".choice",
    },
)
