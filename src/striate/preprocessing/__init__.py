"""Keras's old path to image functions, as a face."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, {"image": ".image"})
