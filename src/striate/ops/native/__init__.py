"""Kernels of our own, in C++, for processors that have AVX2 or more; nothing needs them.

`source/` holds them, `compiler` and `library` bring them into the process, `program` runs rows of
fused layers on them. Where there is no library for this machine everything runs on PyTorch alone.
"""
