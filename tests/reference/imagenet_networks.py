"""The known networks in plain PyTorch, with torchvision's own names of weights; narrow ones by `width`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

VGG16 = (2, 2, 3, 3, 3)


class TorchVGG(nn.Module):
    """VGG as torchvision has it: `features` and `classifier` are lists that count every layer.

    `maps` is the side of the last maps, which torchvision pools to 7.
    """

    def __init__(
        self, convolutions=VGG16, filters=(64, 128, 256, 512, 512), units=4096, classes=1000, maps=7
    ):
        super().__init__()
        layers, channels = [], 3
        for count, width in zip(convolutions, filters, strict=True):
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(channels * maps * maps, units),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(units, units),
            nn.ReLU(),
            nn.Dropout(),
            nn.Linear(units, classes),
        )

    def forward(self, images):
        return self.classifier(self.features(images).flatten(1))


class Block(nn.Module):
    """A residual block; `early` puts a bottleneck's stride into its first convolution, as Keras does."""

    def __init__(self, channels, filters, stride, bottleneck, early, bias, epsilon):
        super().__init__()
        width = filters * 4 if bottleneck else filters
        parts = [(3, stride, filters), (3, 1, filters)]
        if bottleneck:
            first, second = (stride, 1) if early else (1, stride)
            parts = [(1, first, filters), (3, second, filters), (1, 1, width)]
        self.count, inside = len(parts), channels
        for number, (kernel, step, count) in enumerate(parts, start=1):
            layer = nn.Conv2d(inside, count, kernel, step, kernel // 2, bias=bias)
            setattr(self, f"conv{number}", layer)
            setattr(self, f"bn{number}", nn.BatchNorm2d(count, epsilon))
            inside = count
        self.downsample = None
        if stride > 1 or channels != width:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, width, 1, stride, bias=bias), nn.BatchNorm2d(width, epsilon)
            )

    def forward(self, images):
        outputs = images
        for number in range(1, self.count + 1):
            outputs = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(outputs))
            outputs = F.relu(outputs) if number < self.count else outputs
        return F.relu(outputs + (images if self.downsample is None else self.downsample(images)))


class TorchResNet(nn.Module):
    """ResNet with torchvision's names: conv1, bn1, layer1 to layer4, fc."""

    def __init__(self, blocks, bottleneck, width=64, classes=1000, early=False, bias=False, epsilon=1e-5):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=bias)
        self.bn1 = nn.BatchNorm2d(width, epsilon)
        channels = width
        for stage, count in enumerate(blocks, start=1):
            filters, made = width * 2 ** (stage - 1), []
            for number in range(count):
                stride = 2 if number == 0 and stage > 1 else 1
                made.append(Block(channels, filters, stride, bottleneck, early, bias, epsilon))
                channels = filters * 4 if bottleneck else filters
            setattr(self, f"layer{stage}", nn.Sequential(*made))
        self.stages = len(blocks)
        self.fc = nn.Linear(channels, classes)

    def forward(self, images):
        outputs = F.max_pool2d(F.relu(self.bn1(self.conv1(images))), 3, 2, 1)
        for stage in range(1, self.stages + 1):
            outputs = getattr(self, f"layer{stage}")(outputs)
        return self.fc(outputs.mean((2, 3)))


# Of each stage: blocks, kernel, stride, filters, expansion.
LITE_STAGES = (
    (1, 3, 1, 16, 1),
    (2, 3, 2, 24, 6),
    (2, 5, 2, 40, 6),
    (3, 3, 2, 80, 6),
    (3, 5, 1, 112, 6),
    (4, 5, 2, 192, 6),
    (1, 3, 1, 320, 6),
)


def lite0(state, images):
    """Compute EfficientNet-Lite0 from a state dict in the names of its port to PyTorch, step by step."""

    def convolve(inputs, name, stride=1):
        kernel = state[f"{name}.weight"]
        side, size = kernel.shape[-1], inputs.shape[-1]
        pad = max((-(-size // stride) - 1) * stride + side - size, 0)
        padded = F.pad(inputs, (pad // 2, pad - pad // 2) * 2)
        return F.conv2d(padded, kernel, stride=stride, groups=inputs.shape[1] // kernel.shape[1])

    def normalize(inputs, name):
        keys = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(inputs, *(state[f"{name}.{key}"] for key in keys), eps=1e-3)

    outputs = F.relu6(normalize(convolve(images, "_conv_stem", 2), "_bn0"))
    number = 0
    for count, _, stride, _, expansion in LITE_STAGES:
        for repeat in range(count):
            block, inputs = f"_blocks.{number}", outputs
            if expansion > 1:
                outputs = F.relu6(normalize(convolve(outputs, f"{block}._expand_conv"), f"{block}._bn0"))
            step = stride if repeat == 0 else 1
            outputs = convolve(outputs, f"{block}._depthwise_conv", step)
            outputs = F.relu6(normalize(outputs, f"{block}._bn1"))
            outputs = normalize(convolve(outputs, f"{block}._project_conv"), f"{block}._bn2")
            outputs = outputs + inputs if repeat else outputs
            number += 1
    outputs = F.relu6(normalize(convolve(outputs, "_conv_head"), "_bn1"))
    return F.linear(outputs.mean((2, 3)), state["_fc.weight"], state["_fc.bias"])


def lite_state(generator, width=1.0, classes=1000):
    """Draw a state dict of EfficientNet-Lite0 in the names of its port, with plausible numbers."""
    state = {}

    def convolution(name, filters, channels, kernel):
        fan = channels * kernel * kernel
        state[f"{name}.weight"] = (
            torch.randn(filters, channels, kernel, kernel, generator=generator) * fan**-0.5
        )

    def norm(name, channels):
        state[f"{name}.weight"] = torch.rand(channels, generator=generator) + 0.5
        state[f"{name}.bias"] = torch.randn(channels, generator=generator) * 0.3 + 0.5
        state[f"{name}.running_mean"] = torch.randn(channels, generator=generator) * 0.1
        state[f"{name}.running_var"] = torch.rand(channels, generator=generator) + 0.5
        state[f"{name}.num_batches_tracked"] = torch.tensor(7)

    channels = int(32 * width)
    convolution("_conv_stem", channels, 3, 3)
    norm("_bn0", channels)
    number = 0
    for count, kernel, _, filters, expansion in LITE_STAGES:
        for _ in range(count):
            block, wide = f"_blocks.{number}", channels * expansion
            if expansion > 1:
                convolution(f"{block}._expand_conv", wide, channels, 1)
                norm(f"{block}._bn0", wide)
            convolution(f"{block}._depthwise_conv", wide, 1, kernel)
            norm(f"{block}._bn1", wide)
            convolution(f"{block}._project_conv", int(filters * width), wide, 1)
            norm(f"{block}._bn2", int(filters * width))
            channels, number = int(filters * width), number + 1
    convolution("_conv_head", int(1280 * width), channels, 1)
    norm("_bn1", int(1280 * width))
    state["_fc.weight"] = torch.randn(classes, int(1280 * width), generator=generator) * 0.05
    state["_fc.bias"] = torch.randn(classes, generator=generator)
    return state


def spread(module, seed=0):
    """Give a network's normalisation statistics that are none of the usual, and hand it back in inference."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for inner in module.modules():
            if isinstance(inner, nn.BatchNorm2d):
                inner.weight.copy_(torch.rand(inner.weight.shape, generator=generator) + 0.5)
                inner.bias.copy_(torch.randn(inner.bias.shape, generator=generator) * 0.3)
                inner.running_mean.copy_(torch.randn(inner.bias.shape, generator=generator) * 0.1)
                inner.running_var.copy_(torch.rand(inner.bias.shape, generator=generator) + 0.5)
            elif isinstance(inner, (nn.Conv2d, nn.Linear)) and inner.bias is not None:
                inner.bias.copy_(torch.randn(inner.bias.shape, generator=generator) * 0.3)
    return module.eval()
