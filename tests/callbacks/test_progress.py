from __future__ import annotations

import io

import pytest

from striate.callbacks import LazyLogs, ProgbarLogger
from striate.callbacks.progress import format_duration, format_logs, format_step_time
from striate.core.errors import ArgumentError


def train(callback, clock, steps=4, seconds=1.0, **params):
    callback.set_params({"epochs": 10, "steps": steps, **params})
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    for batch in range(4):
        clock.now += seconds / 4
        callback.on_train_batch_end(batch, {"loss": 4.0 - batch})
    callback.on_test_begin()
    callback.on_test_batch_end(0, {"loss": 9.0})
    callback.on_test_end({"loss": 9.0})
    callback.on_epoch_end(0, {"loss": 1.2345, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": 0.25})
    callback.on_train_end()


@pytest.mark.parametrize("verbose", [1, 2, "auto"])
def test_where_there_is_no_terminal_an_epoch_is_one_line(clock, verbose):
    stream = io.StringIO()
    train(ProgbarLogger(stream, clock), clock, seconds=3.0, verbose=verbose)
    assert stream.getvalue() == (
        "Epoch 1/10 - 3s - 750ms/step - accuracy: 0.5000 - loss: 1.2345"
        " - val_accuracy: 0.2500 - val_loss: 2.0000\n"
    )


def test_a_terminal_sees_a_bar_redrawn_in_place(terminal, clock):
    train(ProgbarLogger(terminal, clock), clock, verbose=1)
    heading, drawings = terminal.getvalue().split("\n", 1)
    assert heading == "Epoch 1/10"
    assert [line.rstrip() for line in drawings.split("\r")] == [
        "",
        "1/4 ━━━━━─────────────── 1s 250ms/step - loss: 4.0000",
        "2/4 ━━━━━━━━━━────────── 0s 250ms/step - loss: 3.0000",
        "3/4 ━━━━━━━━━━━━━━━───── 0s 250ms/step - loss: 2.0000",
        "4/4 ━━━━━━━━━━━━━━━━━━━━ 0s 250ms/step - loss: 1.0000",
        "4/4 ━━━━━━━━━━━━━━━━━━━━ 1s 250ms/step - accuracy: 0.5000 - loss: 1.2345"
        " - val_accuracy: 0.2500 - val_loss: 2.0000",
    ]


def test_values_are_read_only_when_a_line_is_drawn(terminal, clock):
    callback = ProgbarLogger(terminal, clock)
    callback.set_params({"epochs": 1, "steps": 100, "verbose": 1})
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    read = []
    for batch in range(50):
        clock.now += 0.01
        callback.on_train_batch_end(batch, LazyLogs(lambda batch=batch: read.append(batch) or {"loss": 1.0}))
    assert len(read) == 5


def test_nothing_is_read_from_a_batch_where_lines_come_only_at_the_end(clock):
    callback = ProgbarLogger(io.StringIO(), clock)
    callback.set_params({"steps": 4, "verbose": 2})
    callback.on_epoch_begin(0)
    callback.on_train_batch_end(3, LazyLogs(lambda: pytest.fail("the values were read")))


def test_a_shorter_line_wipes_out_the_longer_one_before(terminal, clock):
    callback = ProgbarLogger(terminal, clock)
    callback.set_params({"steps": 4, "verbose": 1})
    callback.on_test_begin()
    callback.on_test_batch_end(0, {"loss": 1.0, "accuracy": 1.0})
    clock.now += 1
    callback.on_test_batch_end(1, {"loss": 1.0})
    before, after = terminal.getvalue().split("\r")[1:]
    assert len(after) == len(before)


def test_a_line_is_cut_to_the_terminal_while_it_is_redrawn(terminal, clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    callback = ProgbarLogger(terminal, clock)
    callback.set_params({"steps": 4, "verbose": 1})
    callback.on_test_begin()
    callback.on_test_batch_end(0, {"loss": 1.0, "accuracy": 1.0})
    assert len(terminal.getvalue().split("\r")[1]) == 39


def test_a_number_of_steps_that_is_not_known_is_said(terminal, clock):
    train(ProgbarLogger(terminal, clock), clock, steps=None, verbose=1)
    lines = terminal.getvalue().split("\r")
    assert lines[2].rstrip() == "2/Unknown 0s 250ms/step - loss: 3.0000"
    assert lines[-1].startswith("4/4 ━━━━━━━━━━━━━━━━━━━━ 1s 250ms/step")


def test_evaluation_and_prediction_have_lines_of_their_own(clock):
    stream = io.StringIO()
    callback = ProgbarLogger(stream, clock)
    callback.set_params({"steps": 2, "verbose": 2})
    callback.on_test_begin()
    clock.now += 2.5
    callback.on_test_batch_end(1, {"loss": 9.0})
    callback.on_test_end({"loss": 0.5})
    callback.on_predict_begin()
    clock.now += 0.001
    callback.on_predict_batch_end(1, {"outputs": "not written"})
    callback.on_predict_end()
    assert stream.getvalue() == "2/2 - 2s - 1s/step - loss: 0.5000\n2/2 - 0s - 500us/step\n"


def test_evaluation_on_a_terminal_draws_a_bar(terminal, clock):
    callback = ProgbarLogger(terminal, clock)
    callback.set_params({"steps": 1, "verbose": 1})
    callback.on_test_begin()
    clock.now += 1
    callback.on_test_batch_end(0, {"loss": 0.5})
    callback.on_test_end({"loss": 0.5})
    assert terminal.getvalue().endswith("\r1/1 ━━━━━━━━━━━━━━━━━━━━ 1s 1s/step - loss: 0.5000\n")


def test_silence_is_silent(terminal, clock):
    train(ProgbarLogger(terminal, clock), clock, verbose=0)
    assert terminal.getvalue() == ""


def test_standard_output_is_looked_up_when_it_is_written_to(clock, capsys):
    train(ProgbarLogger(clock=clock), clock)
    assert capsys.readouterr().out.startswith("Epoch 1/10 - 1s - 250ms/step - accuracy: 0.5000")


def test_another_verbosity_is_refused(clock):
    with pytest.raises(ArgumentError, match="verbose must be 0, 1, 2 or 'auto'; got 3"):
        train(ProgbarLogger(io.StringIO(), clock), clock, verbose=3)


def test_times_and_values_are_written_for_people():
    assert [format_duration(seconds) for seconds in (0.4, 59, 125, 3723)] == ["0s", "59s", "2:05", "1:02:03"]
    assert [format_step_time(seconds) for seconds in (0, 2.2, 0.03, 4.5e-4)] == [
        "0s/step",
        "2s/step",
        "30ms/step",
        "450us/step",
    ]
    assert format_logs({"weight": 1e-4, "val_a": 2, "f1": [0.5, 1.0], "nan": float("nan")}) == (
        " - f1: [0.5, 1.0] - nan: nan - weight: 1.0000e-04 - val_a: 2.0000"
    )
    assert format_logs(None) == ""
