"""Data: from arrays, files and named sets to labelled examples and mini-batches."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "ArrayBatches": ".loader",
        "Data": ".source",
        "DataBundle": ".source",
        "ImageStream": ".folders.stream",
        "cifar10": ".cifar10",
        "cifar100": ".cifar100",
        "digits": ".digits",
        "fashion_mnist": ".fashion_mnist",
        "load_array_file": ".tables.array_files",
        "load_arrays": ".tables.arrays",
        "load_images": ".folders.folder",
        "load_named": ".named",
        "load_signals": ".tables.table",
        "mnist": ".mnist",
        "open_data": ".opening",
        "read_image": ".decoding.images",
        "SourceOptions": ".options",
        "find_copies": ".duplicates",
        "grouped_split": ".split",
        "stratified_split": ".split",
        "to_categorical": ".labels",
    },
)
