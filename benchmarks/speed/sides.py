"""Who is measured, and where each lives: Striate and its peers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

BOTH = ("train", "predict")
WARM = "+warm"


@dataclass(frozen=True)
class Side:
    """One contestant: its engine with options, the environment it runs in, and its tasks."""

    name: str
    title: str
    group: str  # 'ours', 'keras', 'expert', 'plain', 'inference', 'keras-bf16' or 'limit'
    place: str
    engine: str
    tasks: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    # With the allocator's settings that Striate makes for itself.
    warm: bool = False
    # Not what a person gets who installs it: measured only when named.
    only_named: bool = False


def _striate(name: str, title: str, **environment: str) -> Side:
    options = {"library": "striate", "backend": "torch"}
    return Side(name, title, "ours", "striate", "keras", BOTH, options, environment)


def _keras(backend: str, title: str, place: str) -> Side:
    options = {"library": "keras", "backend": backend}
    environment = {"KERAS_BACKEND": backend}
    return Side(f"keras-{backend}", f"Keras on {title}", "keras", place, "keras", BOTH, options, environment)


def _keras_bf16(backend: str, title: str, place: str) -> Side:
    plain = _keras(backend, f"{title}, mixed_bfloat16", place)
    options = {**plain.options, "policy": "mixed_bfloat16"}
    return replace(plain, name=f"{plain.name}-bf16", group="keras-bf16", options=options, only_named=True)


def _torch(name: str, title: str, group: str, style: str, tasks: tuple[str, ...] = BOTH) -> Side:
    return Side(name, title, group, "keras", "torch", tasks, {"style": style})


def _inference(name: str, title: str, engine: str, **options: str) -> Side:
    return Side(name, title, "inference", "inference", engine, ("predict",), options)


OURS = "striate"
KERNELS_OFF = "striate-pytorch"
LIMIT = Side("limit", "matrix product", "limit", "striate", "limit", BOTH)

_INSTALLED = (
    _striate(OURS, "Striate"),
    _striate(KERNELS_OFF, "Striate, kernels off", STRIATE_NATIVE="0"),
    _keras("tensorflow", "TensorFlow", "tensorflow"),
    _keras("jax", "JAX", "keras"),
    _keras("torch", "PyTorch", "keras"),
    _keras_bf16("tensorflow", "TensorFlow", "tensorflow"),
    _keras_bf16("jax", "JAX", "keras"),
    _keras_bf16("torch", "PyTorch", "keras"),
    _torch("torch", "PyTorch, plain", "plain", "plain"),
    _torch("torch-expert", "PyTorch, expert", "expert", "expert"),
    _torch("torch-frozen", "PyTorch, compiled, frozen, bf16", "plain", "frozen", ("predict",)),
    _inference("onnxruntime", "onnxruntime", "onnxruntime"),
    _inference("openvino", "OpenVINO", "openvino"),
    _inference("openvino-many", "OpenVINO, several at a time", "openvino", PERFORMANCE_HINT="THROUGHPUT"),
)


def _with_warm(side: Side) -> tuple[Side, ...]:
    if side.group == "ours":
        return (side,)
    return side, replace(side, name=side.name + WARM, title=f"{side.title}, allocator settings", warm=True)


SIDES = {side.name: side for plain in _INSTALLED for side in _with_warm(plain)}


def chosen(names: Iterable[str]) -> list[Side]:
    """Find sides by their names; a group's name stands for its members as installed.

    'all' are all but those that are measured only when named.

    Raises:
        SystemExit: a name that is not known.
    """
    found: dict[str, Side] = {}
    for name in names:
        members = [
            side
            for side in SIDES.values()
            if name == side.name
            or (name == "all" and not side.only_named)
            or (name == side.group and not side.warm)
        ]
        if not members:
            groups = sorted({side.group for side in SIDES.values()})
            raise SystemExit(
                f"{name!r} is no side; there are {', '.join(SIDES)}, the groups {', '.join(groups)}, and all."
            )
        found |= {side.name: side for side in members}
    return list(found.values())
