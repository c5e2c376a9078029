"""VGG19 with the preparation of its images, under the address that such code imports from."""

from striate.applications.vgg import VGG19
from striate.applications.vgg_input import preprocess_input

__all__ = ["VGG19", "preprocess_input"]
