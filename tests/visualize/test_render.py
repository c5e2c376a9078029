"""Drawing: files, what stands on them, and that nothing is cut off or left behind."""

from __future__ import annotations

import io
import itertools
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from striate.core.errors import ArgumentError, FileAccessError
from striate.visualize import Picture, compare_training, count_confusions, draw, encode, save

CURVES = compare_training({"loss": [0.9, 0.5, 0.3], "val_loss": [0.8, 0.6, 0.7], "accuracy": [0.5, 0.7, 0.9]})
MATRIX = count_confusions([0, 0, 1, 2], [0, 1, 1, 2], ["cat", "dog", "owl"])


def many_classes(size: int, name: str = "class {}"):
    generator = np.random.default_rng(0)
    true = np.tile(np.arange(size), 20)
    predicted = np.where(generator.random(len(true)) < 0.8, true, generator.integers(0, size, len(true)))
    return count_confusions(true, predicted, [name.format(number) for number in range(size)])


def texts(picture: Picture) -> list[str]:
    figure = draw(picture)
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
        found += [tick.get_text() for tick in (*axes.get_xticklabels(), *axes.get_yticklabels())]
        found += [axes.get_xlabel(), axes.get_ylabel()]
    return found


def overlapping(figure, labels) -> list[tuple[str, str]]:
    figure.draw_without_rendering()
    boxes = [(label.get_text(), label.get_window_extent()) for label in labels]
    return [
        (first, second) for (first, one), (second, other) in itertools.pairwise(boxes) if one.overlaps(other)
    ]


@pytest.mark.parametrize("picture", [CURVES, MATRIX], ids=["curves", "matrix"])
def test_a_picture_is_written_as_png_or_svg_by_its_suffix(picture, tmp_path):
    assert save(picture, tmp_path / "picture.PNG") == tmp_path / "picture.PNG"
    with Image.open(tmp_path / "picture.PNG") as image:
        assert image.format == "PNG"
    save(picture, str(tmp_path / "picture.svg"))
    assert "<svg" in (tmp_path / "picture.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("picture", [CURVES, MATRIX], ids=["curves", "matrix"])
def test_the_same_picture_gives_the_same_bytes(picture):
    assert encode(picture) == encode(picture)


def test_title_and_caption_stand_on_the_picture():
    found = texts(MATRIX)
    assert MATRIX.title in found
    assert MATRIX.caption in [text.replace("\n", " ") for text in found]


def test_a_matrix_shows_names_and_counts():
    found = texts(MATRIX)
    assert {"cat", "dog", "owl", "true class", "predicted class", "1", "0"} <= set(found)


def test_many_classes_show_no_zeros_and_every_name():
    found = texts(many_classes(40))
    assert "0" not in found
    assert {f"class {number}" for number in range(40)} <= set(found)


@pytest.mark.parametrize("size", [2, 10, 40, 60])
@pytest.mark.parametrize("name", ["{}", "a rather long name of class number {}"], ids=["short", "long"])
def test_class_names_never_overlap(size, name):
    figure = draw(many_classes(size, name))
    (axes,) = figure.axes
    assert overlapping(figure, axes.get_xticklabels()) == []
    assert overlapping(figure, axes.get_yticklabels()) == []


@pytest.mark.parametrize("size", [2, 10, 60])
def test_a_count_stays_inside_its_cell(size):
    picture = many_classes(size)
    figure = draw(count_confusions(np.repeat(np.arange(size), 9999), np.repeat(np.arange(size), 9999)))
    figure.draw_without_rendering()
    (axes,) = figure.axes
    cell = axes.get_window_extent().width / len(picture.counts)
    assert max(text.get_window_extent().width for text in axes.texts) < cell


@pytest.mark.parametrize("name", ["{}", "a rather long name of class number {}"], ids=["short", "long"])
def test_nothing_reaches_the_edge_of_the_image(name):
    for picture in (CURVES, many_classes(10, name)):
        pixels = np.asarray(Image.open(io.BytesIO(encode(picture))).convert("L"))
        border = (pixels[:10], pixels[-10:], pixels[:, :10], pixels[:, -10:])
        assert min(side.min() for side in border) == 255


def test_a_name_of_a_hundred_letters_is_shortened_in_its_middle():
    found = texts(many_classes(2, "begin" + "x" * 90 + "end{}"))
    (shown,) = {text for text in found if text.startswith("begin") and text.endswith("end1")}
    assert len(shown) == 60
    assert "…" in shown


def test_signs_of_mathematics_in_names_are_written_as_they_are():
    picture = count_confusions([0, 1], [0, 1], ["$a_b$", "$\\broken"])
    assert encode(picture).startswith(b"\x89PNG")
    assert all(not tick.get_parse_math() for tick in draw(picture).axes[0].get_xticklabels())


def test_mistakes_have_another_hue_than_what_is_right_and_a_single_one_is_visible():
    right = np.zeros(1000, int)
    picture = count_confusions([*right, 1], [*right[1:], 1, 1], ["a", "b"])
    colours = draw(picture).axes[0].images[0].get_array()
    assert colours[0, 0, 2] > colours[0, 0, 0]
    assert colours[0, 1, 0] > colours[0, 1, 2]
    assert colours[0, 1].min() < 0.9
    assert colours[1, 0].min() == 1.0


def test_curves_have_a_panel_a_name_with_the_best_epoch_marked_in_each():
    figure = draw(CURVES)
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss", "accuracy"]
    for axes in figure.axes:
        np.testing.assert_array_equal(axes.lines[-1].get_xdata(), [2.0, 2.0])
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["training", "validation", "lowest validation loss: epoch 2"]


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_the_axis_of_epochs_has_whole_numbers(epochs):
    figure = draw(compare_training({"loss": np.linspace(2, 1, epochs)}))
    figure.draw_without_rendering()
    low, high = figure.axes[0].get_xlim()
    ticks = [place for place in figure.axes[0].get_xticks() if low <= place <= high]
    assert ticks
    assert all(float(place).is_integer() for place in ticks)


def test_a_training_that_never_was_finite_is_drawn():
    assert encode(compare_training({"loss": [float("nan")] * 2, "val_loss": [float("inf")] * 2}))


def test_drawing_changes_no_setting_and_does_not_load_pyplot():
    before = dict(mpl.rcParams)
    encode(CURVES)
    assert dict(mpl.rcParams) == before
    script = (
        "import sys; from striate.visualize import compare_training, encode; "
        "encode(compare_training({'loss': [1.0]})); print('matplotlib.pyplot' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_matplotlib_is_loaded_only_when_something_is_drawn():
    script = (
        "import sys; from striate.visualize import compare_training, save; "
        "compare_training({'loss': [1.0]}); print('matplotlib' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_what_cannot_be_drawn_or_written_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match=r"pictures are written as \.png or \.svg; got 'curves\.jpg'"):
        save(CURVES, "curves.jpg")
    with pytest.raises(ArgumentError, match="a picture is drawn as 'png' or 'svg'; got 'pdf'"):
        encode(CURVES, "pdf")
    with pytest.raises(ArgumentError, match=r"expected a picture of striate\.visualize to draw; got dict"):
        draw({"loss": [1.0]})
    with pytest.raises(FileAccessError, match="there is no folder"):
        save(CURVES, tmp_path / "missing" / "curves.png")
