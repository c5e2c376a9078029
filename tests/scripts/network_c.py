"""Network C: ten classes of small colour images, by name."""

import matplotlib.pyplot as plt

import striate as tf
from striate import datasets, layers, models

(x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
x_train, x_test = x_train / 255.0, x_test / 255.0
names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

figure = plt.figure(figsize=(8, 8))
for place in range(25):
    plt.subplot(5, 5, place + 1)
    plt.xticks([])
    plt.yticks([])
    plt.imshow(x_train[place])
    plt.xlabel(names[y_train[place][0]])
plt.savefig("classes.png")
plt.close(figure)

model = models.Sequential()
model.add(layers.Conv2D(32, (3, 3), activation="relu", input_shape=(32, 32, 3)))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(32, (3, 3), activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(64, (3, 3), activation="relu"))
model.add(layers.Flatten())
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(10))

untrained = tf.keras.Model(inputs=model.inputs, outputs=model.layers[0].output)
maps_before = untrained.predict(x_test[:1])

model.compile(
    optimizer="adam",
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = model.fit(
    x_train, y_train, epochs=2, steps_per_epoch=10, validation_data=(x_test, y_test), verbose=2
)
test_loss, test_accuracy = model.evaluate(x_test, y_test, verbose=0)
maps_after = tf.keras.Model(inputs=model.inputs, outputs=model.layers[0].output).predict(x_test[:1])

chances = tf.keras.Sequential([model, layers.Softmax()])
guesses = chances.predict(x_test[:5]).argmax(axis=1)
print([names[guess] for guess in guesses], test_accuracy)
