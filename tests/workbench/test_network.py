from __future__ import annotations

import numpy as np
import pytest

from striate.core.errors import ArgumentError, FileAccessError, ShapeError, StriateError, UnknownNameError
from striate.datasets.source import Data, DataBundle
from striate.layers import Dense, Flatten, Input, Layer, Rescaling
from striate.losses import BinaryCrossentropy, SparseCategoricalCrossentropy
from striate.models import Model, Sequential
from striate.workbench import Recipe, actions
from striate.workbench.network import (
    check_can_come_back,
    check_network,
    compile_network,
    ends_in_probabilities,
    load_function,
    make_network,
    scale_of,
)
from tests.workbench.toy import toy_images


def bundle(pixel_range: tuple[float, float] | None = (0, 255)) -> DataBundle:
    images, labels = toy_images(9)
    return DataBundle("toy", Data(images, labels), pixel_range=pixel_range)


def test_without_a_wish_a_small_network_is_chosen_and_the_reason_said():
    found = make_network(None, bundle(), 3)
    assert found.name == "small"
    assert found.reason.startswith("images of 6 x 6 pixels with 1 channel in 3 classes")
    assert found.model.output.shape == (None, 3)


def test_the_network_takes_raw_pixels_by_scaling_them_itself():
    model = make_network(None, bundle(), 3).model
    scales = [layer.scale for layer in model.layers if isinstance(layer, Rescaling)]
    assert scales == [1 / 255]


def test_values_that_end_at_one_are_not_scaled_and_signals_are_by_their_largest():
    assert scale_of(bundle((0, 1))) is None
    signals = np.full((4, 8, 1), -20.0, np.float32)
    assert scale_of(DataBundle("s", Data(signals), kind="signal", pixel_range=None)) == 1 / 20


def test_a_name_that_is_no_network_gets_what_was_meant():
    with pytest.raises(UnknownNameError, match=r"no network .* called 'smal'\. Did you mean 'small'"):
        make_network("smal", bundle(), 3)


def test_images_that_a_network_cannot_take_are_refused():
    with pytest.raises(ShapeError, match="needs at least 18 pixels"):
        make_network("net_c", bundle(), 3)


def test_ones_own_network_gets_a_scaling_layer_in_front_and_it_is_said(here):
    found = make_network("networks.py:stack", bundle(), 3)
    assert [type(layer).__name__ for layer in found.model.layers] == ["Rescaling", "Flatten", "Dense"]
    assert found.reason == "asked for; a layer in front divides by 255"


def test_ones_own_graph_stays_whole_behind_the_scaling_layer(here):
    model = make_network("networks.py:graph", bundle(), 3).model
    assert [type(layer).__name__ for layer in model.layers][1:] == ["Rescaling", "Model"]
    assert ends_in_probabilities(model)


def test_a_network_with_its_own_scaling_stays_as_it_is(here):
    found = make_network("networks.py:scaled", bundle(), 3)
    assert sum(isinstance(layer, Rescaling) for layer in found.model.layers) == 1
    assert found.reason == "asked for"


def test_a_network_without_an_input_is_built_for_the_data(here):
    assert make_network("networks.py:unbuilt", bundle(), 3).model.built


def test_one_unit_serves_for_two_classes_only(here):
    assert make_network("networks.py:one_unit", bundle(), 2).model.output.shape == (None, 1)
    with pytest.raises(ArgumentError, match=r"answers with \(1,\), but there are 3 classes"):
        make_network("networks.py:one_unit", bundle(), 3)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("networks.py", r"networks\.py needs a colon and the function that makes the network"),
        ("networks.py:nothing", r"must return a Sequential or a Model; got NoneType None"),
        (
            "networks.py:seven",
            r"answers with \(7,\), but there are 3 classes: its last layer must be Dense\(3\)",
        ),
        ("networks.py:other_input", r"takes \(9, 9, 1\), but the data are \(6, 6, 1\)\. Use the input_shape"),
        ("networks.py:two_inputs", r"has 2 inputs and 2 outputs; striate train takes networks with one of"),
        ("networks.py:no_arguments", r"is called with \(input_shape, classes\), .* it does not take that"),
        ("networks.py:stac", r"networks\.py: there is no function called 'stac'\. Did you mean 'stack'"),
        ("networks.py:bad_layer", r"networks\.py:bad_layer: .*units"),
    ],
)
def test_a_function_that_makes_no_fitting_network_is_answered_in_words(here, request_, message):
    with pytest.raises(ArgumentError, match=message):
        make_network(request_, bundle(), 3)


def test_a_file_that_is_missing_or_no_python_is_answered_in_words(here):
    with pytest.raises(FileAccessError, match=r"there is no file missing\.py \(seen from"):
        load_function("missing.py:build")
    (here / "broken.py").write_text("def build(:\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"broken\.py, line 1 cannot be run: "):
        load_function("broken.py:build")
    (here / "lost.py").write_text("import no_such_library_at_all\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match="cannot be run: No module named 'no_such_library_at_all'"):
        load_function("lost.py:build")


def test_what_is_no_model_is_named():
    with pytest.raises(ArgumentError, match="f must return a Sequential or a Model; got int 3"):
        check_network(3, "f", (6, 6, 1), 3)


@pytest.mark.parametrize(
    ("units", "activation", "loss", "from_logits"),
    [
        (1, "sigmoid", BinaryCrossentropy, False),
        (1, None, BinaryCrossentropy, True),
        (3, "softmax", SparseCategoricalCrossentropy, False),
        (3, None, SparseCategoricalCrossentropy, True),
    ],
)
def test_the_loss_suits_the_last_layer(units, activation, loss, from_logits):
    model = Sequential([Input((4,)), Dense(units, activation=activation)])
    compile_network(model, "adam", "cpu", "float32")
    assert isinstance(model.compiled.loss, loss)
    assert model.compiled.loss.from_logits is from_logits


def test_probabilities_are_found_at_the_end_of_a_graph_that_branches():
    inputs = Input((4, 4, 1))
    flat = Flatten()(inputs)
    side = Dense(2)(flat)
    answer = Dense(3, activation="softmax")(flat)
    assert ends_in_probabilities(Model(inputs, answer))
    assert not ends_in_probabilities(Model(inputs, side))


def test_a_network_whose_layers_a_file_cannot_bring_back_is_refused_before_the_first_step():
    class Mine(Layer):
        def call(self, inputs):
            return inputs

    network = Sequential([Input((4,)), Mine(), Dense(2)])
    with pytest.raises(StriateError, match=r"must be able to open its own network again.*called 'Mine'"):
        check_can_come_back(network)


def test_mixed_examples_need_an_answer_for_each_class():
    model = Sequential([Input((6, 6, 1)), Flatten(), Dense(1, activation="sigmoid")])
    with pytest.raises(ArgumentError, match=r"mixes examples of different classes, .* ending in Dense\(2\)"):
        compile_network(model, "adam", "cpu", "float32", label_rows=True)


@pytest.mark.parametrize("mix", ["mixup", "cutmix"])
def test_a_training_on_mixed_examples_is_scored_like_any_other(here, mix):
    recipe = Recipe("toy.npz", model="networks.py:stack", epochs=8, batch_size=8, learning_rate=0.05, mix=mix)
    assert actions.train(recipe, "mixed").scores.accuracy > 0.8
    assert actions.evaluate("mixed").scores.examples == 14


@pytest.mark.parametrize(("request_", "front"), [(None, None), ("vgg16", Rescaling(0.5))])
def test_weights_learnt_elsewhere_need_a_network_by_name_and_no_normalisation(request_, front):
    images, labels = toy_images(6)
    with pytest.raises(ArgumentError, match="weights learnt elsewhere go with a network by name"):
        make_network(request_, DataBundle("toy", Data(images, labels)), 3, front, weights="imagenet")


def test_two_classes_can_be_mixed_by_a_network_with_an_answer_for_each(here):
    images, labels = toy_images(60)
    np.savez("two.npz", x=images[labels < 2], y=labels[labels < 2])
    recipe = Recipe("two.npz", model="networks.py:stack", epochs=2, batch_size=8, mix="mixup")
    assert actions.train(recipe, "two").status == "finished"
