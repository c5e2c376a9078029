"""Augmentation in fit: training examples only, new in each epoch, the same for one seed."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import striate
from striate.augment import Augment, MixUp, RandomBrightness, RandomFlip
from striate.callbacks import Callback
from striate.core.errors import ArgumentError, LabelError, UnknownNameError
from striate.layers import Dense, Flatten, Input
from striate.models import Sequential
from striate.training.augmenting import make_change
from striate.training.feed import ArrayFeed, IterableFeed

CPU = torch.device("cpu")
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 6, 5, 3), dtype=np.uint8)
LABELS = np.arange(12) % 3


def feed(batch_size: int = 4, **options) -> ArrayFeed:
    torch.manual_seed(5)
    change = make_change(Augment(RandomBrightness(0.5)), IMAGES)
    return ArrayFeed(IMAGES, LABELS, None, batch_size, CPU, change=change, **options)


def inputs_of(made) -> np.ndarray:
    return np.concatenate([batch.inputs.numpy() for batch in made])


def small_model() -> Sequential:
    model = Sequential([Input((6, 5, 3)), Flatten(), Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    return model


def test_each_epoch_has_its_own_copies_and_the_data_stay_as_they_are():
    before = IMAGES.copy()
    one = feed()
    first = inputs_of(one)
    again = inputs_of(one)
    one.epoch = 1
    assert np.array_equal(first, again)
    assert not np.array_equal(first, inputs_of(one))
    assert not np.array_equal(first, IMAGES)
    assert np.array_equal(IMAGES, before)


def test_an_example_is_changed_in_the_same_way_in_batches_of_any_size():
    assert np.array_equal(inputs_of(feed(4)), inputs_of(feed(5)))


def test_an_example_is_changed_in_the_same_way_in_any_order():
    shuffled = feed(4, shuffle=True, generator=np.random.default_rng(0))
    order = np.random.default_rng(0).permutation(12)
    assert np.array_equal(inputs_of(shuffled), inputs_of(feed())[order])


def test_batches_from_elsewhere_are_counted_as_they_come():
    batches = [(IMAGES[:6], LABELS[:6]), (IMAGES[6:], LABELS[6:])]
    torch.manual_seed(5)
    changed = IterableFeed(batches, CPU, make_change(Augment(RandomBrightness(0.5))))
    assert np.array_equal(inputs_of(changed), inputs_of(feed()))


def test_fit_changes_training_examples_only():
    seen: dict[str, list[float]] = {"train": [], "test": []}

    class Watching(Dense):
        def call(self, inputs):
            seen["train" if self.training else "test"].append(float(inputs.max()))
            return super().call(inputs)

    model = Sequential([Input((6, 5, 3)), Flatten(), Watching(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", precision="float32")
    white = np.full((6, 6, 5, 3), 255, np.uint8)
    black = Augment(RandomBrightness((-1.0, -1.0)))
    model.fit(white, LABELS[:6], validation_data=(white, LABELS[:6]), batch_size=3, augment=black, verbose=0)
    assert max(seen["train"][-4:-2]) == 0
    assert seen["test"][-1] == 255


def test_one_seed_gives_one_result_with_augmentation_too():
    found = []
    for _ in range(2):
        striate.utils.set_random_seed(3)
        model = small_model()
        model.fit(IMAGES / np.float32(255), LABELS, batch_size=5, epochs=2, augment="standard", verbose=0)
        found.append(model.get_weights()[0])
    assert np.array_equal(found[0], found[1])


def test_mixed_examples_need_rows_for_labels():
    with pytest.raises(LabelError, match=r"each label must be a row .* use to_categorical"):
        small_model().fit(IMAGES, LABELS, augment=Augment(MixUp()), verbose=0)


def test_mixed_examples_have_mixed_labels():
    torch.manual_seed(0)
    rows = np.eye(3, dtype=np.float32)[LABELS]
    made = ArrayFeed(IMAGES, rows, None, 12, CPU, change=make_change(Augment(MixUp(alpha=1.0)), IMAGES))
    batch = next(iter(made))
    assert torch.allclose(batch.targets.sum(1), torch.ones(12))
    assert bool(((batch.targets > 0) & (batch.targets < 1)).any())


def test_a_name_or_thing_that_is_no_augmentation_is_refused():
    with pytest.raises(UnknownNameError, match="standart"):
        make_change("standart", IMAGES)
    with pytest.raises(ArgumentError, match=r"augment takes an Augment\(\.\.\.\) or 'none', 'light'"):
        make_change(RandomFlip(), IMAGES)
    with pytest.raises(ArgumentError, match=r"an example here is \(7,\)"):
        make_change("light", np.zeros((3, 7)))
    with pytest.raises(ArgumentError, match=r"the data yield batches\. Name the shape"):
        make_change("light")


def test_no_augmentation_is_none():
    assert make_change(None, IMAGES) is None
    assert make_change("none", IMAGES) is None


def test_callbacks_see_each_epoch_begin_with_its_own_number():
    class Epochs(Callback):
        def __init__(self):
            super().__init__()
            self.seen: list[int] = []

        def on_epoch_begin(self, epoch, logs=None):
            self.seen.append(epoch)

    watching = Epochs()
    small_model().fit(
        IMAGES, LABELS, epochs=4, initial_epoch=2, augment="light", callbacks=[watching], verbose=0
    )
    assert watching.seen == [2, 3]


def test_a_preset_works_in_the_values_that_the_data_have():
    fractions = (IMAGES / 255).astype(np.float32)
    change = make_change("standard", fractions)
    assert change.augment.value_range == (0.0, 1.0)
    torch.manual_seed(0)
    changed = inputs_of(ArrayFeed(fractions, LABELS, None, 4, CPU, change=change))
    assert changed.min() >= 0
    assert 0.3 < changed.mean() < 0.7


def test_changes_for_bytes_are_refused_for_values_from_0_to_1():
    with pytest.raises(ArgumentError, match=r"0 to 255, but the data end at 1\. .* value_range=\(0, 1\)"):
        make_change(Augment(RandomBrightness(0.2)), IMAGES / 255)
    assert make_change(Augment(RandomFlip()), IMAGES / 255) is not None


def test_bytes_that_end_far_below_255_keep_their_brightness():
    dim = np.random.default_rng(0).integers(0, 17, (12, 8, 8, 1), dtype=np.uint8)
    change = make_change("standard", dim)
    assert change.augment.byte_range == (0.0, 16.0)
    torch.manual_seed(0)
    changed = inputs_of(ArrayFeed(dim, LABELS, None, 4, CPU, change=change))
    assert changed.max() <= 16
    assert 6 < changed.mean() < 10
