from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from striate.core.errors import StateError
from striate.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from striate.models import Model, Sequential
from striate.utils import set_random_seed

ROWS = np.linspace(-1, 1, 32, dtype=np.float32).reshape(8, 4)
LABELS = np.array([0, 1, 0, 1, 0, 1, 0, 1])


def small() -> Sequential:
    return Sequential([Input((4,)), Dense(6, activation="relu"), Dense(2, activation="softmax")])


def test_numpy_in_gives_plain_tensors_out():
    answers = small()(ROWS)
    assert isinstance(answers, torch.Tensor)
    assert not answers.requires_grad
    assert answers.numpy().shape == (8, 2)


def test_torch_in_follows_autograd():
    model = small()
    inputs = torch.from_numpy(ROWS).requires_grad_()
    model(inputs)[:, 0].sum().backward()
    assert inputs.grad is not None
    assert all(weight.grad is not None for weight in model.parameters())


def test_lists_of_numbers_and_whole_numbers_work_as_arrays():
    model = small()
    assert model([[1, 2, 3, 4]]).shape == (1, 2)
    assert torch.equal(model(np.array([[1, 2, 3, 4]], np.uint8)), model([[1.0, 2.0, 3.0, 4.0]]))


def test_a_model_is_born_in_inference_mode():
    model = Sequential([Input((4,)), Dropout(0.5)])
    assert not model.training
    assert torch.equal(model(ROWS), torch.from_numpy(ROWS))


def test_the_mode_that_a_person_sets_is_respected():
    model = Sequential([Input((4,)), Dropout(0.5)])
    model.train()
    assert bool((model(ROWS) == 0).any())
    assert torch.equal(model(ROWS, training=False), torch.from_numpy(ROWS))
    assert model.training
    model.eval()
    assert torch.equal(model(ROWS), torch.from_numpy(ROWS))


def test_training_true_overrides_for_one_call():
    model = Sequential([Input((4,)), BatchNormalization()])
    moving = model.get_weights()[2]
    answers = model(ROWS, training=True)
    assert np.allclose(answers.mean(0), 0, atol=1e-5)
    assert not np.array_equal(model.get_weights()[2], moving)
    assert not model.training
    assert not model.layers[0].training


def test_fit_leaves_the_mode_as_it_was():
    model = small()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.train()
    model.fit(ROWS, LABELS, verbose=0)
    assert model.training
    model.eval()
    model.fit(ROWS, LABELS, verbose=0)
    assert not model.training


def test_a_plain_pytorch_loop_trains_a_model():
    set_random_seed(3)
    model = small()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    inputs, labels = torch.from_numpy(ROWS), torch.from_numpy((ROWS[:, 0] > 0).astype(np.int64))
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = nn.functional.nll_loss(torch.log(model(inputs)), labels)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2


def test_state_dict_goes_to_another_model_of_the_same_structure():
    first, second = small(), small()
    second.load_state_dict(dict(zip(second.state_dict(), first.state_dict().values(), strict=True)))
    assert torch.equal(first(ROWS), second(ROWS))


def test_a_deep_copy_answers_the_same_and_learns_alone():
    model = small()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(ROWS, LABELS, verbose=0)
    before = model(ROWS)
    copied = copy.deepcopy(model)
    assert torch.equal(copied(ROWS), before)
    copied.fit(ROWS, LABELS, epochs=3, verbose=0)
    assert torch.equal(model(ROWS), before)
    assert not torch.equal(copied(ROWS), before)


def test_what_needs_compile_says_so():
    model = Sequential([Input((4,)), Dense(1)], name="raw")
    for use in (model.fit, model.evaluate, model.train_on_batch):
        with pytest.raises(StateError, match=r"model 'raw' is not compiled: call model\.compile"):
            use(ROWS, LABELS)
    with pytest.raises(StateError, match=r"not compiled"):
        _ = model.optimizer


def test_predict_needs_no_compile():
    model = small()
    np.testing.assert_allclose(model.predict(ROWS, verbose=0), model(ROWS).numpy(), rtol=0, atol=1e-6)


def test_arguments_in_keras_order_may_go_without_names():
    model = small()
    model.compile("adam", "sparse_categorical_crossentropy", None, ["accuracy"])
    history = model.fit(ROWS, LABELS, 4, 2, 0)
    assert len(history.history["accuracy"]) == 2
    assert len(model.evaluate(ROWS, LABELS, 4, 0)) == 2
    assert model.predict(ROWS, 4, 0).shape == (8, 2)
    assert model.optimizer.iterations == 4


def test_fit_leaves_its_history_with_the_model():
    model = small()
    model.compile("adam", "sparse_categorical_crossentropy")
    assert model.fit(ROWS, LABELS, verbose=0) is model.history


def test_a_subclass_that_writes_call_trains_its_layers():
    set_random_seed(0)

    class Own(Model):
        def __init__(self):
            super().__init__(name="own")
            self.convolution = Conv2D(2, 3, activation="relu")
            self.flatten = Flatten()
            self.drop = Dropout(0.5)
            self.answer = Dense(2, activation="softmax")

        def call(self, inputs, training=False):
            return self.answer(self.drop(self.flatten(self.convolution(inputs)), training=training))

    model = Own()
    images = np.random.default_rng(0).random((8, 5, 5, 1))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], precision="float32")
    model.build((None, 5, 5, 1))
    before = model.get_weights()
    model.fit(images, LABELS, epochs=2, verbose=0)
    assert len(before) == 4
    assert all(not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
    assert model.predict(images, verbose=0).shape == (8, 2)
    assert [layer.name for layer in model.layers][-1] == model.answer.name


def test_an_unbuilt_subclass_trains_from_its_first_fit():
    class Own(Model):
        def __init__(self):
            super().__init__()
            self.answer = Dense(2, activation="softmax")

        def call(self, inputs):
            return self.answer(inputs)

    model = Own()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(ROWS, LABELS, verbose=0)
    assert model.count_params() == 10
    assert model.optimizer.iterations == 1
