"""Labelled images as they lie on the disk: folders, lists, archives, streams, Parquet."""
