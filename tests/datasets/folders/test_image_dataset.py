"""Batches of images from a folder, by Keras's function: what arrives, how it is parted, what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from striate import layers, models, utils
from striate.core.errors import ArgumentError, DataError, FileAccessError
from striate.datasets.folders.image_dataset import image_dataset_from_directory

CLASSES = {"cats": 5, "dogs": 4, "emus": 3}


@pytest.fixture
def folder(tmp_path):
    """Images of one grey level each: class number times 50 plus the file's number."""
    for number, (name, count) in enumerate(CLASSES.items()):
        (tmp_path / name).mkdir()
        for index in range(count):
            level = number * 50 + index
            Image.new("RGB", (12, 8), (level, level, level)).save(tmp_path / name / f"{index}.png")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "cats" / "notes.txt").write_text("no image")
    return tmp_path


def read(folder, **options):
    return image_dataset_from_directory(folder, **{"image_size": 4, "verbose": False, **options})


def levels(dataset):
    return [int(image[0, 0, 0]) for images, _ in dataset for image in images]


def test_images_labels_and_names_arrive_together(folder):
    dataset = read(folder, batch_size=5, seed=0)
    assert dataset.class_names == list(CLASSES)
    assert len(dataset) == 3
    assert len(dataset.file_paths) == 12
    for images, labels in dataset:
        assert images.dtype == torch.float32
        assert labels.dtype == torch.int32
        assert images.shape[1:] == (4, 4, 3)
        np.testing.assert_array_equal(images[:, 0, 0, 0].numpy() // 50, labels)


def test_without_shuffling_files_come_by_class_and_name(folder):
    dataset = read(folder, shuffle=False)
    assert levels(dataset) == [0, 1, 2, 3, 4, 50, 51, 52, 53, 100, 101, 102]
    assert dataset.file_paths[5] == str(folder / "dogs" / "0.png")


def test_each_epoch_shows_all_images_in_its_own_order(folder):
    dataset = read(folder, seed=1)
    first, second = levels(dataset), levels(dataset)
    assert first != second
    assert sorted(first) == sorted(second)


def test_labels_come_in_keras_forms(folder):
    _, rows = next(iter(read(folder, label_mode="categorical", shuffle=False)))
    assert rows.tolist()[5] == [0, 1, 0]
    _, binary = next(iter(read(folder, label_mode="binary", class_names=["dogs", "cats"], shuffle=False)))
    assert binary.shape == (9, 1)
    assert binary[:, 0].tolist() == [0] * 4 + [1] * 5
    assert isinstance(next(iter(read(folder, label_mode=None))), torch.Tensor)
    assert isinstance(next(iter(read(folder, labels=None))), torch.Tensor)


def test_labels_can_be_given_one_for_each_file(folder):
    dataset = read(folder, labels=[3] * 6 + [7] * 6, shuffle=False)
    assert dataset.class_names == ["3", "7"]
    assert next(iter(dataset))[1].tolist() == [0] * 6 + [1] * 6


def test_parts_with_the_same_seed_share_no_file(folder):
    options = {"validation_split": 0.25, "seed": 5}
    parts = [read(folder, subset=name, **options).file_paths for name in ("training", "validation")]
    assert [len(part) for part in parts] == [9, 3]
    assert len({*parts[0], *parts[1]}) == 12
    both = read(folder, subset="both", validation_split=0.25, seed=5)
    assert [part.file_paths for part in both] == parts


def test_proportions_are_kept_by_cutting_or_by_a_black_border(tmp_path):
    (tmp_path / "a").mkdir()
    pixels = np.full((4, 8, 3), 200, np.uint8)
    pixels[:, :2] = pixels[:, 6:] = 100
    Image.fromarray(pixels).save(tmp_path / "a" / "0.png")

    def column(**options):
        images = next(iter(read(tmp_path, labels=None, interpolation="nearest", **options)))
        return images[0, :, 2, 0].tolist(), images[0, 2, :, 0].tolist()

    assert column() == ([200] * 4, [100, 200, 200, 100])
    assert column(crop_to_aspect_ratio=True) == ([200] * 4, [200] * 4)
    assert column(pad_to_aspect_ratio=True) == ([0, 200, 200, 0], [100, 200, 200, 100])


def test_grey_images_have_one_channel(folder):
    assert next(iter(read(folder, color_mode="grayscale")))[0].shape[1:] == (4, 4, 1)
    padded = read(folder, color_mode="grayscale", pad_to_aspect_ratio=True)
    assert next(iter(padded))[0].shape[1:] == (4, 4, 1)


def test_linked_folders_are_followed_when_asked(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    Image.new("RGB", (4, 4)).save(elsewhere / "x.png")
    (folder / "cats" / "more").symlink_to(elsewhere)
    (folder / "foxes").symlink_to(elsewhere)
    assert read(folder).class_names == list(CLASSES)
    assert len(read(folder).file_paths) == 12
    assert len(read(folder, labels=None).file_paths) == 12
    followed = read(folder, follow_links=True)
    assert len(followed.file_paths) > 12


def test_a_cached_data_set_does_not_read_its_files_again(folder):
    dataset = read(folder, shuffle=False).cache().cache()
    before = levels(dataset)
    for path in dataset.file_paths:
        (folder / path).unlink()
    assert levels(dataset) == before


def test_map_and_take(folder):
    dataset = read(folder, shuffle=False, batch_size=4).map(lambda x, y: (x / 255, y))
    twice = dataset.map(lambda x, y: (x + 1, y))
    assert float(dataset[2][0].max()) == pytest.approx(102 / 255)
    assert float(twice[0][0].min()) == 1
    assert len(list(dataset.take(2))) == 2
    assert len(list(dataset.take(20))) == 3
    images = read(folder, labels=None).map(lambda x: x[..., :1])
    assert next(iter(images)).shape[-1] == 1


def test_what_was_found_is_said(folder, capsys):
    image_dataset_from_directory(folder, image_size=4)
    image_dataset_from_directory(folder, labels=None, image_size=4)
    assert capsys.readouterr().out == "Found 12 files belonging to 3 classes.\nFound 12 files.\n"


def test_a_model_trains_on_it(folder):
    train, validation = utils.image_dataset_from_directory(
        folder, image_size=(4, 4), batch_size=4, validation_split=0.25, subset="both", seed=0, verbose=False
    )
    model = models.Sequential(
        [layers.Input((4, 4, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(3, "softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(train, epochs=2, validation_data=validation, verbose=0)
    assert len(history.history["val_accuracy"]) == 2
    assert model.predict(validation, verbose=0).shape == (3, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"label_mode": "text"}, r"label_mode must be one of 'int', .* got 'text'"),
        ({"labels": "guessed"}, r"labels must be one of 'inferred'; got 'guessed'"),
        ({"color_mode": "rgba"}, r"color_mode must be one of 'rgb', 'grayscale'; got 'rgba'"),
        ({"interpolation": "gauss"}, r"interpolation must be one of .* got 'gauss'"),
        ({"image_size": 0}, r"the image size \(height, width\) takes one whole number or 2"),
        ({"class_names": ["cat"]}, r"has no folder for class 'cat'. Did you mean 'cats'\? It has cats, dogs"),
        ({"class_names": ["cats"], "labels": None}, r"class_names go with labels='inferred' only"),
        ({"label_mode": "binary"}, r"label_mode='binary' is for two classes; found 3: cats, dogs, emus"),
        (
            {"validation_split": 1.5, "subset": "both"},
            r"validation_split is a share .* got 1.5",
        ),
        ({"validation_split": 0.5}, r"validation_split and subset go together: .* subset=None"),
        ({"validation_split": 0.5, "subset": "training"}, r"with validation_split and shuffle, give a seed"),
        ({"subset": "test"}, r"subset must be one of 'training', 'validation', 'both', None; got 'test'"),
        (
            {"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True},
            r"not by both",
        ),
    ],
)
def test_arguments_that_cannot_work_are_refused(folder, options, words):
    with pytest.raises(ArgumentError, match=words):
        read(folder, **options)


def test_data_that_cannot_work_are_refused(folder, tmp_path_factory):
    with pytest.raises(DataError, match=r"there are 12 images in .* but 3 labels"):
        read(folder, labels=[0, 1, 2])
    with pytest.raises(DataError, match=r"validation_split=0.05 of 12 images leaves none for validation"):
        read(folder, validation_split=0.05, subset="both")
    with pytest.raises(DataError, match=r"has no folders, one for each class"):
        read(folder / "cats")
    with pytest.raises(FileAccessError, match=r"there is no folder .*nowhere"):
        read(folder / "nowhere")
    empty = tmp_path_factory.mktemp("empty")
    (empty / "cats").mkdir()
    with pytest.raises(DataError, match=r"there are no images in "):
        read(empty)
