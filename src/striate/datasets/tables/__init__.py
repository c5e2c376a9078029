"""Signals and arrays as files: tables, archives of series, NumPy, MATLAB, IDX, CIFAR."""
