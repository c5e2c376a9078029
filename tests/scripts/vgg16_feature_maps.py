"""Feature maps of VGG16: what its blocks answer to one picture."""

import matplotlib.pyplot as plt
import numpy as np

from striate.applications.vgg16 import VGG16, preprocess_input
from striate.models import Model

picture = np.random.randint(0, 256, (224, 224, 3)).astype("float32")
batch = preprocess_input(np.expand_dims(picture, axis=0))

model = VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
for number, layer in enumerate(model.layers):
    if "conv" in layer.name:
        kernel, bias = layer.get_weights()
        print(number, layer.name, kernel.shape, layer.output.shape)

last_of_blocks = [model.get_layer(f"block{block}_conv2").output for block in (1, 2, 3)]
maps = Model(inputs=model.inputs, outputs=last_of_blocks).predict(batch)

figure = plt.figure(figsize=(6, 6))
for place in range(9):
    plt.subplot(3, 3, place + 1)
    plt.title("Original" if place == 0 else f"Feature {place}")
    plt.imshow(picture / 255 if place == 0 else maps[0][0, :, :, place - 1])
    plt.axis("off")
plt.savefig("maps.png")
plt.close(figure)
