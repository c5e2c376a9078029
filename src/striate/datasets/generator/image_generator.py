"""Keras's older image generator: random changes, standardisation and batches, by its own words."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from striate.augment import Augment, example_keys
from striate.augment.older_words import CHANGING, Finish
from striate.core.errors import ArgumentError, DataError, ShapeError
from striate.core.runtime import fresh_numpy_generator
from striate.core.shapes import check_choice, format_shape
from striate.datasets.folders.image_files import image_input
from striate.datasets.generator.feature_statistics import FeatureStatistics
from striate.datasets.generator.generator_batches import (
    Flow,
    ImagesFromArray,
    ImagesFromFiles,
)
from striate.datasets.generator.generator_files import from_directory, from_table, part_of
from striate.datasets.generator.older_transform import parameters_of, transformed

_ORDERS = {0: "nearest", 1: "bilinear"}
_FORMATS = ("channels_last", "channels_first")


class ImageDataGenerator(FeatureStatistics):
    """Makes batches of randomly changed and standardised images, by the words of Keras's older class.

    `rotation_range` and `shear_range` are in degrees; `width_shift_range` and `height_shift_range` are
    fractions below 1, pixels from 1 up, or a list to choose from; `zoom_range` 0.2 is 0.8 to 1.2;
    `brightness_range` is two numbers to multiply by; `channel_shift_range` is added to all values.
    Then each image goes through `preprocessing_function`, `rescale`, samplewise and featurewise
    statistics and whitening, in this order. Featurewise words need `fit` first. Dividing by a
    deviation takes the mean off first, and `zca_whitening` stands in for the featurewise deviation.

    Changes are drawn from a hash of the seed, the epoch and the example's number.

    Raises:
        ArgumentError: a word with a value that cannot work.

    >>> generator = ImageDataGenerator(rotation_range=20, horizontal_flip=True, rescale=1 / 255)
    >>> images, labels = next(generator.flow(np.ones((4, 8, 8, 3)), np.arange(4), batch_size=2))
    >>> images.shape, round(255 * float(images.max()), 3)
    ((2, 8, 8, 3), 1.0)
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Sequence[float] | None = None,
        shear_range: float = 0.0,
        zoom_range: float | Sequence[float] = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable[[np.ndarray], np.ndarray] | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
    ):
        words = {word: value for word, value in locals().items() if word in CHANGING}
        super().__init__(featurewise_center, featurewise_std_normalization, zca_whitening, zca_epsilon)
        self.augment = _changes(words, fill_mode, cval, interpolation_order)
        deviation = bool(samplewise_std_normalization)
        centre = bool(samplewise_center or deviation)
        self.finish = Finish(preprocessing_function, rescale, centre, deviation)
        self.data_format = check_choice(data_format or "channels_last", _FORMATS, "data_format")
        self.validation_split = float(validation_split)
        if not 0 <= self.validation_split < 1:
            raise ArgumentError(f"validation_split is a share between 0 and 1; got {validation_split!r}.")

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: int | None = None) -> None:
        """Learn the featurewise statistics from training images.

        With `augment` they are those of `rounds` randomly changed copies of each image.

        Raises:
            ShapeError: images that are not of 4 axes.
            DataError: no images.
            ArgumentError: images too large to be whitened.
        """
        raw = self._channels_last(np.asarray(x), 4)
        if len(raw) == 0:
            raise DataError("there are no images to learn statistics from.")
        if augment:
            number = _seed(seed)
            keys = [example_keys(number, turn, np.arange(len(raw))) for turn in range(rounds)]
            raw = np.concatenate([self.augment(raw, each) for each in keys])
        self.learn(self.finish.apply(raw))

    def standardize(self, x: Any) -> np.ndarray:
        """Standardise one image or a batch: all words that draw nothing; a new array comes out.

        Raises:
            StateError: featurewise words before `fit`.
        """
        array = np.asarray(x)
        images = self._channels_last(array, 3 if array.ndim == 3 else 4)
        found = self._standardized(images if array.ndim == 4 else images[None])
        return self._given_format(found if array.ndim == 4 else found[0])

    def _standardized(self, images: np.ndarray) -> np.ndarray:
        return self.take_off(self.finish.apply(images))

    def _changed(self, raw: np.ndarray, keys: np.ndarray) -> np.ndarray:
        return self._standardized(self.augment(raw, keys))

    def get_random_transform(self, img_shape: Sequence[int], seed: int | None = None) -> dict[str, Any]:
        """Draw one change of an image of this shape, as a dict of the older class's words.

        `theta` and `shear` are in degrees; `tx` moves along the height and `ty` along the width, in
        pixels, positive up and left; `zx` and `zy` are the shares of height and width that are seen;
        `flip_horizontal`, `flip_vertical`; `channel_shift_intensity`; `brightness`.
        """
        shape = tuple(img_shape) if self.data_format == "channels_last" else (*img_shape[1:], img_shape[0])
        drawn = self.augment.draw(example_keys(_seed(seed), 0, np.arange(1)), shape)
        return parameters_of(self.augment.changes, drawn.parameters)

    def apply_transform(self, x: Any, transform_parameters: Mapping[str, Any]) -> np.ndarray:
        """Change one image as `transform_parameters` say; words that are missing change nothing.

        Raises:
            ArgumentError: a word that is not known.
        """
        image = self._channels_last(np.asarray(x), 3)
        return self._given_format(transformed(image, transform_parameters, self.augment))

    def random_transform(self, x: Any, seed: int | None = None) -> np.ndarray:
        """Change one image at random."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed))

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: str | None = None,
    ) -> ImagesFromArray:
        """Make batches from arrays, with labels and weights if there are any.

        With `validation_split`, 'validation' is the first share of the examples, 'training' the rest.

        Raises:
            ArgumentError: a subset without a split, or whose parts have other classes.
        """
        chosen = part_of(len(x), subset, self.validation_split)
        if subset is not None and y is not None and not ignore_class_split:
            _check_classes(np.asarray(y), part_of(len(x), "validation", self.validation_split))
        images, labels, weights = (
            None if part is None else np.asarray(part)[chosen] for part in (x, y, sample_weight)
        )
        saving = (save_to_dir, save_prefix, save_format)
        return ImagesFromArray(images, labels, weights, self._flow(batch_size, shuffle, seed, saving))

    def flow_from_directory(
        self,
        directory: str | os.PathLike[str],
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> ImagesFromFiles:
        """Make batches of the images in `directory/class_name/*`.

        `class_mode` 'categorical' gives one-hot rows, 'binary' and 'sparse' numbers, 'input' the images
        again, None images alone. With `validation_split` each class's files are parted by name.

        Raises:
            ArgumentError, DataError, FileAccessError: see `generator_files.from_directory`.
        """
        fit = "crop" if keep_aspect_ratio else "stretch"
        wanted = image_input(target_size, color_mode, interpolation, fit)
        part = (subset, self.validation_split)
        saving = (save_to_dir, save_prefix, save_format)
        flow = self._flow(batch_size, shuffle, seed, saving)
        return from_directory(directory, classes, class_mode, follow_links, part, wanted, flow)

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: str | os.PathLike[str] | None = None,
        x_col: str = "filename",
        y_col: str | Sequence[str] = "class",
        weight_col: str | None = None,
        target_size: tuple[int, int] = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
    ) -> ImagesFromFiles:
        """Make batches of the images that a table names, seen from `directory`.

        The table is anything that gives a column by its name: a data frame, a dict of lists.
        `class_mode` is one of those of `flow_from_directory`, 'raw' for numbers as they stand in
        `y_col`, or 'multi_output' for a list of columns.

        Raises:
            ArgumentError, DataError, LabelError: see `generator_files.from_table`.
        """
        wanted = image_input(target_size, color_mode, interpolation)
        columns, part = (x_col, y_col, weight_col), (subset, self.validation_split)
        saving = (save_to_dir, save_prefix, save_format)
        flow = self._flow(batch_size, shuffle, seed, saving)
        return from_table(
            dataframe, directory, columns, classes, class_mode, part, validate_filenames, wanted, flow
        )

    def _flow(
        self, batch_size: int, shuffle: bool, seed: int | None, saving: tuple[str | None, str, str]
    ) -> Flow:
        return Flow(self._changed, example_keys, batch_size, shuffle, seed, self.data_format, *saving)

    def _channels_last(self, array: np.ndarray, axes: int) -> np.ndarray:
        if array.ndim != axes:
            what = "one image has 3 axes" if axes == 3 else "images have 4 axes, the first of examples"
            raise ShapeError(f"{what}; got {format_shape(array.shape)}.")
        return array if self.data_format == "channels_last" else np.moveaxis(array, -3, -1)

    def _given_format(self, array: np.ndarray) -> np.ndarray:
        return array if self.data_format == "channels_last" else np.moveaxis(array, -1, -3)


def _changes(words: Mapping[str, Any], fill_mode: str, cval: float, order: int) -> Augment:
    if order not in _ORDERS:
        raise ArgumentError(f"interpolation_order is 0 (nearest) or 1 (bilinear); got {order!r}.")
    return Augment(fill_mode=fill_mode, fill_value=cval, interpolation=_ORDERS[order], **words)


def _seed(seed: int | None) -> int:
    return int(fresh_numpy_generator().integers(2**31)) if seed is None else int(seed)


def _check_classes(labels: np.ndarray, validation: slice) -> None:
    parts = np.unique(labels[validation], axis=0), np.unique(labels[validation.stop :], axis=0)
    if not np.array_equal(*parts):
        raise ArgumentError(
            "the training and the validation part have different classes; shuffle the examples first, "
            "or say ignore_class_split=True."
        )
