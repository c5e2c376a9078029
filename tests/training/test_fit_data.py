from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.core.errors import ArgumentError, DataError, StateError
from striate.training.feed import ArrayFeed, IterableFeed
from striate.training.fit_data import Cut, FitData, make_feed, prepare_fit, split_off, weights_by_class

CPU = torch.device("cpu")
ROWS = np.arange(20, dtype=np.float32).reshape(10, 2)
LABELS = np.arange(10) % 2


def prepare(data, **cut):
    return prepare_fit(data, Cut(**cut), CPU)


def test_fifty_thousand_images_in_a_hundred_steps_are_500_a_step():
    images = np.zeros((50_000, 1), np.uint8)
    feed = prepare(FitData(images, None, None), steps=100).train
    assert (feed.batch_size, feed.steps) == (500, 100)
    assert prepare(FitData(images, None, None), steps=100, batch_size=20).train.batch_size == 20
    assert prepare(FitData(images, None, None)).train.batch_size == 32


def test_the_range_is_that_of_the_training_part():
    feeds = prepare(FitData(ROWS, LABELS, None), validation_split=0.2)
    assert feeds.input_range == (0.0, 15.0)
    assert feeds.validation.x.tolist() == [[16, 17], [18, 19]]
    assert feeds.validation.batch_size == 32


def test_the_split_cuts_weights_and_several_inputs_too():
    found = split_off(FitData([ROWS, ROWS], LABELS, np.arange(10)), 0.3)
    assert [len(part) for part in found.x] == [7, 7]
    assert [len(part) for part in found.validation[0]] == [3, 3]
    assert found.validation[2].tolist() == [7, 8, 9]


def test_validation_data_go_before_a_split():
    data = FitData(ROWS, LABELS, None, validation=(ROWS[:1], LABELS[:1]))
    assert prepare(data, validation_split=0.5).train.examples == 10


def test_class_weights_become_sample_weights():
    assert weights_by_class(np.array([1, 0, 1]), {0: 1.0, 1: 3.0}, None).tolist() == [3, 1, 3]
    assert weights_by_class(np.eye(2)[[1, 0]], {0: 1.0, 1: 3.0}, [2, 2]).tolist() == [6, 2]
    assert weights_by_class(np.array([[1], [0]]), {0: 1.0, 1: 3.0}, None).tolist() == [3, 1]
    assert weights_by_class(np.array([0, 2]), {0: 3.0}, None).tolist() == [3, 1]
    with pytest.raises(ArgumentError, match=r"weights for the classes \[5\], but the labels run from 0 to 2"):
        weights_by_class(np.array([0, 2]), {0: 1.0, 5: 2.0}, None)
    with pytest.raises(ArgumentError, match=r"class_weight needs the labels of one output"):
        weights_by_class([np.zeros(2), np.zeros(2)], {0: 1.0}, None)


@pytest.mark.parametrize(
    "extra",
    [{"y": LABELS}, {"weights": LABELS}, {"class_weight": {0: 1.0}}],
    ids=["y", "weights", "class_weight"],
)
def test_what_yields_batches_yields_labels_itself(extra):
    data = FitData(**{"x": iter([]), "y": None, "weights": None, **extra})
    with pytest.raises(ArgumentError, match=r"must yield labels and weights itself"):
        prepare(data)


def test_what_yields_batches_cannot_be_split():
    with pytest.raises(ArgumentError, match=r"validation_split takes arrays; give validation_data"):
        prepare(FitData(iter([]), None, None), validation_split=0.5)


def test_what_yields_nothing_is_refused():
    with pytest.raises(DataError, match=r"something that yields batches; got object"):
        prepare(FitData(object(), None, None))
    with pytest.raises(DataError, match=r"nothing to train on: x is None"):
        prepare(FitData(None, None, None))


def test_validation_by_a_generator_is_refused():
    with pytest.raises(StateError, match=r"validation_data that yields batches must have a length"):
        prepare(FitData(ROWS, LABELS, None, validation=iter([])))


def test_validation_may_be_a_list_of_batches():
    data = FitData(ROWS, LABELS, None, validation=[(ROWS[:2], LABELS[:2]), (ROWS[2:3], LABELS[2:3])])
    feed = prepare(data).validation
    assert isinstance(feed, IterableFeed)
    assert [batch.size for batch in feed] == [2, 1]


def test_feeds_to_score_keep_the_order():
    feed = make_feed(ROWS, LABELS, None, 4, CPU)
    assert isinstance(feed, ArrayFeed)
    assert torch.cat([batch.targets for batch in feed]).tolist() == LABELS.tolist()
    with pytest.raises(DataError, match=r"there are no data: x is None"):
        make_feed(None, None, None, 4, CPU)
    with pytest.raises(ArgumentError, match=r"must yield its labels itself, as \(x, y\)"):
        make_feed(iter([]), LABELS, None, 4, CPU)
