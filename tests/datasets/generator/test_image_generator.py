"""The older image generator: its words, statistics, batches from arrays, folders and tables."""

import numpy as np
import pytest
from PIL import Image

from striate import layers, models
from striate.core.errors import (
    ArgumentError,
    DataError,
    FileAccessError,
    LabelError,
    ShapeError,
    StateError,
)
from striate.preprocessing.image import ImageDataGenerator

CLASSES = {"cats": 5, "dogs": 4}
MOVING = {"rotation_range": 30, "zoom_range": 0.3, "horizontal_flip": True, "width_shift_range": 0.2}


def draw(count=40, shape=(6, 5, 3)):
    return np.random.default_rng(0).uniform(0, 255, (count, *shape)).astype(np.float32)


@pytest.fixture
def folder(tmp_path):
    """Images of one grey level each: class number times 100 plus the file's number."""
    for number, (name, count) in enumerate(CLASSES.items()):
        (tmp_path / name).mkdir()
        for index in range(count):
            level = number * 100 + index
            Image.new("RGB", (12, 8), (level, level, level)).save(tmp_path / name / f"{index}.png")
    return tmp_path


def table(names, **columns):
    return {"filename": names, **columns}


def test_without_words_images_come_as_they_are():
    images, labels = next(ImageDataGenerator().flow(draw(), np.arange(40), batch_size=8, shuffle=False))
    np.testing.assert_allclose(images, draw()[:8], rtol=1e-6)
    assert images.dtype == np.float32
    assert labels.tolist() == list(range(8))


def test_each_epoch_changes_the_images_anew_and_the_seed_fixes_all():
    def epochs(seed):
        batches = ImageDataGenerator(**MOVING).flow(draw(), batch_size=20, shuffle=False, seed=seed)
        return np.stack([batches.next() for _ in range(4)])

    first = epochs(1)
    assert not np.allclose(first[0], first[2])
    np.testing.assert_array_equal(epochs(1), first)
    assert not np.allclose(epochs(2), first)


def test_images_and_masks_of_one_seed_stay_together():
    images, masks = draw(), draw() / 2
    flows = [ImageDataGenerator(**MOVING).flow(each, batch_size=16, seed=3) for each in (images, masks)]
    for _ in range(4):
        np.testing.assert_allclose(next(flows[0]), 2 * next(flows[1]), rtol=1e-3, atol=1e-2)


def test_featurewise_words_use_what_was_fitted():
    generator = ImageDataGenerator(featurewise_std_normalization=True, rescale=1 / 255)
    generator.fit(draw())
    scaled = draw() / 255
    np.testing.assert_allclose(generator.mean, scaled.mean((0, 1, 2))[None, None], rtol=1e-5)
    np.testing.assert_allclose(generator.std, scaled.std((0, 1, 2))[None, None], rtol=1e-5)
    wanted = (scaled - scaled.mean((0, 1, 2))) / (scaled.std((0, 1, 2)) + 1e-6)
    np.testing.assert_allclose(generator.standardize(draw()), wanted, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(generator.standardize(draw()[0]), wanted[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(next(generator.flow(draw(), shuffle=False)), wanted[:32], rtol=1e-4, atol=1e-5)


def test_samplewise_words_use_each_image_alone():
    generator = ImageDataGenerator(samplewise_std_normalization=True)
    found = generator.standardize(draw())
    images = draw()
    mean, deviation = images.mean((1, 2, 3), keepdims=True), images.std((1, 2, 3), keepdims=True)
    np.testing.assert_allclose(found, (images - mean) / (deviation + 1e-6), rtol=1e-4, atol=1e-5)


def test_whitening_is_the_formula_of_the_older_class():
    images = draw(300, (3, 4, 2)).cumsum(1)
    generator = ImageDataGenerator(zca_whitening=True, zca_epsilon=1e-2, featurewise_std_normalization=True)
    generator.fit(images)
    centred = (images - images.mean((0, 1, 2))).reshape(300, -1).astype(np.float64)
    directions, scales, _ = np.linalg.svd(centred.T @ centred / 300)
    matrix = (directions / np.sqrt(scales + 1e-2)) @ directions.T
    np.testing.assert_allclose(generator.zca_whitening_matrix, matrix, rtol=1e-4, atol=1e-7)
    found = generator.standardize(images)
    np.testing.assert_allclose(found.reshape(300, -1), centred @ matrix, rtol=1e-3, atol=1e-3)


def test_fitting_on_changed_copies_sees_other_images():
    plain, changed = (ImageDataGenerator(featurewise_center=True, brightness_range=(0.5, 0.5)) for _ in "ab")
    plain.fit(draw())
    changed.fit(draw(), augment=True, rounds=2, seed=0)
    np.testing.assert_allclose(changed.mean, plain.mean / 2, rtol=1e-3)


def test_a_function_of_the_persons_own_comes_first():
    generator = ImageDataGenerator(preprocessing_function=lambda image: image + 1, rescale=2.0)
    np.testing.assert_allclose(generator.standardize(draw()), (draw() + 1) * 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ({"theta": 90}, lambda image: np.rot90(image, -1)),
        ({"tx": 1}, lambda image: np.concatenate([image[1:], image[-1:]])),
        ({"ty": -2}, lambda image: np.concatenate([image[:, :1]] * 2 + [image[:, :-2]], 1)),
        ({"flip_horizontal": True}, lambda image: image[:, ::-1]),
        ({"flip_vertical": True}, lambda image: image[::-1]),
        ({"zx": 2, "zy": 2}, None),
        ({"brightness": 0.5}, lambda image: image / 2),
        ({"channel_shift_intensity": 10.0}, lambda image: np.minimum(image + 10, 255)),
        ({}, lambda image: image),
    ],
)
def test_a_change_can_be_named_in_words(words, wanted):
    image = draw(1, (5, 5, 3))[0]
    found = ImageDataGenerator().apply_transform(image, words)
    expected = image[::2, ::2] if wanted is None else wanted(image)
    np.testing.assert_allclose(found[1:4, 1:4] if wanted is None else found, expected, atol=0.2)


def test_a_random_change_is_the_one_that_is_named():
    generator = ImageDataGenerator(
        **MOVING, vertical_flip=True, shear_range=10, channel_shift_range=20, brightness_range=(0.7, 1.2)
    )
    image = draw()[0]
    words = generator.get_random_transform(image.shape, seed=2)
    assert words["zx"] != words["zy"]
    assert None not in words.values()
    found = generator.random_transform(image, seed=2)
    np.testing.assert_array_equal(found, generator.apply_transform(image, words))
    keys_draw = generator.flow(image[None], seed=2)
    assert next(keys_draw).shape == (1, 6, 5, 3)
    assert generator.random_transform(image).shape == image.shape


def test_words_that_are_drawn_by_a_flow_are_those_of_a_single_change():
    generator = ImageDataGenerator(**MOVING)
    image = draw()[0]
    batch = next(generator.flow(image[None], seed=5))
    np.testing.assert_allclose(batch[0], generator.random_transform(image, seed=5), atol=1e-3)


def test_channels_first_images_keep_their_order():
    last, first = ImageDataGenerator(**MOVING), ImageDataGenerator(**MOVING, data_format="channels_first")
    turned = np.moveaxis(draw(), -1, 1)
    np.testing.assert_allclose(
        np.moveaxis(next(first.flow(turned, seed=1)), 1, -1), next(last.flow(draw(), seed=1)), rtol=1e-5
    )
    one = first.random_transform(turned[0], seed=1)
    np.testing.assert_allclose(np.moveaxis(one, 0, -1), last.random_transform(draw()[0], seed=1), rtol=1e-5)
    assert first.standardize(turned).shape == turned.shape


def test_weights_go_with_labels_and_parts_share_nothing():
    generator = ImageDataGenerator(validation_split=0.25)
    arguments = {"x": draw(), "y": np.arange(40) % 2, "sample_weight": np.arange(40), "shuffle": False}
    parts = [generator.flow(**arguments, subset=name) for name in ("training", "validation")]
    weights = [[int(one) for _ in range(len(part)) for one in next(part)[2]] for part in parts]
    assert weights == [list(range(10, 40)), list(range(10))]


def test_changed_images_can_be_looked_at_as_files(tmp_path):
    batches = ImageDataGenerator(**MOVING).flow(
        draw(3), batch_size=3, save_to_dir=str(tmp_path / "seen"), save_prefix="cat", save_format="jpeg"
    )
    batches.next()
    batches.next()
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == [
        f"cat_{index}_{epoch}.jpeg" for index in range(3) for epoch in range(2)
    ]


def test_a_folder_of_class_folders(folder, capsys):
    batches = ImageDataGenerator(rescale=1 / 255).flow_from_directory(
        folder, target_size=(4, 6), batch_size=9, class_mode="categorical"
    )
    assert capsys.readouterr().out == "Found 9 images belonging to 2 classes.\n"
    assert batches.class_indices == {"cats": 0, "dogs": 1}
    assert batches.classes.tolist() == [0] * 5 + [1] * 4
    assert batches.labels.tolist() == batches.classes.tolist()
    assert batches.filenames[5] == "dogs/0.png"
    assert (batches.samples, batches.n, batches.num_classes) == (9, 9, 2)
    assert batches.image_shape == (4, 6, 3)
    images, rows = next(batches)
    np.testing.assert_array_equal(np.rint(images[:, 0, 0, 0] * 255) // 100, rows.argmax(1))


@pytest.mark.parametrize(
    ("class_mode", "wanted"),
    [("binary", [0.0] * 5 + [1.0] * 4), ("sparse", [0.0] * 5 + [1.0] * 4), ("input", None), (None, None)],
)
def test_class_modes_of_a_folder(folder, class_mode, wanted):
    batches = ImageDataGenerator().flow_from_directory(
        folder, (4, 4), "grayscale", class_mode=class_mode, shuffle=False
    )
    found = next(batches)
    if class_mode is None:
        assert found.shape == (9, 4, 4, 1)
    elif class_mode == "input":
        np.testing.assert_array_equal(*found)
    else:
        assert found[1].tolist() == wanted


def test_parts_of_a_folder_are_cut_class_by_class(folder):
    generator = ImageDataGenerator(validation_split=0.4)
    parts = [
        generator.flow_from_directory(folder, (4, 4), classes=["dogs", "cats"], subset=name).filenames
        for name in ("validation", "training")
    ]
    assert parts[0] == ["dogs/0.png", "cats/0.png", "cats/1.png"]
    assert len({*parts[0], *parts[1]}) == 9


def test_a_model_trains_on_a_folder(folder):
    generator = ImageDataGenerator(**MOVING, rescale=1 / 255)
    batches = generator.flow_from_directory(folder, (8, 8), class_mode="binary", batch_size=4)
    model = models.Sequential([layers.Input((8, 8, 3)), layers.Flatten(), layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(batches, epochs=2, validation_data=batches, verbose=0)
    assert len(history.history["val_loss"]) == 2
    assert batches.epoch >= 2


def test_a_table_of_names(folder, capsys):
    names = ["cats/0.png", "dogs/1.png", "nowhere.png", "dogs/2.png"]
    batches = ImageDataGenerator().flow_from_dataframe(
        table(names, kind=["b", "a", "a", "b"], weight=[1, 2, 3, 4]),
        folder,
        y_col="kind",
        weight_col="weight",
        target_size=(4, 4),
        shuffle=False,
    )
    assert "1 of 4 files are not there and left out, the first: nowhere.png.\n" in capsys.readouterr().out
    assert batches.class_indices == {"a": 0, "b": 1}
    images, rows, weights = next(batches)
    assert images[:, 0, 0, 0].tolist() == [0, 101, 102]
    assert rows.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert weights.tolist() == [1, 2, 4]


def test_a_table_in_other_modes(folder):
    names = ["cats/0.png", "dogs/1.png"]
    columns = {"kinds": [["x", "y"], ["y"]], "age": [1.5, 2.5], "size": [3, 4], "class": ["p", "q"]}

    def answers(**options):
        return next(
            ImageDataGenerator().flow_from_dataframe(
                table(names, **columns), folder, target_size=(4, 4), shuffle=False, **options
            )
        )

    assert answers(y_col="kinds")[1].tolist() == [[1, 1], [0, 1]]
    assert answers(y_col="age", class_mode="raw")[1].tolist() == [1.5, 2.5]
    assert answers(y_col=["age", "size"], class_mode="raw")[1].tolist() == [[1.5, 3], [2.5, 4]]
    ages, sizes = answers(y_col=["age", "size"], class_mode="multi_output")[1]
    assert (ages.tolist(), sizes.tolist()) == ([1.5, 2.5], [3, 4])
    assert answers(class_mode="sparse", classes=["q"])[1].tolist() == [0]
    assert answers(class_mode=None).shape == (2, 4, 4, 3)


def test_labels_of_a_table_are_what_stands_in_it(folder):
    def labels(**options):
        values = table(["cats/0.png"], age=[1.5], size=[3], kinds=[["x", "y"]])
        return ImageDataGenerator().flow_from_dataframe(values, folder, target_size=(4, 4), **options).labels

    assert labels(y_col="age", class_mode="raw").tolist() == [1.5]
    assert [part.tolist() for part in labels(y_col=["age", "size"], class_mode="multi_output")] == [
        [1.5],
        [3],
    ]
    assert labels(y_col="kinds") == [[0, 1]]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({"interpolation_order": 3}, r"interpolation_order is 0 \(nearest\) or 1 \(bilinear\); got 3"),
        ({"validation_split": 1.5}, r"validation_split is a share between 0 and 1; got 1.5"),
        ({"data_format": "first"}, r"data_format must be one of 'channels_last', .* got 'first'"),
        ({"fill_mode": "mirror"}, r"fill_mode must be one of .* got 'mirror'"),
        ({"zoom_range": "much"}, r"zoom_range"),
    ],
)
def test_words_that_cannot_work_are_refused(words, text):
    with pytest.raises(ArgumentError, match=text):
        ImageDataGenerator(**words)


def test_statistics_without_images_are_refused():
    with pytest.raises(StateError, match=r"need the training images first: call fit\(x_train\)"):
        ImageDataGenerator(featurewise_center=True).standardize(draw())
    with pytest.raises(DataError, match=r"there are no images to learn statistics from"):
        ImageDataGenerator(featurewise_center=True).fit(draw(0))
    with pytest.raises(ShapeError, match=r"images have 4 axes, the first of examples; got \(6, 5, 3\)"):
        ImageDataGenerator().fit(draw()[0])
    with pytest.raises(ShapeError, match=r"one image has 3 axes; got \(40, 6, 5, 3\)"):
        ImageDataGenerator().apply_transform(draw(), {})
    generator = ImageDataGenerator(zca_whitening=True)
    generator.fit(draw(40, (2, 2, 3)))
    with pytest.raises(ShapeError, match=r"whitening was fitted to 12 values an image; got .*\(6, 5, 3\)"):
        generator.standardize(draw())


def test_a_word_of_a_change_that_there_is_not_is_refused():
    with pytest.raises(ArgumentError, match=r"apply_transform has no argument 'teta'. Did you mean 'theta'"):
        ImageDataGenerator().apply_transform(draw()[0], {"teta": 3})


def test_arrays_that_do_not_fit_are_refused():
    generator = ImageDataGenerator(validation_split=0.5)
    with pytest.raises(ShapeError, match=r"images have 4 axes, the first of examples; got \(40, 6\)"):
        generator.flow(np.zeros((40, 6)))
    with pytest.raises(DataError, match=r"there are 40 images but 3 labels"):
        generator.flow(draw(), np.zeros(3))
    with pytest.raises(DataError, match=r"there are 40 images but 3 sample weights"):
        generator.flow(draw(), sample_weight=np.zeros(3))
    with pytest.raises(ArgumentError, match=r"the training and the validation part have different classes"):
        generator.flow(draw(), np.arange(40), subset="training")
    assert generator.flow(draw(), np.arange(40), subset="training", ignore_class_split=True).n == 20
    with pytest.raises(ArgumentError, match=r"subset must be one of 'training', 'validation'; got 'test'"):
        generator.flow(draw(), subset="test")
    with pytest.raises(ArgumentError, match=r"subset='training' needs ImageDataGenerator\(validation_split"):
        ImageDataGenerator().flow(draw(), subset="training")


def test_folders_that_do_not_fit_are_refused(folder, tmp_path_factory):
    generator = ImageDataGenerator()
    with pytest.raises(ArgumentError, match=r"class_mode must be one of 'categorical', .* got 'raw'"):
        generator.flow_from_directory(folder, class_mode="raw")
    with pytest.raises(ArgumentError, match=r"class_mode='binary' is for two classes; found 1: cats"):
        generator.flow_from_directory(folder, classes=["cats"], class_mode="binary")
    with pytest.raises(FileAccessError, match=r"there is no folder "):
        generator.flow_from_directory(folder / "nowhere")
    empty = tmp_path_factory.mktemp("empty")
    (empty / "cats").mkdir()
    with pytest.raises(DataError, match=r"there are no images in "):
        generator.flow_from_directory(empty)


def test_tables_that_do_not_fit_are_refused(folder):
    generator = ImageDataGenerator()
    with pytest.raises(ArgumentError, match=r"the table has no column 'file'; it has filename, class"):
        generator.flow_from_dataframe(table(["cats/0.png"], **{"class": ["a"]}), folder, x_col="file")
    with pytest.raises(DataError, match=r"no file of column 'filename' is there, seen from "):
        generator.flow_from_dataframe(table(["nowhere.png"], **{"class": ["a"]}), folder)
    with pytest.raises(LabelError, match=r"class_mode='sparse' takes one class a file, but a row has 2"):
        generator.flow_from_dataframe(
            table(["cats/0.png"], **{"class": [["a", "b"]]}), folder, class_mode="sparse"
        )
    with pytest.raises(ArgumentError, match=r"class_mode must be one of .* got 'guess'"):
        generator.flow_from_dataframe(table([]), folder, class_mode="guess")
