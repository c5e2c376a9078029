from __future__ import annotations

import pytest

from striate import losses, metrics, optimizers
from striate.core.errors import ArgumentError, UnknownNameError
from striate.training import Compiled


def test_names_become_objects():
    compiled = Compiled("adam", "mse", metrics=["accuracy", "mae"])
    assert type(compiled.optimizer) is optimizers.Adam
    assert compiled.loss.name == "mean_squared_error"
    assert compiled.metrics == ["accuracy", "mae"]


def test_objects_stay_themselves():
    optimizer, loss, metric = optimizers.SGD(0.1), losses.Huber(2.0), metrics.AUC()
    compiled = Compiled(optimizer, loss, metrics=[metric])
    assert compiled.optimizer is optimizer
    assert compiled.loss is loss
    assert compiled.metrics == [metric]


def test_wrong_names_get_the_nearest():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'adam'"):
        Compiled("adan", "mse")
    with pytest.raises(UnknownNameError, match=r"no loss called 'binary_crossentropi'"):
        Compiled("adam", "binary_crossentropi")
    with pytest.raises(UnknownNameError, match=r"no metric called 'acuracy'"):
        Compiled("adam", "mse", metrics=["acuracy"])


def test_an_argument_that_is_not_there_gets_the_nearest():
    with pytest.raises(
        ArgumentError, match=r"compile has no argument 'los_weights'\. Did you mean 'loss_weights'"
    ):
        Compiled("adam", "mse", los_weights=[1])


def test_an_optimizer_is_needed():
    with pytest.raises(ArgumentError, match=r"compile needs an optimizer: a name such as 'adam'"):
        Compiled(None, "mse")


def test_a_precision_that_is_not_there_is_refused():
    with pytest.raises(ArgumentError, match=r"one of 'auto', 'float32', 'bfloat16'; got 'half'"):
        Compiled("adam", "mse", precision="half")


def test_keras_words_for_how_its_graphs_are_built_are_taken_and_change_nothing():
    plain, worded = Compiled("adam", "mse"), Compiled("adam", "mse", run_eagerly=True, jit_compile="auto")
    assert plain.get_config() == worded.get_config()


def test_a_config_makes_the_same_choices():
    compiled = Compiled(
        optimizers.SGD(0.1, momentum=0.9),
        {"a": losses.BinaryCrossentropy(label_smoothing=0.1), "b": "mse", "c": None, "d": "crossentropy"},
        loss_weights={"a": 2.0},
        metrics={"a": ["accuracy", metrics.AUC(num_thresholds=50)], "b": "mae"},
        weighted_metrics=["mse"],
        precision="bfloat16",
    )
    again = Compiled.from_config(compiled.get_config())
    assert again.get_config() == compiled.get_config()
    assert again.loss["a"].label_smoothing == 0.1
    assert again.loss["d"] == "crossentropy"
    assert again.metrics["a"][1].num_thresholds == 50


def test_joined_batch_statistics_are_yes_no_or_left_open():
    assert Compiled("adam", "mse").sync_batch_norm is None
    assert Compiled("adam", "mse", sync_batch_norm=True).sync_batch_norm is True
    with pytest.raises(ArgumentError, match="sync_batch_norm is True, False or None; got 'auto'"):
        Compiled("adam", "mse", sync_batch_norm="auto")
