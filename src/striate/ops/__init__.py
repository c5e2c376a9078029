"""The mathematics on tensors, channels-last. Knows nothing of layers; each file is one kind of operation."""
