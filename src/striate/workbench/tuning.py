"""Choosing, by measuring it once, which blocks of a network run natively on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from striate.core.shapes import per_axis
from striate.models.fusion.tuning import TunedBlock, tune_model
from striate.ops.native.choices import left_to_pytorch, write_choices
from striate.workbench.actions import open_network


@dataclass(frozen=True)
class KernelTuning:
    """What was measured, and the table that it was written into."""

    network: str
    batch_size: int
    blocks: tuple[TunedBlock, ...]
    path: Path

    def __str__(self) -> str:
        """Lay the blocks out as a table, milliseconds both ways."""
        lines = [f"{self.network}, batches of {self.batch_size}", f"{'native':>9}  {'PyTorch':>9}  taken"]
        for block in self.blocks:
            taken = "PyTorch" if block.is_left else "native"
            lines.append(f"{block.native:9.3f}  {block.pytorch:9.3f}  {taken:<7}  {block.block}")
        left = sum(block.is_left for block in self.blocks)
        lines.append(f"{left} of {len(self.blocks)} blocks are left to PyTorch; kept in {self.path}")
        return "\n".join(lines)


def tune_kernels(network: str, batch_size: int | None = None, root: Path | None = None) -> KernelTuning:
    """Measure a network's blocks and keep what is faster, for this processor; other choices stay.

    Raises:
        FileAccessError: no run and no network of that name.
        StateError: no kernels on this machine.
    """
    model, described = open_network(network, root)
    size = 32 if batch_size is None else per_axis(batch_size, 1, "batch_size")[0]
    blocks = tuple(tune_model(model, size))
    measured = {block.block for block in blocks}
    left = (left_to_pytorch() - measured) | {block.block for block in blocks if block.is_left}
    return KernelTuning(described, size, blocks, write_choices(left))
