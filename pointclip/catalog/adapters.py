"""The few-shot methods and their hyper-parameters: a dataclass a method, plain data.

A new method is one dataclass here and the module of its name in `classification/adapters/`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pointclip.core.errors import UserError, choose


Number = int | float


def number(default: Number | None, low: Number, high: Number) -> Any:
    """A hyper-parameter from `low` to `high`; whole numbers only, if the default is one."""
    return field(default=default, metadata={"low": low, "high": high, "type": type(default)})


def numbers(
    default: tuple[Number, ...], low: Number, high: Number, count: int | None = None
) -> Any:
    """Several numbers from `low` to `high`: just `count` of them, or at least one."""
    kind = type(default[0])
    about = {"low": low, "high": high, "type": kind, "count": count, "several": True}
    return field(default=default, metadata=about)


def flag(default: bool) -> Any:
    return field(default=default, metadata={"type": bool})


@dataclass(frozen=True)
class InterView:
    """PointCLIP's inter-view adapter; defaults as released (SPEC §1.6)."""

    ratio: float = number(0.6, 0, 1)
    dropout: float = number(0.075, 0, 0.99)
    smoothing: float = number(0.2, 0, 0.99)
    epochs: int = number(250, 1, 100_000)
    batch: int = number(32, 1, 100_000)
    lr: float = number(0.01, 0, 100)
    momentum: float = number(0.9, 0, 0.9999)
    weight_decay: float = number(5e-4, 0, 10)
    norm: float | None = number(None, 1e-6, 1e6)
    scale: float = number(100.0, 1e-3, 1e6)
    search_views: bool = flag(False)


@dataclass(frozen=True)
class LinearProbe:
    """Logistic regression on concatenated views; `grid` is what `validation` tries for `c`."""

    c: float = number(100.0, 1e-9, 1e9)
    grid: tuple[float, ...] = numbers((0.1, 1.0, 10.0, 100.0, 1e3, 1e4), 1e-9, 1e9)


@dataclass(frozen=True)
class NearestMean:
    """The class whose mean feature is nearest; nothing to set."""


@dataclass(frozen=True)
class Tip:
    """Tip-Adapter without training; `search_*` are the ranges and steps of `validation`."""

    alpha: float = number(1.17, 0, 1e6)
    beta: float = number(1.0, 0, 1e6)
    search_scale: tuple[float, ...] = numbers((7.0, 3.0), 1e-6, 1e6, count=2)
    search_steps: tuple[int, ...] = numbers((200, 20), 1, 10_000, count=2)


@dataclass(frozen=True)
class TipF:
    """Tip-Adapter-F: the cache's keys are trained."""

    alpha: float = number(1.17, 0, 1e6)
    beta: float = number(1.0, 0, 1e6)
    epochs: int = number(20, 1, 100_000)
    batch: int = number(256, 1, 100_000)
    lr: float = number(1e-3, 0, 100)
    weight_decay: float = number(0.01, 0, 10)
    search_scale: tuple[float, ...] = numbers((7.0, 3.0), 1e-6, 1e6, count=2)
    search_steps: tuple[int, ...] = numbers((200, 20), 1, 10_000, count=2)


@dataclass(frozen=True)
class Blend:
    """Zero-shot and linear probe, blended; `steps` is how many weights `validation` tries."""

    c: float = number(100.0, 1e-9, 1e9)
    blend_weight: float = number(0.8, 0, 1)
    steps: int = number(20, 1, 10_000)


METHODS: dict[str, type] = {
    "inter_view": InterView,
    "tip": Tip,
    "tip_f": TipF,
    "linear_probe": LinearProbe,
    "nearest_mean": NearestMean,
    "blend": Blend,
}


def hyper_parameters(method: str, given: Mapping[str, Any]) -> Any:
    """The method's dataclass, filled with what is given.

    Raises:
        UserError: if there is no such method or hyper-parameter, or a value is out of its range.
    """
    cls = METHODS[choose(method, METHODS, "few-shot method")]
    known = {entry.name: entry for entry in fields(cls)}
    values = {}
    for name, value in given.items():
        choose(name, known, f"hyper-parameter of {method}")
        values[name] = _checked(method, name, value, known[name])
    return cls(**values)


def _checked(method: str, name: str, value: Any, entry: Any) -> Any:
    about = entry.metadata
    if about["type"] is bool:
        if not isinstance(value, bool):
            raise UserError(f"{method} cannot have {name}={value!r}: give true or false.")
        return value
    if about.get("several"):
        wanted = about["count"]
        if not isinstance(value, list | tuple) or len(value) != (wanted or max(1, len(value))):
            how_many = f"a list of {wanted}" if wanted else "a list of"
            raise UserError(f"{method} cannot have {name}={value!r}: give {how_many} numbers.")
        return tuple(_number(method, name, one, about) for one in value)
    if value is None and entry.default is None:
        return None
    return _number(method, name, value, about)


def _number(method: str, name: str, value: Any, about: Mapping[str, Any]) -> Number:
    whole, low, high = about["type"] is int, about["low"], about["high"]
    allowed = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    # A NaN is in no range.
    if not allowed or not math.isfinite(value) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise UserError(
            f"{method} cannot have {name}={value!r}: give {kind} from {low:g} to {high:g}."
        )
    return value if whole else float(value)
