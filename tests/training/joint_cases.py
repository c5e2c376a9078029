"""Small trainings that a test runs in one process and in two, to compare what comes out.

Run as a program: `joint_cases.py OUT CASE...` writes what each case gives, as JSON, to OUT.RANK.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import striate
from striate import callbacks, layers, losses, metrics, models, optimizers
from striate.core.errors import StriateError
from striate.training import step

CASES: dict[str, Callable[[], Any]] = {}
RANK = int(os.environ.get("RANK", 0))
_CHANCE = np.random.default_rng(0)
IMAGES = _CHANCE.random((43, 8, 8, 3))
LABELS = _CHANCE.integers(0, 4, (43, 1))
WEIGHTS = _CHANCE.random(43)


def case(function: Callable[[], Any]) -> Callable[[], Any]:
    """Register a case by its name."""
    CASES[function.__name__] = function
    return function


class Losses(callbacks.Callback):
    """Notes the loss after each step."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.values.append(float(logs["loss"]))


def network(*inner: Any, shape: tuple[int, ...] = (8, 8, 3), classes: int = 4) -> Any:
    """Put layers together in float64, from one seed."""
    striate.utils.set_random_seed(5)
    stack = [*inner, layers.Flatten(), layers.Dense(classes)]
    for layer in stack:
        layer.dtype = torch.float64
    return models.Sequential([layers.Input(shape), *stack])


def compiled(model: Any, **options: Any) -> Any:
    """Compile with what the cases share."""
    wanted: dict[str, Any] = {
        "optimizer": "adam",
        "loss": losses.SparseCategoricalCrossentropy(from_logits=True),
        "sync_batch_norm": True,
        "precision": "float32",
    }
    model.compile(**{**wanted, **options})
    return model


def trained(model: Any, *data: Any, **options: Any) -> dict[str, Any]:
    """Train for three epochs of uneven batches, the last of one example, and say all that came of it."""
    noted = Losses()
    more = options.pop("callbacks", [])
    wanted: dict[str, Any] = {"batch_size": 7, "epochs": 3, "verbose": 0, "callbacks": [noted, *more]}
    history = model.fit(*(data or (IMAGES, LABELS)), **{**wanted, **options})
    return {
        "losses": noted.values,
        "history": history.history,
        "weights": [array.astype(np.float64).ravel().tolist() for array in model.get_weights()],
        "next draw": float(torch.rand(())),
    }


@case
def everything_at_once() -> Any:
    model = network(
        layers.Conv2D(6, 3, kernel_regularizer="l2"),
        layers.BatchNormalization(),
        layers.ReLU(activity_regularizer="l2"),
        layers.Dropout(0.3),
        layers.MaxPooling2D(2),
        layers.GaussianNoise(0.1),
        layers.SpatialDropout2D(0.2, seed=3),
    )
    compiled(model, metrics=["accuracy"])
    found = trained(model, validation_data=(IMAGES[:11], LABELS[:11]), augment="light")
    found["scores"] = model.evaluate(IMAGES[:5], LABELS[:5], batch_size=1, verbose=0)
    found["answers"] = model.predict(IMAGES[:5], verbose=0).tolist()
    return found


@case
def statistics_asked_for_by_the_layer() -> Any:
    model = network(layers.Conv2D(4, 3), layers.BatchNormalization(synchronized=True))
    return trained(compiled(model, sync_batch_norm=False))


@case
def statistics_of_each_part() -> Any:
    model = network(layers.Conv2D(4, 3), layers.BatchNormalization())
    return trained(compiled(model, sync_batch_norm=False))


@case
def mixed_examples() -> Any:
    rows = striate.utils.to_categorical(LABELS, 4)
    model = compiled(network(), loss=losses.CategoricalCrossentropy(from_logits=True))
    change = striate.augment.Augment(striate.augment.MixUp(0.4), value_range=(0, 1))
    return trained(model, IMAGES, rows, augment=change)


@case
def weights_of_examples() -> Any:
    loss = losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=2, reduction="mean_with_sample_weight"
    )
    model = compiled(network(), loss=loss, weighted_metrics=["accuracy"])
    return trained(model, sample_weight=WEIGHTS, class_weight={0: 2.0})


@case
def sum_of_a_yes_or_no() -> Any:
    loss = losses.BinaryCrossentropy(from_logits=True, reduction="sum")
    model = compiled(network(classes=1), loss=loss, metrics=[metrics.AUC(from_logits=True)])
    return trained(model, IMAGES, LABELS % 2)


@case
def accumulated_steps() -> Any:
    optimizer = optimizers.SGD(0.1, momentum=0.9, gradient_accumulation_steps=3, use_ema=True, clipnorm=1.0)
    return trained(compiled(network(layers.Dropout(0.3)), optimizer=optimizer))


@case
def batches_cut_into_parts() -> Any:
    before = step.part_size
    step.part_size = lambda module, inputs, batch, device, forward: min(2, batch)  # type: ignore[assignment]
    try:
        return trained(compiled(network(layers.Dropout(0.3), layers.GaussianNoise(0.2, seed=1))))
    finally:
        step.part_size = before


@case
def a_list_of_batches() -> Any:
    batches = [(IMAGES[start : start + 9], LABELS[start : start + 9]) for start in range(0, 43, 9)]
    return trained(compiled(network(layers.Dropout(0.3))), batches, batch_size=None, validation_data=batches)


@case
def a_data_loader_that_shuffles() -> Any:
    data = torch.utils.data.TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(LABELS))
    loader = torch.utils.data.DataLoader(data, batch_size=9, shuffle=True)
    return trained(compiled(network()), loader, batch_size=None)


@case
def a_single_batch() -> Any:
    model = compiled(network(layers.Dropout(0.3)))
    return {"losses": [model.train_on_batch(IMAGES, LABELS) for _ in range(3)]}


@case
def a_part_of_the_network_that_is_not_used() -> Any:
    inputs = layers.Input((8, 8, 3), dtype="float64")
    flat = layers.Flatten(dtype="float64")(inputs)
    striate.utils.set_random_seed(5)
    outputs = [layers.Dense(4, dtype="float64", name=name)(flat) for name in ("used", "unused")]
    loss = {"used": losses.SparseCategoricalCrossentropy(from_logits=True), "unused": None}
    model = compiled(models.Model(inputs, outputs), loss=loss)
    return trained(model, IMAGES, {"used": LABELS, "unused": None})


@case
def a_module_that_draws_by_itself() -> Any:
    striate.utils.set_random_seed(5)
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(192, 4)).double()
    model = striate.training.Compiled("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    noted = Losses()
    striate.training.fit(module, model, IMAGES, LABELS, 7, 2, 0, [noted])
    return {
        "losses": noted.values,
        "weights": [weight.detach().ravel().tolist() for weight in module.parameters()],
        "next draw": float(torch.rand(())),
    }


class _StopsInTheLast(callbacks.Callback):
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        last = int(os.environ.get("WORLD_SIZE", 1)) - 1
        if last == RANK and batch == 4:
            self.model.stop_training = True


@case
def one_process_that_wants_to_stop() -> Any:
    return trained(compiled(network()), callbacks=[_StopsInTheLast()])


def _refused(action: Callable[[], Any]) -> str:
    try:
        action()
    except StriateError as error:
        return str(error)
    return "not refused"


@case
def different_data() -> Any:
    model = compiled(network())
    return _refused(lambda: model.fit(IMAGES[RANK:], LABELS[RANK:], verbose=0))


@case
def different_streams() -> Any:
    model = compiled(network())
    batches = [(IMAGES[:8], LABELS[:8])] * (3 - RANK)
    return _refused(lambda: model.fit(batches, verbose=0))


@case
def a_sampler_that_parts_the_data() -> Any:
    data = torch.utils.data.TensorDataset(torch.from_numpy(IMAGES), torch.from_numpy(LABELS))
    sampler = torch.utils.data.DistributedSampler(data, num_replicas=2, rank=RANK)
    loader = torch.utils.data.DataLoader(data, batch_size=9, sampler=sampler)
    return _refused(lambda: compiled(network()).fit(loader, verbose=0))


@case
def a_number_that_is_none_in_one_process() -> Any:
    weights = np.where(np.arange(43) == 42, np.nan, 1.0)
    model = compiled(network(layers.Dropout(0.3)))
    before = [array.copy() for array in model.get_weights()]
    said = _refused(lambda: model.fit(IMAGES, LABELS, 43, sample_weight=weights, shuffle=False, verbose=0))
    kept = all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))
    return f"{said} (weights kept: {kept})"


class _Awakes(layers.Layer):
    """A layer that uses its weight only from the second step on."""

    calls = 0

    def build(self, input_shape: Any) -> None:
        self.late = self.add_weight((1,), "ones", name="late")

    def call(self, inputs: Any) -> Any:
        self.calls += 1
        return inputs * self.late if self.calls > 6 else inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


@case
def a_weight_that_learns_later() -> Any:
    return _refused(lambda: trained(compiled(network(_Awakes()))))


def main(out: str, names: list[str]) -> None:
    """Run the cases and write what they give."""
    torch.set_num_threads(1)
    found = {name: CASES[name]() for name in names or CASES}
    Path(f"{out}.{RANK}").write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
