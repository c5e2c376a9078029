"""Keras's `utils`, as a face: the names are handed on from the rooms where they live."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "array_to_img": "striate.datasets.decoding.keras_images",
        "clear_session": "striate.layers.base",
        "image_dataset_from_directory": "striate.datasets.folders.image_dataset",
        "img_to_array": "striate.datasets.decoding.keras_images",
        "load_img": "striate.datasets.decoding.keras_images",
        "plot_model": "striate.visualize.architecture",
        "save_img": "striate.datasets.decoding.keras_images",
        "set_random_seed": "striate.core.runtime",
        "timeseries_dataset_from_array": "striate.datasets.tables.series_windows",
        "to_categorical": "striate.datasets.labels",
    },
)
