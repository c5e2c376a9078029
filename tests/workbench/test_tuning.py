"""Measuring which of a network's blocks run natively, and keeping it."""

from __future__ import annotations

import json

import pytest
import torch

from striate.cli.main import main
from striate.core.runtime import has_bfloat16_hardware
from striate.ops.native import choices
from striate.ops.native.library import explain_native
from striate.workbench import tuning
from striate.workbench.tuning import tune_kernels

# What is not compiled takes bf16 where the processor has it, and not every level has kernels for that.
needs_kernels = pytest.mark.skipif(
    explain_native().value is None
    or (has_bfloat16_hardware(torch.device("cpu")) and not explain_native().value.has_bf16),
    reason="no native kernels for the precision taken here",
)


@pytest.fixture(autouse=True)
def own_table(tmp_path, monkeypatch):
    monkeypatch.setattr(choices, "tuned_table", lambda: tmp_path / "kernels" / "choices.json")
    choices.use_choices(None)
    yield
    choices.use_choices(None)


@needs_kernels
def test_blocks_are_measured_and_what_pytorch_does_faster_is_kept(monkeypatch):
    monkeypatch.setattr("striate.models.fusion.tuning.CLEARLY", 1e9)
    choices.write_choices(["of another network"])
    found = tune_kernels("net_c", 2)
    blocks = {block.block for block in found.blocks}
    assert any("32x32x3 to 32" in block for block in blocks)
    assert choices.left_to_pytorch() == blocks | {"of another network"}
    assert json.loads(found.path.read_text()) == {choices.processor_name(): sorted(choices.left_to_pytorch())}
    monkeypatch.setattr("striate.models.fusion.tuning.CLEARLY", 0.0)
    tune_kernels("net_c", 2)
    assert choices.left_to_pytorch() == {"of another network"}


@needs_kernels
def test_the_command_prints_every_block_both_ways(capsys):
    assert main(["tune-kernels", "net_c", "--batch-size", "2"]) == 0
    text = capsys.readouterr().out
    assert "net_c: " in text
    assert "convolution, " in text
    assert "blocks are left to PyTorch; kept in" in text


def test_the_batch_size_is_a_whole_number(capsys):
    assert main(["tune-kernels", "net_c", "--batch-size", "0"]) == 1
    assert "batch_size takes one whole number, at least 1; got 0." in capsys.readouterr().err


def test_an_unknown_network_is_named(capsys):
    assert main(["tune-kernels", "nowhere"]) == 1
    assert "no network either" in capsys.readouterr().err


def test_the_table_can_be_read_as_text():
    empty = tuning.KernelTuning("net", 4, (), choices.tuned_table())
    assert str(empty).splitlines()[0] == "net, batches of 4"
