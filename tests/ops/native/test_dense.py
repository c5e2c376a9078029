from __future__ import annotations

import ctypes
import random

import pytest
import torch

from striate.ops.native.library import load_library, supported_levels
from striate.ops.native.structures import DENSE, Block, Pass

ONES = [
    *("window_height", "window_width", "stride_height", "stride_width", "dilation_height", "dilation_width"),
    *("map_height", "map_width", "pool_height", "pool_width", "output_height", "output_width"),
]
ELEMENTS = {True: torch.float32, False: torch.bfloat16}


def library(level):
    try:
        return load_library(level).functions
    except OSError as error:
        pytest.skip(str(error))


@pytest.fixture(params=supported_levels())
def kernels(request):
    functions = library(request.param)
    yield functions, request.param
    functions.striate_set_threads(1)


def arena(size):
    room = torch.zeros(size + 64, dtype=torch.uint8)
    start = -room.data_ptr() % 64
    return room[start:]


class Dense:
    """One dense block with random weights, run by the kernels and by PyTorch in float64."""

    def __init__(self, functions, batch, features, units, **options):
        self.functions = functions
        self.options = {"bf16": 0, "training": 1, "input_gradient": 1, **options}
        fp32 = {
            side: bool(self.options.get(f"{side}_is_fp32", 0) or not self.options["bf16"])
            for side in ("input", "output")
        }
        self.normalized = self.options.pop("normalized", False)
        self.bias = torch.randn(units) if self.options.pop("use_bias", True) else None
        self.kernel = torch.randn(features, units) / features**0.5
        self.input = torch.randn(batch, features).to(ELEMENTS[fp32["input"]])
        self.output_gradient = torch.randn(batch, units).to(ELEMENTS[fp32["output"]])
        self.output = torch.full((batch, units), 7.0).to(ELEMENTS[fp32["output"]])
        self.input_gradient = torch.full((batch, features), 7.0).to(ELEMENTS[fp32["input"]])
        self.kernel_gradient = torch.full((features, units), 7.0)
        self.bias_gradient = torch.full((units,), 7.0)
        self.moments = [torch.randn(units) for _ in range(3)] + [torch.rand(units) + 0.1]
        self.block, self.plan = self.describe(batch, features, units), Pass()
        self.plan.blocks, self.plan.count, self.plan.batch = ctypes.pointer(self.block), 1, batch
        self.plan.first_example = 5
        self.answer = functions.striate_plan(self.plan)

    def describe(self, batch, features, units):
        block = Block(kind=DENSE, height=1, width=1, channels=features, filters=units, epsilon=1e-3)
        for name in ONES:
            setattr(block, name, 1)
        for name, value in self.options.items():
            setattr(block, name, value)
        block.kernel, block.kernel_gradient = self.kernel.data_ptr(), self.kernel_gradient.data_ptr()
        if self.bias is not None:
            block.bias, block.bias_gradient = self.bias.data_ptr(), self.bias_gradient.data_ptr()
        if self.normalized:
            for name, tensor in zip(
                ("gamma", "beta", "moving_mean", "moving_variance"), self.moments, strict=True
            ):
                setattr(block, name, tensor.data_ptr())
        return block

    def run(self):
        assert self.answer == 0
        kept, work = arena(self.plan.kept_bytes), arena(self.plan.work_bytes)
        self.plan.kept, self.plan.work = kept.data_ptr(), work.data_ptr()
        self.plan.input, self.plan.output = self.input.data_ptr(), self.output.data_ptr()
        self.plan.output_gradient = self.output_gradient.data_ptr()
        if self.options["input_gradient"]:
            self.plan.input_gradient = self.input_gradient.data_ptr()
        assert self.functions.striate_forward(self.plan) == 0
        if self.options["training"]:
            work.random_(0, 255)  # nothing in it may be needed on the way back
            assert self.functions.striate_backward(self.plan) == 0
        return [self.output, *self.gradients()] if self.options["training"] else [self.output]

    def gradients(self):
        found = [self.kernel_gradient]
        found += [self.bias_gradient] if self.bias is not None else []
        return found + ([self.input_gradient] if self.options["input_gradient"] else [])

    def expected(self):
        """What `run` should give; where dropout dropped and ReLU closed is read from the output."""
        exact = [tensor.double().requires_grad_() for tensor in (self.input, self.kernel)]
        x, kernel = exact
        bias = None if self.bias is None else self.bias.double().requires_grad_()
        y = x @ kernel + (0 if bias is None else bias)
        if self.normalized:
            gamma, beta, mean, variance = (each.double() for each in self.moments)
            y = (y - mean) / (variance + 1e-3).sqrt() * gamma + beta
        y = y.relu() if self.options.get("relu") else y
        rate = self.options.get("dropout", 0.0)
        if rate:
            y = torch.where(self.output == 0, 0.0, y / (1 - rate))
        if not self.options["training"]:
            return [y.detach()]
        # The kernel decides by the output that it stored.
        wanted = [kernel, *([] if bias is None else [bias]), *([x] if self.options["input_gradient"] else [])]
        return [y.detach(), *torch.autograd.grad(y, wanted, self.output_gradient.double())]


def check(dense, tolerance):
    for got, want in zip(dense.run(), dense.expected(), strict=True):
        largest = max(want.abs().max().item(), 1e-3)
        worst = (got.double() - want).abs().max().item() / largest
        assert worst < tolerance, (got.shape, worst)


def options_of(draw, bf16):
    options = {"bf16": int(bf16), "relu": draw.choice([0, 1]), "use_bias": draw.choice([True, True, False])}
    options["training"] = draw.choice([1, 1, 0])
    options["input_gradient"] = draw.choice([0, 1])
    options["dropout"] = draw.choice([0.0, 0.0, 0.5])
    options["normalized"] = not options["training"] and draw.choice([True, False])
    options["dropout"] = options["dropout"] if options["training"] else 0.0
    options["dropout_key"] = draw.randrange(2**63)
    if bf16:
        options |= {"input_is_fp32": draw.choice([0, 1]), "output_is_fp32": draw.choice([0, 1])}
    return options


SIZES = [1, 2, 3, 5, 7, 15, 16, 17, 31, 33, 48, 63, 64, 65, 100, 130, 257, 300, 1025]


def random_shapes(count):
    draw = random.Random(count)
    return [
        (
            draw.choice([1, 2, 3, 4, 5, 7, 8, 31, 32, 33, 261]),
            draw.choice(SIZES),
            draw.choice(SIZES[:17]),
            draw.random(),
        )
        for _ in range(count)
    ]


@pytest.mark.parametrize("part", range(6))
def test_fp32_agrees_with_pytorch_in_float64(kernels, part):
    functions, _ = kernels
    for batch, features, units, seed in random_shapes(120)[part::6]:
        torch.manual_seed(int(seed * 1e6))
        dense = Dense(functions, batch, features, units, **options_of(random.Random(seed), bf16=False))
        check(dense, 1e-5)


@pytest.mark.parametrize("part", range(6))
def test_bf16_agrees_with_pytorch_within_its_rounding(kernels, part):
    functions, level = kernels
    if level != "avx512_bf16":
        assert Dense(functions, 2, 3, 4, bf16=1).answer == 1
        return
    for batch, features, units, seed in random_shapes(120)[part::6]:
        torch.manual_seed(int(seed * 1e6))
        dense = Dense(functions, batch, features, units, **options_of(random.Random(seed), bf16=True))
        # Both sides start from weights and inputs that bf16 can hold.
        dense.kernel.copy_(dense.kernel.bfloat16())
        dense.input.copy_(dense.input.bfloat16())
        check(dense, 2**-7)


@pytest.mark.parametrize(
    ("batch", "features", "units"),
    [(3, 8200, 512), (70, 8193, 528), (33, 8200, 515), (150, 65, 1300)],
)
def test_large_kernels_whose_gradient_no_cache_keeps(kernels, batch, features, units):
    functions, level = kernels
    torch.manual_seed(batch)
    dense = Dense(functions, batch, features, units, bf16=int(level == "avx512_bf16"), relu=1)
    dense.kernel.copy_(dense.kernel.bfloat16())
    check(dense, 2**-7 if level == "avx512_bf16" else 1e-5)


def test_any_number_of_threads_gives_the_same_bits(kernels):
    functions, level = kernels
    for bf16 in {0, int(level == "avx512_bf16")}:
        for batch, features, units in [
            (33, 700, 100),
            (2, 1025, 64),
            (300, 257, 3),
            (32, 128, 10),
            (1, 600, 1),
        ]:
            results = []
            for threads in (1, 2, 3, 8):
                functions.striate_set_threads(threads)
                torch.manual_seed(3)
                dense = Dense(
                    functions, batch, features, units, bf16=bf16, relu=1, dropout=0.3, dropout_key=9
                )
                results.append([tensor.clone() for tensor in dense.run()])
            for other in results[1:]:
                assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))


@pytest.mark.parametrize("batch", [2, 9])
@pytest.mark.parametrize("units", [1, 3, 5, 33])
def test_nan_and_infinity_go_through_as_in_pytorch(kernels, batch, units):
    functions, level = kernels
    for bf16 in {0, int(level == "avx512_bf16")}:
        dense = Dense(functions, batch, 33, units, bf16=bf16, relu=1)
        dense.kernel.copy_(dense.kernel.bfloat16())
        dense.input[0, 32] = float("nan")
        dense.input[1, 32] = float("inf")  # the last of an odd number stands alone in its pair
        got, want = dense.run(), dense.expected()
        for one, other in zip(got, want, strict=True):
            assert torch.equal(one.isnan(), other.isnan())
            assert torch.equal(one.isinf(), other.isinf())
        # What is not NaN or infinite is as it was: nothing leaked into other samples.
        for one, other in zip(got, want, strict=True):
            finite = other.isfinite()
            assert torch.allclose(one.double()[finite], other[finite], rtol=0.02, atol=0.02)


def test_dropout_drops_its_share_and_depends_on_key_and_example_only(kernels):
    functions, _ = kernels
    outputs = []
    for key, example in ((1, 5), (1, 5), (2, 5), (1, 6)):
        torch.manual_seed(0)
        dense = Dense(functions, 64, 5, 256, dropout=0.25, dropout_key=key)
        dense.plan.first_example = example
        outputs.append(dense.run()[0] == 0)
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])
    assert torch.equal(outputs[0][1:], outputs[3][:-1])
    assert abs(outputs[0].double().mean().item() - 0.25) < 0.02


def test_a_frozen_kernel_gets_no_gradient_and_the_others_theirs(kernels):
    functions, _ = kernels
    for units in (2, 40):
        dense = Dense(functions, 6, 20, units)
        dense.block.kernel_gradient = dense.block.bias_gradient = None
        _, kernel, bias, data = dense.run()
        assert torch.all(kernel == 7)
        assert torch.all(bias == 7)
        torch.testing.assert_close(data.double(), dense.expected()[-1], rtol=1e-5, atol=1e-5)


def test_pooling_behind_a_dense_layer_does_not_fit(kernels):
    functions, _ = kernels
    assert Dense(functions, 2, 3, 4, pool_height=2).answer == 1


@pytest.mark.parametrize("units", [1, 10])
def test_two_in_a_row_are_one_behind_the_other(kernels, units):
    functions, level = kernels
    for bf16 in {0, int(level == "avx512_bf16")}:
        first = Dense(functions, 9, 70, 33, bf16=bf16, relu=1)
        second = Dense(functions, 9, 33, units, bf16=bf16, output_is_fp32=1)
        both = (Block * 2)(first.block, second.block)
        plan = Pass(count=2, batch=9)
        plan.blocks = both
        assert functions.striate_plan(plan) == 0
        kept, work = arena(plan.kept_bytes), arena(plan.work_bytes)
        plan.kept, plan.work = kept.data_ptr(), work.data_ptr()
        plan.input, plan.output = first.input.data_ptr(), second.output.data_ptr()
        plan.output_gradient = second.output_gradient.data_ptr()
        plan.input_gradient = first.input_gradient.data_ptr()
        assert functions.striate_forward(plan) == 0
        assert functions.striate_backward(plan) == 0
        wanted = [t.double().requires_grad_() for t in (first.input, first.kernel, first.bias, second.kernel)]
        x, one, bias, two = wanted
        y = (x @ one + bias).relu() @ two + second.bias.double()
        expected = [y.detach(), *torch.autograd.grad(y, wanted, second.output_gradient.double())]
        found = [second.output, first.input_gradient, *first.gradients()[:2], second.kernel_gradient]
        for got, want in zip(found, expected, strict=True):
            worst = (got.double() - want).abs().max() / want.abs().max()
            assert worst < (0.03 if bf16 else 1e-5)
