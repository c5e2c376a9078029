"""CIFAR-100: 60,000 colour images of 32x32 pixels in a hundred classes, or twenty coarse ones.

Krizhevsky, "Learning multiple layers of features from tiny images" (2009).
"""

from __future__ import annotations

import os
from dataclasses import replace

from striate.core.shapes import check_choice
from striate.datasets.cifar import CifarSet, Part
from striate.datasets.download import RemoteFile
from striate.datasets.source import DataBundle

_FINE = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel
can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur
dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion
lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree
pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea
seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table
tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman
worm
"""

_COARSE = """
aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices
household_furniture insects large_carnivores large_man-made_outdoor_things
large_natural_outdoor_scenes large_omnivores_and_herbivores medium_mammals non-insect_invertebrates
people reptiles small_mammals trees vehicles_1 vehicles_2
"""

CLASS_NAMES = _FINE.split()
COARSE_CLASS_NAMES = _COARSE.split()

CIFAR_SET = CifarSet(
    name="cifar100",
    title="CIFAR-100",
    class_names=tuple(CLASS_NAMES),
    archive=RemoteFile(
        "cifar-100-binary.tar.gz",
        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        ("https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",),
    ),
    binary_files=("cifar-100-binary/train.bin", "cifar-100-binary/test.bin"),
    python_archive="cifar-100-python.tar.gz",
    python_files=("cifar-100-python/train", "cifar-100-python/test"),
    label_names=(b"coarse_labels", b"fine_labels"),
    chosen=1,
)
COARSE_CIFAR_SET = replace(CIFAR_SET, class_names=tuple(COARSE_CLASS_NAMES), chosen=0)


def load_data(label_mode: str = "fine", data_dir: str | os.PathLike[str] | None = None) -> tuple[Part, Part]:
    """Load the images and labels: (x_train, y_train), (x_test, y_test).

    `label_mode` is 'fine' for the hundred classes or 'coarse' for the twenty.

    Shape:
        x_train: (50000, 32, 32, 3) uint8, 0 to 255; y_train: (50000, 1) uint8
        x_test: (10000, 32, 32, 3) uint8; y_test: (10000, 1) uint8

    Raises:
        ArgumentError: another label_mode.
        FileAccessError: the archive is neither here nor to be had.
        FileFormatError: it is damaged or holds something else.
    """
    fine = check_choice(label_mode, ("fine", "coarse"), "label_mode") == "fine"
    return (CIFAR_SET if fine else COARSE_CIFAR_SET).load_data(data_dir)


def load_bundle(data_dir: str | os.PathLike[str] | None = None) -> DataBundle:
    """Load the set as a bundle with the hundred class names."""
    return CIFAR_SET.load_bundle(data_dir)
