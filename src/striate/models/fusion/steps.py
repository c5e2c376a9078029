"""A graph's steps with its fused rows in place of the layers that they hold."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from typing import Any

from striate.core.tree import leaves
from striate.models.fusion.fused import FusedRow, fused_rows


def fuse_steps(steps: Sequence[Any], kept: set[int]) -> list[Any]:
    """Replace rows of layers that can be fused; `kept` are the slots that the graph hands out.

    A row is a chain: what is between its layers goes nowhere else. It runs where its first layer ran,
    when its input is there and before anybody gives that up.
    """
    uses = Counter(slot for step in steps for slot in leaves(step.inputs))
    followers = {step.inputs: number for number, step in enumerate(steps) if isinstance(step.inputs, int)}
    placed: dict[int, Any] = {}
    absorbed: set[int] = set()
    seen: set[int] = set()
    for first in range(len(steps)):
        if first in seen:
            continue
        chain = _chain(steps, first, followers, uses, kept)
        seen.update(chain)
        for start, row in fused_rows([steps[number].layer for number in chain]):
            members = chain[start : start + len(row.layers)]
            placed[members[0]] = _joined([steps[number] for number in members], row)
            absorbed.update(members[1:])
    return [placed.get(number, step) for number, step in enumerate(steps) if number not in absorbed]


def _chain(
    steps: Sequence[Any], first: int, followers: dict[int, int], uses: Counter[int], kept: set[int]
) -> list[int]:
    """Follow the steps from one on, as long as each hands its one result to the next alone."""
    chain = [first]
    if not _is_single(steps[first]):
        return chain
    while True:
        (output,) = steps[chain[-1]].outputs
        follower = followers.get(output)
        if output in kept or uses[output] != 1 or follower is None or not _is_single(steps[follower]):
            return chain
        chain.append(follower)


def _is_single(step: Any) -> bool:
    return isinstance(step.inputs, int) and len(step.outputs) == 1 and not step.options


def _joined(members: Sequence[Any], row: FusedRow) -> Any:
    between = {member.outputs[0] for member in members[:-1]}
    free = tuple({slot for member in members for slot in member.free} - between)
    return dataclasses.replace(members[0], layer=row, outputs=members[-1].outputs, free=free)
