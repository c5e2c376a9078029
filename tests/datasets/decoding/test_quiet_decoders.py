"""While images are decoded nothing is said, and afterwards everything is as it was."""

from __future__ import annotations

import logging
import os
import threading
import warnings

import pytest
from PIL import ImageFile

from striate.datasets.decoding.quiet_decoders import quiet_decoders, quiet_native_library


def state():
    return warnings.filters, logging.getLogger("tifffile").disabled, ImageFile.LOAD_TRUNCATED_IMAGES


def test_nothing_is_warned_inside_and_all_is_put_back(monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    before = state()
    with quiet_decoders():
        warnings.warn("never heard", UserWarning, stacklevel=1)
        assert state()[1:] == (True, False)
    assert state() == before
    with pytest.warns(UserWarning, match="heard again"):
        warnings.warn("heard again", UserWarning, stacklevel=1)


def test_threads_that_overlap_put_all_back_when_the_last_one_leaves():
    before, first_is_in, second_is_in = state(), threading.Event(), threading.Event()

    def first():
        with quiet_decoders():
            first_is_in.set()
            second_is_in.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    first_is_in.wait(10)
    with quiet_decoders():
        second_is_in.set()
        thread.join()
        warnings.warn("still quiet", UserWarning, stacklevel=1)
    assert state() == before


def test_what_a_library_prints_by_itself_goes_nowhere(capfd):
    with quiet_native_library():
        os.write(2, b"from C")
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"


def test_a_program_without_an_error_stream_goes_on(monkeypatch):
    def closed(descriptor):
        raise OSError

    monkeypatch.setattr(os, "dup", closed)
    with quiet_native_library():
        pass
