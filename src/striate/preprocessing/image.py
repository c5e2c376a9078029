"""Keras's `preprocessing.image`, as a face: the names are handed on from the rooms where they live."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ImageDataGenerator": "striate.datasets.generator.image_generator",
        "array_to_img": "striate.datasets.decoding.keras_images",
        "img_to_array": "striate.datasets.decoding.keras_images",
        "load_img": "striate.datasets.decoding.keras_images",
        "save_img": "striate.datasets.decoding.keras_images",
    },
)
