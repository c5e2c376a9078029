"""Network E: convolutions along sequences; then spectra of one channel."""

import numpy as np

import striate as keras

signals = np.random.randn(16, 64, 100)
labels = np.random.randint(2, size=(16, 1))

model = keras.models.Sequential()
model.add(keras.layers.Conv1D(64, 3, activation="relu", input_shape=(64, 100)))
model.add(keras.layers.Conv1D(64, 3, activation="relu"))
model.add(keras.layers.MaxPooling1D(3))
model.add(keras.layers.Conv1D(128, 3, activation="relu"))
model.add(keras.layers.Conv1D(128, 3, activation="relu"))
model.add(keras.layers.GlobalAveragePooling1D())
model.add(keras.layers.Dropout(0.5))
model.add(keras.layers.Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=["accuracy"])
history = model.fit(signals, labels, batch_size=16, epochs=2)
score = model.evaluate(signals, labels, batch_size=16)

# One spectrum a row: the channel axis is added by hand.
spectra = np.random.rand(20, 50)[..., np.newaxis]
kinds = np.random.randint(0, 3, 20)
rate = keras.optimizers.schedules.ExponentialDecay(1e-2, decay_steps=10, decay_rate=0.9)
classifier = keras.Sequential(
    [
        keras.layers.Input((50, 1)),
        keras.layers.Conv1D(
            filters=8,
            kernel_size=5,
            strides=1,
            padding="causal",
            data_format="channels_last",
            dilation_rate=2,
            groups=1,
            activation=None,
            use_bias=True,
            kernel_initializer=keras.initializers.GlorotUniform(seed=1),
            bias_initializer="zeros",
            kernel_regularizer=keras.regularizers.L1L2(1e-5, 1e-5),
            bias_regularizer=None,
            activity_regularizer=None,
            kernel_constraint=keras.constraints.MaxNorm(2.0),
            bias_constraint=None,
        ),
        keras.layers.LeakyReLU(0.001),
        keras.layers.GlobalMaxPooling1D(),
        keras.layers.Dense(3, activation="softmax"),
    ]
)
classifier.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
kinds_history = classifier.fit(spectra, kinds, epochs=1, verbose=0)
