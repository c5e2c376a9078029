"""Copies are found by an index and confirmed pixel by pixel; what only looks alike to a hash is none."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

from striate.datasets.duplicates import find_copies

SIDE = 96


def crops(count: int, seed: int = 0) -> np.ndarray:
    """Cut different places out of two photos, at different sizes, as (count, 96, 96, 3) bytes."""
    photos = load_sample_images().images
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        photo = Image.fromarray(photos[number % 2])
        side = int(generator.integers(110, 300))
        left = int(generator.integers(0, photo.width - side))
        top = int(generator.integers(0, photo.height - side))
        found.append(np.asarray(photo.crop((left, top, left + side, top + side)).resize((SIDE, SIDE))))
    return np.stack(found)


def compressed(image: np.ndarray) -> np.ndarray:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "JPEG", quality=50)
    return np.asarray(Image.open(content))


def halved(image: np.ndarray) -> np.ndarray:
    small = Image.fromarray(image).resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def darkened(image: np.ndarray) -> np.ndarray:
    return (image * 0.8 + 20).astype(np.uint8)


def mirrored(image: np.ndarray) -> np.ndarray:
    return image[:, ::-1]


@pytest.mark.parametrize("change", [compressed, halved, darkened, mirrored])
def test_a_near_copy_belongs_to_its_original(change):
    originals = crops(30)
    copies = np.stack([change(image) for image in originals])
    found = find_copies([originals, copies])
    together = found.group[30:] == found.group[:30]
    assert together.mean() >= 0.9
    assert not found.exact[30:][together].any()


def test_a_copy_that_was_shifted_a_little_is_found_once_both_lie_on_each_other():
    wide = np.asarray(Image.fromarray(load_sample_images().images[0]).resize((SIDE * 2, SIDE * 2)))
    pair = np.stack([wide[40:136, 40:136], wide[41:137, 41:137]])
    assert find_copies([pair]).group.tolist() == [0, 0]


def test_different_pictures_stay_alone():
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (200, SIDE, SIDE, 1), dtype=np.uint8)
    assert find_copies([noise]).groups() == []


def test_exact_copies_are_found_across_parts_and_in_signals():
    signals = np.random.default_rng(0).normal(size=(20, 50, 1)).astype(np.float32)
    found = find_copies([signals, signals[3:5]], "signal")
    assert [group.tolist() for group in found.groups()] == [[3, 20], [4, 21]]
    assert found.exact.all()


def test_small_images_count_as_copies_only_if_they_are_exact():
    digits = load_digits().images.astype(np.uint8)[..., None]
    assert find_copies([digits]).groups() == []
    nearly = digits[:1].copy()
    nearly[0, 4, 4, 0] ^= 1
    assert find_copies([digits, nearly]).groups() == []
    assert [group.tolist() for group in find_copies([digits, digits[7:8]]).groups()] == [[7, 1797]]


def test_images_without_any_contrast_are_no_near_copies_of_each_other():
    flat = np.stack([np.full((SIDE, SIDE, 3), value, np.uint8) for value in (0, 60, 120)])
    assert find_copies([flat]).groups() == []


def test_hundreds_of_alike_pictures_are_compared_with_their_nearest_only():
    generator = np.random.default_rng(0)
    base = np.asarray(Image.fromarray(crops(1)[0]).convert("L"), dtype=np.int16)
    alike = np.stack([base + generator.integers(-60, 60, base.shape) for _ in range(200)])
    alike = np.clip(alike, 0, 255).astype(np.uint8)[..., None]
    found = find_copies([alike])
    assert len(found.group) == 200
