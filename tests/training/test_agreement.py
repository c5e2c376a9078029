import numpy as np
import pytest
import torch

from striate.callbacks import CallbackList, LambdaCallback, ModelCheckpoint, ProgbarLogger
from striate.core.errors import DataError
from striate.training.agreement import Agreement, check_same_data, in_step, looked_at
from striate.training.feed import ArrayFeed
from striate.training.iterable_feed import IterableFeed
from striate.training.stopping import StopRequest

CPU = torch.device("cpu")


class Pretended:
    """Stands for two processes; `other` is what the other one has to say each time."""

    rank, size, is_first = 0, 2, True

    def __init__(self, *other):
        self.other = list(other)

    def largest(self, numbers):
        theirs = self.other.pop(0) if self.other else numbers
        return [max(pair) for pair in zip(numbers, theirs, strict=True)]


class Module:
    stop_training = False


class Stepper:
    def __init__(self):
        self.asked = 0

    def logs(self):
        self.asked += 1
        return {"loss": float(self.asked)}


def hooks(*callbacks):
    return CallbackList(callbacks)


def test_a_signal_in_another_process_ends_this_one_too():
    agreement = Agreement(Pretended([0], [15, 0, 0, 0]), hooks())
    stop = StopRequest()
    agreement.settle(Module(), stop, due=False)
    assert stop.number == 15


def test_stop_training_in_another_process_counts_here():
    module = Module()
    agreement = Agreement(Pretended([0], [0, 1, 0, 0]), hooks())
    agreement.settle(module, StopRequest(), due=False)
    assert module.stop_training
    assert not agreement.due


def test_a_checkpoint_that_is_due_in_the_first_is_due_in_all():
    agreement = Agreement(Pretended(), hooks())
    agreement.settle(Module(), StopRequest(), due=True)
    assert agreement.due


def test_values_are_added_up_as_often_as_a_progress_bar_is_drawn():
    times = iter([0.0, 0.05, 0.2, 0.21])
    agreement = Agreement(Pretended(), hooks(ProgbarLogger()), clock=lambda: next(times))
    stepper, seen = Stepper(), []
    for _ in range(4):
        seen.append(agreement.batch_logs(stepper)["loss"])
        if len(seen) < 4:
            agreement.settle(Module(), StopRequest(), due=False)
    assert seen == [1.0, 1.0, 2.0, 2.0]
    assert stepper.asked == 2


def test_values_are_added_up_at_every_step_where_a_callback_looks():
    agreement = Agreement(Pretended(), hooks(LambdaCallback(on_train_batch_end=lambda batch, logs: None)))
    stepper = Stepper()
    for _ in range(3):
        agreement.batch_logs(stepper)
    assert stepper.asked == 3


def test_a_progress_line_and_checkpoints_after_epochs_do_not_look_at_each_batch(tmp_path):
    group = Pretended()
    assert not looked_at(group, hooks(ProgbarLogger(), ModelCheckpoint(tmp_path / "m")), "on_train_batch_end")
    assert looked_at(group, hooks(ModelCheckpoint(tmp_path / "m", save_freq=3)), "on_train_batch_end")
    # A callback that only another process has.
    assert looked_at(Pretended([1]), hooks(), "on_train_batch_end")


def test_streams_of_different_length_are_refused():
    feed = IterableFeed([(np.zeros((4, 2)), np.zeros(4))], CPU)
    with pytest.raises(DataError, match="one has a batch of 4 examples where another has none"):
        list(in_step(feed, Pretended([0, 0])))


def test_arrays_need_no_look_at_each_batch():
    feed = ArrayFeed(np.zeros((4, 2)), np.zeros(4), None, 2, CPU)
    assert len(list(in_step(feed, Pretended([9, 9])))) == 2


def test_other_data_in_another_process_are_refused():
    feed = ArrayFeed(np.zeros((4, 2)), np.zeros(4), None, 2, CPU)
    check_same_data(feed, Pretended())
    with pytest.raises(
        DataError, match=r"this one has 4 examples in batches of 2\. Give the same whole data"
    ):
        check_same_data(feed, Pretended([5] * 8))
