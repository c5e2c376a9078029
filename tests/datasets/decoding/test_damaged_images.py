"""Images of six formats, damaged at random: each decodes or is listed with a reason, and that is all.

STRIATE_LONG=1 takes 5,000 images of the sizes that cameras and scanners make; otherwise 300 small ones.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

LONG = os.environ.get("STRIATE_LONG") == "1"
COUNT, SIDE = (5_000, 300) if LONG else (300, 60)
MOST_MEGABYTES = 300
FORMATS = {
    "JPEG": {"quality": 85},
    "PNG": {},
    "WEBP": {"quality": 85},
    "BMP": {},
    "GIF": {},
    "TIFF": {},
}
# Every format in the kinds that are met, changed from image to image.
VARIANTS = {
    "JPEG": [{}, {"progressive": True}],
    "PNG": [{}, {"compress_level": 1}],
    "WEBP": [{}, {"lossless": True}],
    "BMP": [{}],
    "GIF": [{}, {"interlace": 0}],
    "TIFF": [
        {},
        {"compression": "tiff_lzw"},
        {"compression": "tiff_adobe_deflate"},
        {"compression": "packbits"},
        {"compression": "jpeg"},
    ],
}
MODES = {
    "JPEG": ("RGB", "L", "CMYK"),
    "PNG": ("RGB", "RGBA", "P", "L", "LA", "I;16"),
    "WEBP": ("RGB", "RGBA"),
    "BMP": ("RGB", "P", "L", "1"),
    "GIF": ("P", "L"),
    "TIFF": ("RGB", "L"),
}

DECODE = """
import json, resource, sys
from pathlib import Path
from striate.datasets.decoding.decoded import decode_all
from striate.datasets.decoding.image_choice import choose_image_input
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.decoding.images import read_as
from striate.datasets.options import SourceOptions
from striate.datasets.folders.places import FilePlace

paths = sorted(Path(sys.argv[1]).iterdir())
places = [FilePlace(path.name, path) for path in paths]
wanted = ImageInput(32, 32, 3)
read_as(paths[0], wanted)  # one whole image of each kind of decoder, so that libraries are loaded
read_as(paths[1], wanted)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
choose_image_input(places, SourceOptions())
found = decode_all(places, wanted)
more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
reasons = sorted({file.reason for file in found.bad})
print(json.dumps({"good": len(found.good), "bad": len(found.bad), "reasons": reasons, "more": more / 1024}))
"""


def make_image(number, random):
    """Encode one picture, its format, kind and size by its number."""
    format_ = list(FORMATS)[number % len(FORMATS)]
    turn = number // len(FORMATS)
    mode = MODES[format_][turn % len(MODES[format_])]
    options = VARIANTS[format_][turn % len(VARIANTS[format_])]
    height, width = random.integers(SIDE // 2, SIDE, 2)
    y, x = np.mgrid[:height, :width]
    waves = [127 + 120 * np.sin(x / random.uniform(4, 40) + y / random.uniform(4, 40)) for _ in range(3)]
    picture = Image.fromarray(np.stack(waves, -1).astype(np.uint8))
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 16)
    else:
        picture = picture.convert(mode)
    stream = io.BytesIO()
    picture.save(stream, format_, **FORMATS[format_], **options)
    return stream.getvalue()


def damage(content, random):
    """Cut it off, flip bytes, or push zeros in."""
    changed = bytearray(content)
    kind = random.integers(3)
    if kind == 0:
        return bytes(changed[: random.integers(len(changed))])
    if kind == 1:
        # Half of the flips meet the header, where they do the most.
        end = len(changed) if random.integers(2) else min(100, len(changed))
        for place in random.integers(0, end, random.integers(1, 9)):
            changed[place] = random.integers(256)
    else:
        place = int(random.integers(len(changed)))
        changed[place:place] = bytes(int(random.integers(1, 200)))
    return bytes(changed)


@pytest.fixture
def folder(tmp_path):
    """A folder of damaged images, behind one whole picture each of the libraries that decode."""
    place = tmp_path / "files"
    place.mkdir()
    random = np.random.default_rng(0)
    Image.new("RGB", (40, 40)).save(place / "0.jpg")
    Image.new("I;16", (40, 40)).save(place / "1.tiff")
    for number in range(COUNT):
        (place / f"{number + 10:05}.img").write_bytes(damage(make_image(number, random), random))
    return place


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of memory is read as Unix says it")
def test_every_damaged_image_decodes_or_is_listed_with_a_reason(folder, tmp_path):
    environment = {**os.environ, "STRIATE_CACHE": str(tmp_path / "cache")}
    result = subprocess.run(
        [sys.executable, "-c", DECODE, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
        env=environment,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found = json.loads(result.stdout)
    if LONG:
        sys.stdout.write(result.stdout)
    assert found["good"] + found["bad"] == COUNT + 2
    assert min(found["good"], found["bad"]) > COUNT / 5
    assert all(reason.strip() for reason in found["reasons"])
    assert found["more"] < MOST_MEGABYTES
