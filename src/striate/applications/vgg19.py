"""VGG19 with the preparation of its images and the reading of its answers, under Keras's address."""

from striate.applications.imagenet_classes import decode_predictions
from striate.applications.imagenet_input import preprocess_input
from striate.applications.vgg import VGG19

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]
