"""Data: from arrays, files and named sets to labelled examples and mini-batches."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ArrayBatches": ".loader",
        "Data": ".source",
        "DataBundle": ".source",
        "ImageStream": ".stream",
        "cifar10": ".cifar10",
        "cifar100": ".cifar100",
        "digits": ".digits",
        "fashion_mnist": ".fashion_mnist",
        "load_array_file": ".array_files",
        "load_arrays": ".arrays",
        "load_images": ".folder",
        "load_named": ".named",
        "load_signals": ".table",
        "mnist": ".mnist",
        "open_data": ".opening",
        "read_image": ".images",
        "SourceOptions": ".options",
        "find_copies": ".duplicates",
        "grouped_split": ".split",
        "stratified_split": ".split",
        "to_categorical": ".labels",
    },
)
