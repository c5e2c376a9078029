"""The names that code written for this family of APIs imports, and that every name offered is there."""

from __future__ import annotations

import importlib

import pytest

from tests.architecture.sources import package_files

# A line a module: what must import from it. A new public name goes here with the code that brings it.
PUBLIC_NAMES = {
    "striate.activations": """
        elu exponential gelu get hard_sigmoid leaky_relu linear relu relu6 selu serialize deserialize
        sigmoid silu softmax softplus softsign swish tanh
    """,
    "striate.applications": "EfficientNetLite0 LeNet5 ResNet18 ResNet50 VGG16 VGG19 decode_predictions "
    "preprocess_input",
    "striate.applications.resnet50": "ResNet50 decode_predictions preprocess_input",
    "striate.applications.vgg16": "VGG16 decode_predictions preprocess_input",
    "striate.applications.vgg19": "VGG19 decode_predictions preprocess_input",
    "striate.augment": """
        Augment CutMix MixUp RandomBrightness RandomColorJitter RandomContrast RandomCrop RandomErasing
        RandomFlip RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization
        RandomRotation RandomSaturation RandomShear RandomTranslation RandomZoom example_keys preset
        serialize deserialize
    """,
    "striate.callbacks": "Callback CSVLogger EarlyStopping History LambdaCallback LearningRateScheduler "
    "ModelCheckpoint ReduceLROnPlateau TensorBoard TerminateOnNaN",
    "striate.constraints": "MaxNorm MinMaxNorm NonNeg UnitNorm get serialize deserialize",
    "striate.datasets": "cifar10 fashion_mnist",
    "striate.datasets.cifar10": "load_data",
    "striate.initializers": """
        Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones Orthogonal
        RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros get serialize deserialize
    """,
    "striate.layers": """
        Activation AveragePooling1D AveragePooling2D BatchNormalization Conv1D
        Conv2D Dense Dropout Flatten GlobalAveragePooling1D GlobalAveragePooling2D
        GlobalMaxPooling1D GlobalMaxPooling2D Input InputLayer Layer LeakyReLU MaxPool1D MaxPool2D
        MaxPooling1D MaxPooling2D ReLU Rescaling Reshape Softmax
    """,
    "striate.layers.normalization": "BatchNormalization",
    "striate.losses": """
        BinaryCrossentropy CategoricalCrossentropy Hinge Huber KLDivergence Loss MeanAbsoluteError
        MeanSquaredError SparseCategoricalCrossentropy binary_crossentropy categorical_crossentropy
        mean_squared_error sparse_categorical_crossentropy get serialize deserialize
    """,
    "striate.metrics": """
        AUC Accuracy BinaryAccuracy CategoricalAccuracy Mean Metric Precision Recall
        SparseCategoricalAccuracy TopKCategoricalAccuracy get serialize deserialize
    """,
    "striate.models": "Model Sequential",
    "striate.optimizers": "Adagrad Adam AdamW Adamax Nadam Optimizer RMSprop SGD get serialize deserialize",
    "striate.preprocessing.image": "ImageDataGenerator array_to_img img_to_array load_img save_img",
    "striate.regularizers": "L1 L1L2 L2 get serialize deserialize",
    "striate.utils": "image_dataset_from_directory plot_model set_random_seed timeseries_dataset_from_array "
    "to_categorical",
    "striate.visualize": "imshow plot_activations plot_with_kernels",
}

PACKAGES = sorted(
    file.name.removeprefix("src/").removesuffix("/__init__.py").replace("/", ".")
    for file in package_files()
    if file.name.endswith("/__init__.py")
)


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module, names in PUBLIC_NAMES.items() for name in names.split()]
)
def test_a_name_that_such_code_imports_is_there(module, name):
    assert getattr(importlib.import_module(module), name) is not None


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_that_a_package_offers_is_there(package):
    module = importlib.import_module(package)
    offered = getattr(module, "__all__", [])
    assert [name for name in offered if getattr(module, name, None) is None] == []


def test_the_package_stands_in_for_keras_under_either_name():
    striate = importlib.import_module("striate")
    assert striate.keras is striate
    loss = striate.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    assert isinstance(loss, striate.losses.Loss)
