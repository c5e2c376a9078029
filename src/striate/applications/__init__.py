"""Ready-made networks: small ones to begin with, the reference networks, and the known ones of ImageNet."""

from striate.core.lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "EfficientNetLite0": ".efficientnet",
        "LeNet5": ".lenet",
        "Recommended": ".small",
        "ResNet18": ".resnet",
        "ResNet50": ".resnet",
        "VGG16": ".vgg",
        "VGG19": ".vgg",
        "build_pretrained": ".transfer",
        "decode_predictions": ".imagenet_classes",
        "fcn1d": ".signal",
        "net_a": ".reference",
        "net_b": ".reference",
        "net_c": ".reference",
        "net_d": ".reference",
        "net_e": ".reference",
        "preprocess_input": ".imagenet_input",
        "recommended": ".small",
        "recommended_for_signals": ".signal",
        "resnet50": ".resnet50",
        "small_cnn": ".small",
        "small_cnn_1d": ".small",
        "vgg16": ".vgg16",
        "vgg19": ".vgg19",
    },
)
