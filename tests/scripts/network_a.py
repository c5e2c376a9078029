"""Network A: wide filters with batch normalisation, for yes or no."""

import numpy as np

from striate.callbacks import EarlyStopping
from striate.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D, ReLU
from striate.layers.normalization import BatchNormalization
from striate.models import Sequential
from striate.optimizers import Adam
from striate.utils import set_random_seed

set_random_seed(7)

# Grey pictures: in half of them the upper part is the brighter one.
answers = np.arange(10) % 2
pictures = np.random.rand(10, 100, 100, 1)
pictures[answers == 1, :50] += 1.0

model = Sequential()
model.add(Conv2D(512, (3, 3), input_shape=(100, 100, 1)))
model.add(BatchNormalization())
model.add(ReLU())
model.add(MaxPooling2D(pool_size=(3, 3)))
model.add(Dropout(0.1))
for filters in (256, 128):
    model.add(Conv2D(filters, (3, 3)))
    model.add(BatchNormalization())
    model.add(ReLU())
    model.add(MaxPooling2D(pool_size=(3, 3)))
    model.add(Dropout(0.1))
model.add(Flatten())
model.add(Dense(1, activation="sigmoid"))
model.summary()

model.compile(optimizer=Adam(learning_rate=1e-3), loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(
    pictures,
    answers,
    batch_size=4,
    epochs=1,
    validation_split=0.2,
    callbacks=[EarlyStopping(monitor="val_loss", patience=3)],
)

probabilities = model.predict(pictures[:3])
says_yes = probabilities[:, 0] > 0.35
print("yes" if says_yes[0] else "no", history.history["val_accuracy"])
