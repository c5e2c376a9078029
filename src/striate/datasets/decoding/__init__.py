"""From the bytes of an image file to what a network takes: decoded once, the same everywhere."""
