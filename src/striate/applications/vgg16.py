"""VGG16 with the preparation of its images, under the address that such code imports from."""

from striate.applications.vgg import VGG16
from striate.applications.vgg_input import preprocess_input

__all__ = ["VGG16", "preprocess_input"]
