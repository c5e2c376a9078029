"""A row of layers that runs as one program where it can, and layer by layer where it cannot."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from striate.core.hooks import are_watched
from striate.core.position import here
from striate.layers.base import Layer
from striate.layers.convolution import Conv1D, Conv2D
from striate.layers.dense import Dense
from striate.layers.normalization import BatchNormalization
from striate.layers.regularization import Dropout
from striate.models.fusion.drafts import Draft, Row, folded
from striate.models.fusion.sizing import MapSize, need_no_care, parts_of, weights_fit
from striate.ops.native.choices import describe_block, left_to_pytorch
from striate.ops.native.library import Library, explain_native, native_library
from striate.ops.native.mode import fused_precision
from striate.ops.native.part import Part, Setting
from striate.ops.native.program import Program, run_program

# Inference keeps maps only from one block to the next: a large batch goes through in slices of this much.
MOST_KEPT = 64 * 2**20
# Shapes that come in turns, as the last batch of an epoch, keep their plans; old ones go.
MOST_PROGRAMS = 4


@dataclass(frozen=True)
class Planned:
    """A program for one input shape, and the shape that its output is to have.

    `drafts` say what its blocks stand for, `rows` how many examples are to go through at once.
    """

    program: Program
    shape: tuple[int, ...]
    drafts: list[Draft]
    rows: int


@dataclass(frozen=True)
class Mixed:
    """A row of which some blocks are left to PyTorch: what runs, one after the other."""

    runs: list[Callable[[torch.Tensor], torch.Tensor]]

    @classmethod
    def of(cls, drafts: list[Draft], elsewhere: list[bool]) -> Mixed:
        """Cut a row's layers at the blocks that are left."""
        runs: list[Callable[[torch.Tensor], torch.Tensor]] = []
        waiting: list[Layer] = []
        for draft, left in zip(drafts, elsewhere, strict=True):
            if not left:
                waiting += draft.layers
                continue
            runs += [*_runs_of(waiting), *draft.layers]
            waiting = []
        return cls([*runs, *_runs_of(waiting)])


def run_in_order(runs: Sequence[Callable[[Any], Any]], inputs: Any) -> Any:
    """Hand a tensor through layers or rows, one after the other."""
    for run in runs:
        inputs = run(inputs)
    return inputs


def _runs_of(layers: list[Layer]) -> list[Callable[[torch.Tensor], torch.Tensor]]:
    rows = dict(fused_rows(layers))
    runs: list[Callable[[torch.Tensor], torch.Tensor]] = []
    place = 0
    while place < len(layers):
        row = rows.get(place)
        runs.append(layers[place] if row is None else row)
        place += 1 if row is None else len(row.layers)
    return runs


def _is_left(part: Part, setting: Setting) -> bool:
    left = left_to_pytorch()
    return bool(left) and describe_block(part, setting.bf16, setting.training) in left


class FusedRow:
    """Layers one after the other, each with one input and one output, run by native kernels.

    It steps aside, and calls the layers themselves, where nothing may be fused (see
    `striate.ops.native.mode`), where a layer has hooks, on another device or dtype than the
    kernels', and where the kernels have no form of what is asked.
    """

    def __init__(self, row: Row):
        self.row = row
        self.layers = row.layers
        self._norms = [layer for layer in self.layers if isinstance(layer, BatchNormalization)]
        self._dropouts = [layer for layer in self.layers if isinstance(layer, Dropout)]
        # Those without work when the row was read have no place in it.
        drafted = [draft.dropout for draft in row.drafts]
        self._undrafted = [layer for layer in self._dropouts if layer not in drafted]
        # Where each weight is kept, so that another in its place is seen; filled at the first call.
        self._places: list[tuple[dict[str, Any], str, Any]] = [({}, "", self)]
        self._weights: list[torch.Tensor] = []
        self._addresses: list[int] = []
        # What the last input was that each layer has looked at, where another of it needs no look.
        self._passed: Any = None
        self._programs: OrderedDict[Any, Planned | Mixed | None] = OrderedDict()

    def __deepcopy__(self, memo: dict[int, Any]) -> FusedRow:
        # Programs hold addresses of this model's weights; a copy makes its own.
        return FusedRow(copy.deepcopy(self.row, memo))

    def __reduce__(self) -> tuple[type[FusedRow], tuple[Row]]:
        return FusedRow, (self.row,)

    def __call__(self, inputs: Any) -> Any:
        """Compute the row's output."""
        found = self.find(inputs)
        if found is None:
            return self._run_layers(inputs)
        planned, inputs = found
        if isinstance(planned, Mixed):
            return run_in_order(planned.runs, inputs)
        if planned.rows < len(inputs):
            return torch.cat([self(some) for some in inputs.split(planned.rows)])
        spot = here()
        outputs = run_program(planned.program, inputs, 0 if spot is None else spot.first)
        outputs = outputs.view(planned.shape)
        return outputs if self.row.tail is None else self.row.tail(outputs)

    def _run_layers(self, inputs: Any) -> Any:
        """Run the layers themselves.

        What each asks of its input, and torch of each layer, takes as long as small maps do: an input
        of a kind that has passed all of it goes from `call` to `call`.
        """
        if type(inputs) is not torch.Tensor:
            return run_in_order(self.layers, inputs)
        kind = (inputs.shape, inputs.dtype, fused_precision())
        if kind == self._passed and not self.is_watched:
            return run_in_order([layer.call for layer in self.layers], inputs)
        outputs = run_in_order(self.layers, inputs)
        self._passed = kind if kind[-1] is not None and need_no_care(self.layers, inputs) else None
        return outputs

    def find(self, inputs: Any) -> tuple[Planned | Mixed, torch.Tensor] | None:
        """Find or plan the program for an input; None where the layers are to run themselves."""
        bf16 = fused_precision()
        on_cpu = type(inputs) is torch.Tensor and inputs.device.type == "cpu"
        if bf16 is None or not on_cpu or explain_native().value is None or self.is_watched:
            return None
        self._refresh()
        training = self._mode(inputs)
        if training is None or inputs.ndim < 2 or not inputs.shape[0]:
            return None
        if inputs.dtype != torch.float32 and not (bf16 and inputs.dtype == torch.bfloat16):
            inputs = inputs.to(torch.float32)
        wants = training and inputs.requires_grad
        asked = (inputs.shape, inputs.dtype, bf16, training, wants)
        key = (*asked, self._numbers(), left_to_pytorch())
        if key not in self._programs:
            self._programs[key] = self._plan(inputs, bf16, training, wants)
            while len(self._programs) > MOST_PROGRAMS:
                self._programs.popitem(last=False)
        planned = self._programs[key]
        return None if planned is None else (planned, inputs.contiguous())

    def _numbers(self) -> tuple[Any, ...]:
        """The numbers of layers and types of weights that a program is made for."""
        drops = tuple((layer.rate, layer.training) for layer in self._dropouts)
        norms = tuple((layer.momentum, layer.epsilon) for layer in self._norms)
        return drops, norms, tuple(weight.dtype for weight in self._weights)

    def is_native_alone(self, training: bool, bf16: bool) -> bool:
        """Whether nothing of the row is left to PyTorch, by its layers and the table of choices."""
        library = native_library()
        frozen = training and any(not norm.trainable for norm in self._norms)
        narrow = library is None or (bf16 and not library.has_bf16)
        known = list(self._programs.values())
        mixed = any(isinstance(one, Mixed) for one in known) or (not known and left_to_pytorch())
        return not (narrow or frozen or self.is_watched or mixed)

    def _refresh(self) -> None:
        """Look whether the weights are what and where they were; a person may have put others in place."""
        if all(holder.get(name) is weight for holder, name, weight in self._places):
            addresses = [weight.data_ptr() for weight in self._weights]
            if addresses != self._addresses:
                # Other memory may be laid out in another way.
                self._addresses = addresses
                self._programs.clear()
            return
        self._places = [
            (holder, name, weight)
            for layer in self.layers
            for holder in (layer._parameters, layer._buffers)
            for name, weight in holder.items()
        ]
        self._weights = [weight for _, _, weight in self._places if weight is not None]
        self._addresses = [weight.data_ptr() for weight in self._weights]
        self._programs.clear()

    @property
    def is_watched(self) -> bool:
        """Whether somebody looks at what goes through one of the layers."""
        return are_watched(self.layers)

    def _mode(self, inputs: torch.Tensor) -> bool | None:
        """Say whether to run with gradients (True) or in inference; None: neither form fits."""
        learns = torch.is_grad_enabled() and (
            inputs.requires_grad or any(weight.requires_grad for weight in self._weights)
        )
        by_batch = [norm.training and norm.trainable for norm in self._norms]
        if not learns:
            chance = any(by_batch) or any(layer.training and layer.rate > 0 for layer in self._dropouts)
            return None if chance else False
        spot = here()
        if spot is not None and spot.processes > 1:
            alone = spot.counts and not spot.synchronize
            by_batch += [alone and not norm.synchronized for norm in self._norms]
        return True if all(by_batch) else None

    def _plan(self, inputs: torch.Tensor, bf16: bool, training: bool, wants: bool) -> Planned | Mixed | None:
        library = native_library()
        if library is None or (bf16 and not library.has_bf16):
            return None
        shape = self._output_shape(tuple(inputs.shape))
        if shape is None or not weights_fit(self.layers) or any(layer.rate > 0 for layer in self._undrafted):
            return None
        # Scores and what goes into other functions come in fp32, maps in the kernels' own type.
        last = len(shape) == 2 or self.row.tail is not None or not bf16
        setting = Setting(
            inputs.shape[0],
            bf16,
            training,
            inputs.dtype,
            torch.float32 if last else torch.bfloat16,
            wants,
        )
        return self._first_that_fits(library, MapSize.of(inputs.shape), setting, shape)

    def _first_that_fits(
        self, library: Library, size: MapSize, setting: Setting, shape: Any
    ) -> Planned | Mixed | None:
        plain, joined = self.row.drafts, folded(self.row.drafts)
        forms = [joined]
        if setting.training:
            # There only a row's first convolution has a joint form with its normalisation.
            has_form = joined[0].norm is not None and isinstance(joined[0].main, Conv1D | Conv2D)
            forms = [[joined[0], *plain[2:]], plain] if has_form else [plain]
        for drafts in forms:
            parts = parts_of(drafts, size, setting.training)
            elsewhere = [_is_left(part, setting) for part in parts]
            if any(elsewhere):
                return Mixed.of(drafts, elsewhere)
            try:
                program = Program(library, parts, setting)
            except NotImplementedError:
                continue
            rows = max(setting.batch * MOST_KEPT // max(program.sizes.kept_bytes, 1), 1)
            return Planned(program, shape, drafts, setting.batch if setting.training else rows)
        return None

    def _output_shape(self, shape: Any) -> Any:
        """Work out the output's shape; None where a layer means something else by this input."""
        if not 2 <= len(shape) <= 4:
            return None
        for layer in self.layers:
            if isinstance(layer, Dense) and len(shape) != 2:
                return None
            layer.ensure_built(shape)
            shape = layer.compute_output_shape(shape)
        return shape


def fused_rows(layers: list[Layer]) -> list[tuple[int, FusedRow]]:
    """Cut a chain of layers into rows that can be fused; each with the place of its first layer."""
    rows: list[tuple[int, FusedRow]] = []
    start = 0
    while start < len(layers):
        row = Row()
        end = start
        while end < len(layers) and row.take(layers[end]):
            end += 1
        if row.is_worth_it:
            rows.append((start, FusedRow(row)))
        start = max(end, start + 1)
    return rows
