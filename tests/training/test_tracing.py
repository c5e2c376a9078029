"""Where numbers went wrong is found by computing the step again, and said with what helps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from striate import training
from striate.core.errors import NumbersError
from striate.datasets.folders.image_dataset import image_dataset_from_directory
from striate.layers import BatchNormalization, Dense, Dropout, Flatten, Input, Layer, TorchModule
from striate.models import Model, Sequential
from striate.optimizers import SGD
from striate.training import tracing
from striate.training.batch import Batch
from striate.training.compiled import Compiled
from striate.training.step import Stepper
from striate.training.tracing import name_files, tell_where

X = np.random.default_rng(0).uniform(0.1, 1, size=(24, 4)).astype(np.float32)
Y = np.ones((24, 1), np.float32)


class Log(nn.Module):
    def forward(self, inputs):
        return inputs.log()


def failing(model, x=X, y=Y, **options):
    with pytest.raises(NumbersError, match="in epoch 1, step 1: the loss became") as caught:
        model.fit(x, y, **{"verbose": 0, "batch_size": 8, "shuffle": False, **options})
    return caught.value


def compiled(*layers, loss="mse"):
    model = Sequential([Input((4,)), *layers])
    model.compile(SGD(0.5), loss, precision="float32")
    return model


def test_the_first_layer_that_gives_no_numbers_is_named_with_its_examples():
    x = X.copy()
    x[[1, 6]] = -1
    error = failing(compiled(TorchModule(Log(), name="logarithm"), Dense(3), Dense(1)), x)
    assert "come out of layer 'logarithm' (Log): NaN." in str(error)
    assert str(error).endswith("The examples concerned: 1, 6.")
    assert error.place == {
        "cause": "layer",
        "learning_rate": 0.5,
        "layer": "logarithm",
        "epoch": 1,
        "step": 1,
        "examples": [1, 6],
    }
    assert "Try a lower learning rate, such as 0.05; clipnorm=1.0" in str(error)


def test_behind_batch_statistics_all_examples_are_concerned():
    x = X.copy()
    x[1] = 3e38
    # axis=1: not the kernels' form, which sum in double precision and would not overflow.
    error = failing(compiled(BatchNormalization(axis=1), Dense(1)), x)
    assert str(error).endswith("The examples of this step: 0, 1, 2, 3, 4, 5, 6, 7.")


def test_modules_of_torch_are_named_by_their_paths():
    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 4), Log()), nn.Linear(4, 1))
    model[1][0].weight.data.fill_(-1)
    model[0].weight.data.fill_(1)
    with pytest.raises(NumbersError, match=r"come out of layer '1\.1' \(Log\): NaN"):
        training.fit(model, Compiled(SGD(0.1), "mse", precision="float32"), X, Y, verbose=0)


def test_layers_of_a_graph_are_named():
    inputs = Input((4,))
    middle = TorchModule(Log(), name="middle")(Dense(3, name="before", kernel_initializer="zeros")(inputs))
    model = Model(inputs, Dense(1)(middle))
    model.compile(SGD(0.5), "mse", precision="float32")
    assert "come out of layer 'middle'" in str(failing(model))


def test_a_weight_that_was_spoilt_before_is_named():
    model = compiled(Dense(3), Dense(1, name="last"))
    model.layers[-1].kernel.data.fill_(np.nan)
    error = failing(model)
    assert error.place["cause"] == "weight"
    assert "kernel" in error.place["weight"]
    assert "Go on from an earlier checkpoint or model." in str(error)
    assert "the weights are those of before" not in str(error)


@pytest.mark.parametrize(("value", "word"), [(np.nan, "NaN"), (np.inf, "infinite")])
def test_a_loss_that_alone_is_no_number_is_said(value, word):
    def broken(y_true, y_pred):
        return (y_pred * 0).mean() + value

    error = failing(compiled(Dense(1), loss=broken))
    assert f"the loss became {word}" in str(error)
    assert "all layers give finite numbers, so it is the loss itself: a logarithm of 0" in str(error)


def test_a_penalty_that_is_no_number_is_said():
    error = failing(compiled(Dense(1, kernel_regularizer=lambda weight: weight.sum() * torch.inf)))
    assert "but a regularizer's penalty is none" in str(error)


def test_data_and_labels_from_a_generator_are_named_by_their_places():
    x, y = X[:8].copy(), Y[:8].copy()
    x[[2, 5]] = np.nan
    error = failing(compiled(Dense(1)), [(x, y)], None, batch_size=None)
    assert "the data of this batch hold NaN or infinite values." in str(error)
    assert str(error).endswith("Places in the batch, from 0: 2, 5.")
    first, y[7] = (X[:8], Y[:8].copy()), np.inf
    with pytest.raises(NumbersError, match=r"step 2: .* the labels of this batch hold NaN or infinite"):
        compiled(Dense(1)).fit([first, (X[:8], y)], verbose=0)
    weights = np.where(np.arange(8) == 1, np.nan, 1)
    given = [(X[:8], Y[:8], weights)]
    assert "Give weights that are numbers." in str(failing(compiled(Dense(1)), given, None, batch_size=None))


def test_what_chance_had_its_part_in_is_said():
    class Sometimes(Layer):
        """Gives infinite values at its first training call only."""

        def __init__(self):
            super().__init__()
            self.calls = 0

        def call(self, inputs):
            self.calls += self.training
            return inputs / 0 if self.training and self.calls == 2 else inputs

        def compute_output_shape(self, input_shape):
            return input_shape

    error = failing(compiled(Sometimes(), Dense(1)))
    assert "computed again, the same batch gives numbers" in str(error)


def test_looking_leaves_statistics_and_chance_as_they_are():
    model = compiled(Dropout(0.5), Dropout(0.5, seed=3), BatchNormalization(), TorchModule(Log()), Dense(1))
    stepper = Stepper(model, model.compiled)
    batch = Batch(torch.from_numpy(X[:8]), torch.from_numpy(Y[:8]), None, 8)
    stepper.prepare(batch)
    weights, chance = model.get_weights(), torch.random.get_rng_state()
    model.train()
    assert tracing.find_origin(stepper, batch, float("nan")).cause == "layer"
    assert all(np.array_equal(one, two) for one, two in zip(weights, model.get_weights(), strict=True))
    assert torch.equal(chance, torch.random.get_rng_state())
    assert not any(inner._forward_hooks for inner in model.modules())


def test_with_several_processes_layers_are_not_run_again(monkeypatch):
    monkeypatch.setattr(tracing, "_is_shared", lambda: True)
    x = np.where(np.arange(24)[:, None] == 3, -1, X)
    error = failing(compiled(TorchModule(Log()), Dense(1)), x)
    assert error.place["cause"] == "loss"


def test_the_other_processes_of_one_whose_loss_is_no_number_point_to_it(monkeypatch):
    model = compiled(Dense(1))
    stepper = Stepper(model, model.compiled)
    batch = Batch(torch.from_numpy(X[:8]), torch.from_numpy(Y[:8]), None, 8)
    stepper.prepare(batch)
    monkeypatch.setattr(tracing, "_is_shared", lambda: True)
    error = tracing.explain(stepper, batch, 0.5)
    assert "one of the other processes that train together met it" in str(error)


def test_files_of_a_folder_are_named(tmp_path):
    for number in range(6):
        place = tmp_path / f"class{number % 2}"
        place.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(place / f"{number}.png")
    data = image_dataset_from_directory(
        tmp_path, image_size=(8, 8), batch_size=3, shuffle=False, label_mode="binary", verbose=False
    ).map(lambda images, labels: (images.clone().index_fill_(0, torch.tensor([1]), torch.nan), labels))
    model = Sequential([Input((8, 8, 3)), Flatten(), Dense(1)])
    model.compile("sgd", "mse", precision="float32")
    error = failing(model, data, None, batch_size=None)
    assert error.place["files"] == [str(tmp_path / "class0" / "2.png")]
    assert str(error).endswith("class0/2.png.")


def test_numbers_become_files_where_somebody_knows_them():
    error = NumbersError("the loss became NaN.", {"rows": []})
    tell_where(error, 2, 5, np.arange(10))
    assert str(error) == (
        "in epoch 2, step 5: the loss became NaN. "
        "The examples of this step: 0, 1, 2, 3, 4, 5, 6, 7 and 2 more."
    )
    name_files(error, [f"{number}.png" for number in range(20)])
    assert str(error).endswith(
        "The files of this step: 0.png, 1.png, 2.png, 3.png, 4.png, 5.png, 6.png, 7.png and 2 more."
    )
    assert len(error.place["files"]) == 10
    again = NumbersError("x.", {"rows": [1]})
    tell_where(again, 1, 1, np.array([7, 8, 9]))
    name_files(again, None)
    assert str(again).endswith("The examples concerned: 8.")
