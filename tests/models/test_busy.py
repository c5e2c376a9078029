from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest

from striate.callbacks import LambdaCallback
from striate.core.errors import BusyError
from striate.layers import Dense, Input, Layer
from striate.models import Sequential
from striate.models.busy import Turn

ROWS = np.zeros((4, 2), np.float32)


def in_another_thread(action):
    """Run an action in a second thread and hand back the error that it ended with."""
    caught = []

    def run():
        try:
            action()
        except BusyError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return caught[0] if caught else None


def test_a_second_thread_gets_a_clear_error_while_the_first_trains():
    model = Sequential([Input((2,)), Dense(1)], name="shared")
    model.compile("sgd", "mse")
    errors = []

    def use_elsewhere(*_):
        errors.append(in_another_thread(lambda: model.predict(ROWS)))

    model.fit(ROWS, ROWS[:, :1], callbacks=[LambdaCallback(on_epoch_end=use_elsewhere)], verbose=0)
    with pytest.raises(BusyError, match=r"model 'shared' is in use by another thread"):
        raise errors[0]
    assert in_another_thread(lambda: model.predict(ROWS, verbose=0)) is None


def test_a_second_thread_gets_a_clear_error_while_the_first_calls():
    errors = []

    class Interrupted(Layer):
        def call(self, inputs):
            errors.append(in_another_thread(lambda: model(ROWS)) if not errors else None)
            return inputs

        def compute_output_shape(self, input_shape):
            return tuple(input_shape)

    model = Sequential([Input((2,)), Interrupted()])
    model(ROWS)
    assert isinstance(errors[0], BusyError)


def test_the_same_thread_may_enter_again():
    turn = Turn()
    with turn.taken("one"), turn.taken("one"):
        assert isinstance(in_another_thread(lambda: turn.taken("one").__enter__()), BusyError)
    assert in_another_thread(lambda: turn.taken("one").__enter__()) is None


def test_an_error_inside_gives_the_turn_back():
    turn = Turn()
    with pytest.raises(KeyError, match="inside"), turn.taken("one"):
        raise KeyError("inside")
    assert in_another_thread(lambda: turn.taken("one").__enter__()) is None


def test_a_pickled_turn_comes_back_free():
    turn = Turn()
    with turn.taken("one"):
        again = pickle.loads(pickle.dumps(turn))
        assert in_another_thread(lambda: again.taken("one").__enter__()) is None
