"""Network D: sixty classes in the functional form, and what single layers do to one picture."""

import numpy as np

import striate as tf
from striate.layers import Activation, AveragePooling2D, Conv2D, Dense, Flatten, Input, MaxPool2D
from striate.models import Model
from striate.utils import to_categorical

x = np.random.rand(8, 100, 100, 3).astype("float32")
y = to_categorical(np.random.randint(0, 60, 8), num_classes=60)

entry = Input(shape=(100, 100, 3))
maps = entry
for filters, repeats in ((32, 3), (64, 3), (128, 3), (256, 2)):
    for _ in range(repeats):
        maps = Conv2D(filters, kernel_size=(3, 3), padding="same", activation="relu")(maps)
    maps = MaxPool2D(pool_size=(2, 2), strides=(2, 2))(maps)
flat = Flatten()(maps)
hidden = Dense(1024, activation="relu")(flat)
model = Model(inputs=entry, outputs=Dense(60, activation="softmax")(hidden))
model.summary()

model.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=4, epochs=1)

# A second model that ends at a layer in the middle of the first.
first_maps = Model(inputs=model.input, outputs=model.layers[1].output)
shown = first_maps(x[:1]).numpy()

# Edges by hand: a kernel with 8 in the middle and -1 around it, once in double precision.
edges = Conv2D(1, 3, use_bias=False, dtype="float64", padding="same")
edges.build((None, 100, 100, 1))
kernel = -np.ones((3, 3, 1, 1))
kernel[1, 1] = 8
edges.set_weights([kernel])
found = edges(x[:1, :, :, :1].astype("float64")).numpy()

brightest = MaxPool2D(2)(found).numpy()
mean = AveragePooling2D(2)(found).numpy()
positive = Activation("relu")(found).numpy()
also_positive = tf.keras.activations.relu(found)
print(shown.shape, brightest.shape, mean.shape)
