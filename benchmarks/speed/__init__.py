"""Striate's speed beside its peers, nets A to E, training and prediction: `make bench`."""
