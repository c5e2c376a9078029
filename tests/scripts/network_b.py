"""Network B: cats and dogs, with dropout, callbacks and the curves of training against validation."""

import matplotlib.pyplot as plt
import numpy as np

import striate as keras
from striate import layers

keras.utils.set_random_seed(3)

images = np.random.randint(0, 256, (12, 150, 150, 3)).astype("uint8")
is_dog = np.array([0, 1] * 6)

model = keras.Sequential(
    [
        keras.Input(shape=(150, 150, 3)),
        layers.Rescaling(1.0 / 255),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(
            128, 3, padding="same", activation="relu", kernel_regularizer=keras.regularizers.l2(1e-4)
        ),
        layers.MaxPooling2D(),
        layers.Conv2D(128, 3, padding="same", activation="relu"),
        layers.MaxPool2D(),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(512, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(
    loss=keras.losses.BinaryCrossentropy(),
    optimizer=keras.optimizers.RMSprop(learning_rate=1e-4),
    metrics=["accuracy", keras.metrics.AUC(name="auc")],
)
history = model.fit(
    images[:8],
    is_dog[:8],
    epochs=2,
    batch_size=4,
    validation_data=(images[8:], is_dog[8:]),
    class_weight={0: 1.0, 1: 2.0},
    callbacks=[
        keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=1),
        keras.callbacks.TerminateOnNaN(),
    ],
)

rounds = range(1, len(history.history["loss"]) + 1)
plt.plot(rounds, history.history["accuracy"], label="training")
plt.plot(rounds, history.history["val_accuracy"], label="validation")
plt.legend()
plt.savefig("accuracy.png")
plt.close()
