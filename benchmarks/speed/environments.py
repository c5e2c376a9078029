"""The Python environments that the sides live in: made with pip under `.bench/`, or given."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".bench"
# What goes into each, at the versions that the figures in docs/speed.md were found with. TensorFlow
# asks for other versions of what Striate needs, too, so constraints.txt does not hold for it.
PACKAGES = {
    "tensorflow": ("tensorflow==2.21.0", "keras==3.15.1"),
    "keras": ("-c", "constraints.txt", "keras", "jax", "torch"),
    "inference": (
        *("-c", "constraints.txt", "torch"),
        *("onnxruntime==1.31.1", "openvino==2026.4.1", "onnx==1.23.2", "onnxscript==0.7.2"),
    ),
}


def given(pairs: Iterable[str]) -> dict[str, str]:
    """Read PLACE=PYTHON pairs from the command line.

    Raises:
        SystemExit: a pair that is none, or a place that is not known.
    """
    found = {}
    for pair in pairs:
        place, equals, python = pair.partition("=")
        if not equals or place not in ("striate", *PACKAGES):
            raise SystemExit(
                f"--python takes PLACE=PYTHON with a place of striate, {', '.join(PACKAGES)}; got {pair!r}."
            )
        path = Path(python)
        found[place] = str(path / "bin" / "python" if path.is_dir() else path)
    return found


def pythons(places: Iterable[str], pairs: Iterable[str]) -> dict[str, str]:
    """Find a Python for each place, and install what is not there."""
    known = {"striate": sys.executable, **given(pairs)}
    return {place: known.get(place) or _installed(place) for place in dict.fromkeys(places)}


def _installed(place: str) -> str:
    folder = FOLDER / place
    python = folder / "bin" / "python"
    done = folder / "installed.txt"
    wanted = "\n".join(PACKAGES[place])
    if not done.exists() or done.read_text() != wanted:
        print(f"installing {' '.join(PACKAGES[place])} into {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "-q", *PACKAGES[place]]
        subprocess.run(command, cwd=ROOT, check=True)
        done.write_text(wanted)
    return str(python)
