"""One explained value as data, and its picture: input, window, kernel and products beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from striate.visualize.base import AnyPanel, HeatPanel, Line, LinePanel, Sheet, TablePanel
from striate.visualize.drawing.numbers import texts_that_agree

# Of many channels the strongest are drawn; of many single terms as well; larger windows become heat.
CHANNELS, TERMS, LARGEST_TABLE = 3, 8, 7
# A window of a signal stands upright, in cells as large as those of an image's window.
_LONGEST_TABLE = 16


@final
@dataclass(frozen=True, eq=False)
class ExplainedSum:
    """How one value came about; `sheet` is the picture of it.

    `total` is the sum with the bias, `after` what the activation makes of it. `start` is where
    the window begins on the input, below 0 where it stands in the padding; `inside` says which
    of its places are real. Of a pooling, `kernel` and `products` are None. `mode` says in NumPy's
    words what stands in the padding; 'constant' is zeros.

    Shape:
        window, kernel, products: (*size, channels); inside: (*size,); source: (*axes, channels),
        the layer's whole input; channels: the numbers of the source's channels in the window
    """

    layer: str
    kind: str
    filter: int
    place: tuple[int, ...]
    window: np.ndarray
    kernel: np.ndarray | None
    products: np.ndarray | None
    bias: float
    total: float
    after: float
    activation: str
    reduce: str
    start: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    inside: np.ndarray
    source: np.ndarray
    channels: np.ndarray
    mode: str = "constant"

    @property
    def sheet(self) -> Sheet:
        """The picture: window times kernel, channel by channel, up to the total."""
        return draw_sum(self)

    def _repr_png_(self) -> bytes:
        return self.sheet._repr_png_()


def draw_sum(value: ExplainedSum) -> Sheet:
    """Lay out how a value came about, the strongest channels first."""
    name = f"{value.layer}, filter {value.filter}" if value.kind != "kernel" else value.layer
    where = f" at {', '.join(map(str, value.place))}" if value.place else ""
    title = f"How the value of {name}{where} comes about"
    if value.kernel is None or value.products is None:
        panels = (
            input_panel(value, 0),
            _numbers(value.window[..., 0], "window"),
            TablePanel(np.array([[value.after]]), value.activation or value.reduce),
        )
        return Sheet(title, _caption(value, []), panels, columns=3, operators=("→", "→"))
    if value.inside.size == 1 and value.window.shape[-1] > 1:
        return _terms(value, title)
    sums = value.products.reshape(-1, value.products.shape[-1]).sum(axis=0)
    strongest = np.argsort(-np.abs(sums), kind="stable")[:CHANNELS]
    shown: list[AnyPanel] = []
    for place in sorted(int(one) for one in strongest):
        number = int(value.channels[place])
        channel = f"channel {number}" if value.source.shape[-1] > 1 else "input"
        shown += [
            input_panel(value, place, channel),
            _numbers(value.window[..., place], "window", _padding_note(value)),
            _numbers(value.kernel[..., place], "kernel"),
            _numbers(value.products[..., place], "products"),
            TablePanel(np.array([[sums[place]]]), "sum"),
        ]
    rest = [float(sums.sum() - sums[strongest].sum())] if len(sums) > len(strongest) else []
    return Sheet(title, _caption(value, rest), tuple(shown), columns=5, operators=("→", "×", "=", "Σ"))


def _terms(value: ExplainedSum, title: str) -> Sheet:
    """Inputs that are single numbers, as those of a dense layer: the strongest products of all."""
    window, kernel, products = (
        part.reshape(-1) for part in (value.window, value.kernel, value.products) if part is not None
    )
    strongest = np.sort(np.argsort(-np.abs(products), kind="stable")[:TERMS])
    numbers = value.channels[strongest].astype(float)
    panels = tuple(
        TablePanel(part[:, None], name, scale=scale)
        for part, name, scale in (
            (numbers, "input number", "none"),
            (window[strongest], "value", "signed"),
            (kernel[strongest], "weight", "signed"),
            (products[strongest], "product", "signed"),
            (np.array([products[strongest].sum()]), "sum", "signed"),
        )
    )
    count = len(products) - len(strongest)
    rest = [float(products.sum() - products[strongest].sum())] if count else []
    return Sheet(title, _caption(value, rest, count), panels, columns=5, operators=(":", "×", "=", "Σ"))


def _numbers(values: np.ndarray, title: str, note: str = "") -> AnyPanel:
    table = values[:, None] if values.ndim == 1 else np.atleast_2d(values)
    if max(table.shape) > (_LONGEST_TABLE if values.ndim == 1 else LARGEST_TABLE):
        return HeatPanel(table, title, note)
    return TablePanel(table, title, note)


def input_panel(value: ExplainedSum, place: int, title: str = "input") -> AnyPanel:
    """The layer's input with the window outlined; what lies in the padding is drawn around it.

    Zeros are drawn as missing, mirrored values and those of the edge as what they are.
    """
    channel = int(value.channels[place])
    values = value.source[..., channel]
    if values.ndim == 0:
        return TablePanel(values.reshape(1, 1), title)
    extents = [(size - 1) * gap + 1 for size, gap in zip(value.inside.shape, value.dilation, strict=True)]
    if value.mode == "constant":
        padded = np.pad(values, value.padding, constant_values=np.nan)
    else:
        padded = np.pad(values, value.padding, mode=value.mode)  # type: ignore[call-overload]
    starts = [start + before for start, (before, _) in zip(value.start, value.padding, strict=True)]
    if values.ndim == 1:
        steps = np.arange(len(padded)) - value.padding[0][0]
        shade = np.zeros(len(padded))
        shade[starts[0] : starts[0] + extents[0]] = 1.0
        return LinePanel((Line("", "signal", steps, padded),), title, x_label="step", shade=shade)
    scale = "signed" if values.min() < 0 else "grey"
    return HeatPanel(padded, title, scale=scale, box=(starts[0], starts[1], extents[0], extents[1]))


def _padding_note(value: ExplainedSum) -> str:
    outside = int(value.inside.size - value.inside.sum())
    return f"{outside} of {value.inside.size} in the padding" if outside else ""


def _caption(value: ExplainedSum, rest: list[float], count: int | None = None) -> str:
    if value.products is None:
        said = {"max": "the largest of", "average": "the mean of", "sum": "the sum of"}[value.reduce]
        size = "×".join(map(str, value.inside.shape))
        if value.inside.size == 1:
            text = f"The value {value.total:.6g} is taken as it is."
        else:
            text = f"The value is {said} a window of {size}: {value.total:.6g}."
    else:
        channels = value.window.shape[-1]
        text = f"Window times kernel, added up over {channels:,} {'channel' if channels == 1 else 'channels'}"
        if rest:
            others = f"{count:,} terms" if count is not None else f"{channels - CHANNELS:,} channels"
            text += f" (the other {others}, not drawn, add {rest[0]:.6g})"
        (products, bias), total = texts_that_agree(
            [value.total - value.bias, value.bias], value.total, sum, least=6
        )
        text += f", gives {products}; with the bias {bias} that is {total}."
    if value.activation:
        text += f" After {value.activation}: {value.after:.6g}."
    outside = int(value.inside.size - value.inside.sum())
    if outside:
        text += f" {outside} of the window's {value.inside.size} places lie in the padding."
    return text
