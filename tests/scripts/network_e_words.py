"""Network E's other use: words as numbers, looked up in a table, then convolved."""

import numpy as np

from striate.layers import Conv1D, Dense, Embedding, GlobalMaxPooling1D
from striate.models import Sequential

texts = np.random.randint(0, 200, size=(12, 30))
moods = np.random.randint(0, 2, size=12)

model = Sequential([Embedding(200, 16), Conv1D(32, 7, activation="relu"), GlobalMaxPooling1D()])
model.add(Dense(1, activation="sigmoid"))
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(texts, moods, epochs=1, batch_size=6)
