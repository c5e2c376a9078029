"""Images from tars as a stream: every example once a pass, bounded memory, the same draw again."""

from itertools import chain

import numpy as np
import pytest

from striate.applications import small_cnn
from striate.core.errors import ArgumentError, DataError, FileFormatError, LabelError
from striate.datasets.decoding.image_input import ImageInput
from striate.datasets.folders.stream import ImageStream
from tests.datasets.layouts import colour, picture, write_tar

INPUT = ImageInput(4, 4, 3)
NAMES = [f"{number:03d}" for number in range(25)]


@pytest.fixture
def shards(tmp_path):
    """Twenty-five images in three tars, one of them packed; the label is the number modulo 3."""
    for shard, names in enumerate((NAMES[:10], NAMES[10:20], NAMES[20:])):
        files = {}
        for name in names:
            files |= {f"{name}.png": picture(f"{name}.png"), f"{name}.cls": str(int(name) % 3).encode()}
        write_tar(files, tmp_path / (f"00{shard}.tar" if shard else "000.tar.gz"))
    return tmp_path


def passed_over(stream):
    """The numbers of the images in the order in which they came, after a look at labels and pixels."""
    by_colour = {colour(f"{name}.png"): int(name) for name in NAMES}
    order = []
    for x, y in stream:
        assert (x.dtype, y.dtype, x.shape[1:]) == (np.uint8, np.int64, (4, 4, 3))
        numbers = [by_colour[tuple(image[0, 0].tolist())] for image in x]
        assert [number % 3 for number in numbers] == y.tolist()
        order.append(numbers)
    return order


def test_without_a_buffer_everything_comes_as_it_lies(shards):
    files = [shards / "000.tar.gz", shards / "001.tar", shards / "002.tar"]
    stream = ImageStream(files, INPUT, batch_size=10, shuffle_buffer=0)
    expected = [list(range(10)), list(range(10, 20)), list(range(20, 25))]
    assert passed_over(stream) == expected
    assert passed_over(stream) == expected


def test_each_pass_brings_every_example_once_in_another_order(shards):
    stream = ImageStream(shards, INPUT, batch_size=4, shuffle_buffer=5)
    first, second = passed_over(stream), passed_over(stream)
    assert [len(batch) for batch in first] == [4] * 6 + [1]
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(range(25))
    assert first != second


def test_a_pass_of_the_same_seed_and_number_is_the_same(shards):
    one, other = (ImageStream(shards, INPUT, 4, 5, seed=3) for _ in range(2))
    passed_over(one)
    again = passed_over(one)
    other.epoch = 1
    assert passed_over(other) == again
    assert passed_over(ImageStream(shards, INPUT, 4, 5, seed=4)) != passed_over(
        ImageStream(shards, INPUT, 4, 5, seed=3)
    )


def test_no_more_than_the_buffer_and_a_batch_are_read_ahead(shards):
    stream = ImageStream(shards / "001.tar", INPUT, batch_size=2, shuffle_buffer=3)
    seen = []
    stream._read = lambda generator: (
        seen.append(1) or item for item in type(stream)._read(stream, generator)
    )
    next(iter(stream))
    assert len(seen) == 5


def test_names_of_classes_are_numbered_as_they_are_listed(tmp_path):
    files = {
        "a.png": picture("a.png"),
        "a.json": b'{"label": "dog"}',
        "b.png": picture("b.png"),
        "b.txt": b"cat\n",
    }
    path = write_tar(files, tmp_path / "0.tar")
    ((_, y),) = ImageStream(path, INPUT, shuffle_buffer=0, class_names=["cat", "dog"])
    assert y.tolist() == [1, 0]
    with pytest.raises(LabelError, match=r"holds the label 'dog'. Labels are 'cat', or their numbers"):
        next(iter(ImageStream(path, INPUT, class_names=["cat"])))


def test_an_image_without_a_label_is_named(tmp_path):
    path = write_tar({"a.png": picture("a.png")}, tmp_path / "0.tar")
    with pytest.raises(LabelError, match=r"a.png in .*0.tar has no label \(a.cls\)"):
        next(iter(ImageStream(path, INPUT)))


def test_bad_images_are_listed_and_batches_stay_full(tmp_path):
    files = {}
    for number in range(41):
        files |= {
            f"{number:02d}.png": picture(f"{number}") if number != 7 else b"no",
            f"{number:02d}.cls": b"0",
        }
    stream = ImageStream(write_tar(files, tmp_path / "0.tar"), INPUT, batch_size=20)
    assert [len(x) for x, _ in stream] == [20, 20]
    assert [bad.name for bad in stream.bad_files] == ["07.png"]


def test_too_many_bad_images_are_refused(tmp_path):
    files = {"0.png": b"no", "0.cls": b"0", "1.png": picture("1"), "1.cls": b"0"}
    with pytest.raises(DataError, match="1 of 2 files cannot be used"):
        list(ImageStream(write_tar(files, tmp_path / "0.tar"), INPUT))


def test_a_damaged_tar_is_refused_by_its_name(shards):
    path = shards / "001.tar"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2 - 300])
    with pytest.raises(FileFormatError, match=r"001\.tar is damaged"):
        list(ImageStream(path, INPUT))


def test_sizes_that_cannot_work_are_refused(shards):
    with pytest.raises(
        ArgumentError, match="batch_size is at least 1 and shuffle_buffer at least 0; got 0 and -1"
    ):
        ImageStream(shards, INPUT, batch_size=0, shuffle_buffer=-1)


def test_names_and_sizes_are_found_where_none_are_given(tmp_path):
    files = {}
    for number in range(6):
        files |= {
            f"{number}.png": picture(f"{number}.png"),
            f"{number}.cls": (b"dog", b"cat")[number % 2],
        }
    path = write_tar(files, tmp_path / "0.tar")
    stream = ImageStream(path, shuffle_buffer=0)
    assert stream.image_input.shape == (4, 4, 3)
    ((x, y),) = stream
    assert (x.shape, y.tolist(), stream.class_names) == ((6, 4, 4, 3), [1, 0, 1, 0, 1, 0], ["cat", "dog"])


def test_numbers_stay_what_they_are_and_have_names_when_asked(shards):
    assert ImageStream(shards).class_names == ["0", "1", "2"]
    files = {"0.png": picture("0.png"), "0.cls": b"3"}
    ((_, y),) = stream = ImageStream(write_tar(files, shards / "more.tar"), INPUT)
    assert (y.tolist(), stream.class_names) == ([3], ["0", "1", "2", "3"])


def test_of_several_labels_of_an_example_the_first_kind_names_the_class(tmp_path):
    files = {"0.png": picture("0.png"), "0.txt": b"a caption", "0.cls": b"cat"}
    assert ImageStream(write_tar(files, tmp_path / "0.tar"), INPUT).class_names == ["cat"]


def test_numbers_and_words_together_want_names(tmp_path):
    files = {"0.png": picture("0.png"), "0.cls": b"3", "1.png": picture("1.png"), "1.cls": b"dog"}
    stream = ImageStream(write_tar(files, tmp_path / "0.tar"), INPUT, shuffle_buffer=0)
    with pytest.raises(
        LabelError, match=r"1\.cls holds the label 'dog', and those before it are whole numbers"
    ):
        next(iter(stream))


def test_a_tar_without_images_has_no_size_to_find(tmp_path):
    path = write_tar({"0.txt": b"cat"}, tmp_path / "0.tar")
    with pytest.raises(DataError, match=r"there are no images in .*0\.tar\."):
        ImageStream(path)


def test_a_network_learns_from_a_stream_as_the_example_says(shards):
    stream = ImageStream(shards, ImageInput(6, 6, 3), batch_size=25)
    model = small_cnn(stream.image_input.shape, len(stream.class_names), rescale=1 / 255)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert len(model.fit(stream, epochs=1, verbose=0).history["loss"]) == 1


def test_a_stream_that_was_read_from_goes_back_to_the_pass_it_told_of(shards):
    one, other = ImageStream(shards, INPUT, 4, 5, seed=3), ImageStream(shards, INPUT, 4, 5, seed=9)
    passed_over(one)
    state = one.get_state()
    wanted = passed_over(one)
    other.set_state(state)
    assert passed_over(other) == wanted
