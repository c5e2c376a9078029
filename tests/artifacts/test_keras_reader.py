from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from striate.artifacts import keras_reader
from striate.artifacts.keras_reader import LENGTH, prepare, read_messages, refuse_event, write_message
from striate.core.errors import FileFormatError
from tests.artifacts.keras_writing import write_h5, write_keras


def child(script, *arguments):
    """Run a script in a process of its own; the hook of an audit can never be taken off again."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def test_a_good_file_ends_with_its_end(tmp_path):
    kinds = [described["kind"] for described, _ in read_messages(write_keras(tmp_path / "x.keras"))]
    assert kinds == ["network", "array", "array", "end"]


def last(path):
    *_, (described, _) = read_messages(path)
    return described


def test_what_is_refused_is_said_in_the_last_message(tmp_path):
    path = tmp_path / "x.keras"
    path.write_bytes(b"nothing")
    assert last(path)["error"] == "FileFormatError"
    assert "neither a zip" in last(path)["text"]


@pytest.mark.parametrize("keep", [100, 1000, 3000])
def test_a_file_that_was_cut_off_is_damaged_in_words(keep, tmp_path):
    for path in (write_keras(tmp_path / "x.keras"), write_h5(tmp_path / "x.h5")):
        path.write_bytes(path.read_bytes()[:keep])
        assert last(path)["kind"] == "error"
        assert "damaged" in last(path)["text"]


def test_a_file_that_needs_too_much_memory_is_refused_in_words(tmp_path, monkeypatch):
    def give_up(path):
        raise MemoryError

    monkeypatch.setattr(keras_reader, "contents", give_up)
    assert last(tmp_path)["text"] == "it needs more memory than a file of its size may"


def test_a_message_is_its_length_its_text_and_its_bytes():
    out = io.BytesIO()
    write_message(out, ({"kind": "x"}, b"abc"))
    (length,) = LENGTH.unpack(out.getvalue()[:4])
    assert json.loads(out.getvalue()[4 : 4 + length]) == {"kind": "x"}
    assert out.getvalue()[4 + length :] == b"abc"


@pytest.mark.parametrize(
    "event",
    ["os.system", "subprocess.Popen", "socket.connect", "pickle.find_class", "import", "exec", "compile"],
)
def test_acts_are_refused(event):
    with pytest.raises(FileFormatError, match=rf"something not needed for that was tried \({event}\)"):
        refuse_event(event, ())


def test_writing_a_file_is_refused_and_reading_one_is_not():
    refuse_event("open", ("x", "r", os.O_RDONLY))
    refuse_event("object.__getattr__", ())
    with pytest.raises(FileFormatError, match=r"while it was read, '/tmp/x' was to be written"):
        refuse_event("open", ("/tmp/x", "w", os.O_WRONLY | os.O_CREAT))


ACTS = {
    "writing": "open(target, 'w')",
    "running": "os.system(f'touch {target}')",
    "starting": "subprocess.run(['touch', target])",
    "calling": "exec('x = 1')",
    "importing": "import wave",
    "removing": "os.remove(target)",
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_nothing_can_be_done_under_the_guard(act, tmp_path):
    script = f"""
        import os, subprocess, sys
        from striate.artifacts.keras_reader import prepare, refuse_event
        prepare()
        target = sys.argv[1]
        sys.addaudithook(refuse_event)
        try:
            {act}
        except Exception as error:
            sys.stdout.write(f"{{type(error).__name__}}: {{error}}")
    """
    answer = child(script, tmp_path / "marker")
    assert answer.stdout.startswith("FileFormatError: while it was read")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="limits of memory are for Linux")
def test_memory_and_writing_are_limited():
    script = """
        import sys
        from striate.artifacts.keras_reader import limit_resources, prepare
        prepare()
        limit_resources(64, 5)
        try:
            bytearray(128 << 20)
        except MemoryError:
            sys.stdout.write("no memory")
        import resource
        written, time = resource.getrlimit(resource.RLIMIT_FSIZE), resource.getrlimit(resource.RLIMIT_CPU)
        sys.stdout.write(f", {written}, {time[0] < 60}")
    """
    assert child(script).stdout == "no memory, (0, 0), True"


def test_the_reader_reads_without_torch(tmp_path):
    script = """
        import sys
        from pathlib import Path
        from striate.artifacts.keras_reader import prepare, read_messages, refuse_event
        prepare()
        sys.addaudithook(refuse_event)
        kinds = [described["kind"] for path in sys.argv[1:] for described, _ in read_messages(Path(path))]
        sys.stdout.write(f"{kinds.count('end')} {'torch' in sys.modules}")
    """
    answer = child(script, write_keras(tmp_path / "x.keras"), write_h5(tmp_path / "x.h5"))
    assert answer.stdout == "2 False", answer.stderr


def test_preparing_loads_what_reading_needs_late():
    prepare()
    assert {"h5py", "encodings.cp437"} <= sys.modules.keys()
