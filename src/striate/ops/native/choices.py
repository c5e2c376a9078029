"""Which blocks PyTorch's own library computes faster: a table by processor and shape.

Nothing is timed while a network runs, so two processes always choose alike. The table that comes with
the package is empty so far; `striate tune-kernels` measures a network's
blocks on this machine and writes what it finds into the cache, where it stands in place of the package's.
A run keeps the choices that it began with.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from striate.core.cache import cache_folder
from striate.core.errors import FileFormatError
from striate.ops.native.part import Part
from striate.ops.native.structures import CONVOLUTION, DENSE, FIRST, GLOBAL, NORMALIZATION

PACKAGED = Path(__file__).with_name("choices.json")
_KINDS = {
    CONVOLUTION: "convolution",
    NORMALIZATION: "normalization",
    FIRST: "convolution with batch moments",
    DENSE: "dense",
    GLOBAL: "global pooling",
}
# Blocks left to PyTorch here; read once a process, or set by whoever takes up an earlier run.
_chosen: list[frozenset[str]] = []


def describe_block(part: Part, bf16: bool, training: bool) -> str:
    """Name a block by what decides how fast it is; the batch is left out."""
    sizes = part.sizes
    words = [_KINDS[part.kind], "bf16" if bf16 else "fp32", "training" if training else "inference"]
    words.append(f"{sizes['height']}x{sizes['width']}x{sizes['channels']} to {sizes['filters']}")
    for name in ("window", "stride", "dilation", "pool"):
        pair = (sizes[f"{name}_height"], sizes[f"{name}_width"])
        if pair != (1, 1):
            words.append(f"{name} {pair[0]}x{pair[1]}")
    return ", ".join(words)


def left_to_pytorch() -> frozenset[str]:
    """List the blocks that are not to run natively on this processor, by `describe_block`."""
    if not _chosen:
        _chosen.append(_read(tuned_table()) or _read(PACKAGED) or frozenset())
    return _chosen[0]


def use_choices(blocks: Iterable[str] | None) -> None:
    """Take up the choices of an earlier run; None goes back to this machine's own."""
    _chosen.clear()
    if blocks is not None:
        _chosen.append(frozenset(blocks))


def tuned_table() -> Path:
    """The file that `striate tune-kernels` writes."""
    return cache_folder("kernels") / "choices.json"


def write_choices(blocks: Iterable[str]) -> Path:
    """Keep choices for this processor; from now on they are used in new processes and in this one."""
    path = tuned_table()
    table = _table(path) if path.is_file() else {}
    table[processor_name()] = sorted(blocks)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    half.write_text(json.dumps(table, indent=1), encoding="utf-8")
    half.replace(path)
    use_choices(None)
    return path


def processor_name() -> str:
    """Name the kind of processor: maker, family and model where the system says them."""
    info = Path("/proc/cpuinfo")
    if not info.is_file():
        return platform.processor() or platform.machine()
    lines = (line.partition(":") for line in info.read_text(encoding="utf-8", errors="replace").splitlines())
    facts = {name.strip(): value.strip() for name, _, value in lines}
    found = [facts.get(name, "") for name in ("vendor_id", "cpu family", "model")]
    return "-".join(part for part in found if part) or platform.machine()


def _read(path: Path) -> frozenset[str] | None:
    """Read this processor's choices from a table; None where it has none."""
    found = _table(path).get(processor_name()) if path.is_file() else None
    return None if found is None else frozenset(found)


def _table(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FileFormatError(
            f"{path} is no table of kernels' choices: {error}. Remove it, or run striate tune-kernels again."
        ) from error
    if not isinstance(table, dict) or not all(isinstance(blocks, list) for blocks in table.values()):
        raise FileFormatError(
            f"{path} is no table of kernels' choices. Remove it, or run striate tune-kernels again."
        )
    return table
