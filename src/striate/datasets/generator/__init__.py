"""The older image generator, Keras 2's, on top of today's augmentation."""
