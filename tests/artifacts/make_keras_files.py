"""Write the small Keras files of the tests, with what Keras answers: run once, with Keras 3.15 on JAX.

    KERAS_BACKEND=jax python tests/artifacts/make_keras_files.py

Each network goes into `keras_files/` as NAME.keras, NAME.h5 and NAME.npz (inputs and outputs).
Neither Keras nor this script is needed to run the tests.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

FOLDER = Path(__file__).parent / "keras_files"


def image() -> Any:
    """One layer after the other on images, compiled, with layers that act in training only."""
    model = keras.Sequential(name="image")
    model.add(keras.Input((8, 8, 2), name="picture"))
    model.add(layers.Rescaling(1 / 2, offset=0.1))
    model.add(layers.RandomFlip("horizontal", seed=1))
    model.add(layers.Conv2D(4, 3, padding="same", strides=2, activation="relu", kernel_regularizer="l2"))
    model.add(layers.BatchNormalization())
    model.add(layers.SeparableConv2D(3, 3, padding="same"))
    model.add(layers.LeakyReLU(negative_slope=0.1))
    model.add(layers.MaxPooling2D(2))
    model.add(layers.Dropout(0.5))
    model.add(layers.Flatten())
    model.add(layers.Dense(3, activation=layers.Softmax()))
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return model


def signal() -> Any:
    """One layer after the other along a sequence; the shape of the input came with the first call."""
    model = keras.Sequential(name="signal")
    model.add(layers.Conv1D(4, 3, padding="causal", dilation_rate=2, groups=2))
    model.add(layers.PReLU(shared_axes=[1]))
    model.add(layers.LayerNormalization())
    model.add(layers.ZeroPadding1D(1))
    model.add(layers.Conv1DTranspose(4, 3, strides=2))
    model.add(layers.GroupNormalization(2))
    model.add(layers.UpSampling1D(2))
    model.add(layers.GlobalAveragePooling1D())
    model.add(layers.Dense(2, name="answer"))
    model(np.zeros((1, 10, 2), np.float32))
    return model


def volume() -> Any:
    """Channels before the axes, in three dimensions."""
    first = {"data_format": "channels_first"}
    inputs = keras.Input((2, 4, 5, 6))
    tensor = layers.Conv3D(3, 2, padding="same", activation="tanh", **first)(inputs)
    tensor = layers.BatchNormalization(axis=1)(tensor)
    tensor = layers.AveragePooling3D(2, **first)(tensor)
    tensor = layers.Permute((2, 3, 4, 1))(tensor)
    return keras.Model(inputs, layers.Reshape((-1, 3))(tensor), name="volume")


def words() -> Any:
    """Whole numbers in, an embedding, a compile without a counterpart."""
    inputs = keras.Input((6,), dtype="int32", name="tokens")
    tensor = layers.Embedding(9, 4)(inputs)
    tensor = layers.SpatialDropout1D(0.2)(tensor)
    tensor = layers.DepthwiseConv1D(2, depth_multiplier=2)(tensor)
    model = keras.Model(inputs, layers.GlobalMaxPooling1D(keepdims=True)(tensor), name="words")
    model.compile("adam", "ctc")
    return model


def graph() -> Any:
    """Two inputs, two outputs, branches, a shared layer, models inside, arithmetic, frozen layers."""
    body = layers.Input((4, 4, 2))
    inner = keras.Sequential([layers.Conv2D(2, 2, padding="same"), layers.BatchNormalization()], name="stem")
    stem = inner(body)
    tower = keras.Model(body, layers.Add()([stem, body]), name="tower")
    frozen = keras.Sequential(
        [layers.Input((4, 4, 2)), layers.BatchNormalization(), layers.Dense(2)], name="still"
    )
    frozen.layers[0].trainable = False

    left, right = keras.Input((4, 4, 2), name="left"), keras.Input((4, 4, 2), name="right")
    shared = layers.Conv2D(2, 3, padding="same", activation="relu", name="shared")
    one, other = shared(tower(left)), shared(tower(right, training=False))
    mixed = (2.0 - one / 3.0) * other - frozen(one) + 1.0
    mixed = keras.ops.relu(mixed)
    joined = layers.Concatenate()([mixed, layers.ZeroPadding2D(1)(layers.Cropping2D(1)(other))])
    pooled = layers.GlobalAveragePooling2D()(joined)
    answer = layers.Dense(3, activation="softmax", name="answer")(layers.Dropout(0.3)(pooled))
    return keras.Model([left, right], [answer, layers.Dot(1)([pooled, pooled])], name="graph")


SHAPES = {
    "image": [(2, 8, 8, 2)],
    "signal": [(2, 10, 2)],
    "volume": [(2, 2, 4, 5, 6)],
    "words": [(2, 6)],
    "graph": [(2, 4, 4, 2), (2, 4, 4, 2)],
}
MAKERS = (image, signal, volume, words, graph)


def main() -> None:
    """Write all files."""
    rng = np.random.default_rng(6)
    FOLDER.mkdir(exist_ok=True)
    for make in MAKERS:
        name = make.__name__
        keras.utils.clear_session()
        keras.utils.set_random_seed(6)
        model = make()
        model.set_weights([_draw(weight, rng) for weight in model.weights])
        if name == "words":
            inputs = [rng.integers(0, 9, SHAPES[name][0]).astype(np.int32)]
        else:
            inputs = [rng.standard_normal(shape, np.float32) for shape in SHAPES[name]]
        outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        outputs = [np.asarray(one) for one in (outputs if isinstance(outputs, list) else [outputs])]
        model.save(FOLDER / f"{name}.keras")
        model.save(FOLDER / f"{name}.h5")
        named = {f"input_{number}": array for number, array in enumerate(inputs)}
        named |= {f"output_{number}": array for number, array in enumerate(outputs)}
        np.savez(FOLDER / f"{name}.npz", **named)


def _draw(weight: Any, rng: np.random.Generator) -> np.ndarray:
    if "variance" in weight.name or "gamma" in weight.name:
        return rng.uniform(0.5, 2.0, weight.shape).astype(np.float32)
    return (rng.standard_normal(weight.shape) / 2).astype(np.float32)


if __name__ == "__main__":
    main()
