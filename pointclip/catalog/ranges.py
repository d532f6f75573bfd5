"""Ranges of hyper-parameters: written beside a dataclass's fields, and checked by them."""

import math
from collections.abc import Mapping
from dataclasses import field, fields
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


def fill(cls: type, name: str, given: Mapping[str, Any]) -> Any:
    """The dataclass `cls` of the method `name`, filled with what is given.

    Raises:
        UserError: if there is no such hyper-parameter, or a value is out of its range.
    """
    known = {entry.name: entry for entry in fields(cls)}
    values = {}
    for key, value in given.items():
        choose(key, known, f"hyper-parameter of {name}")
        values[key] = _checked(name, key, value, known[key])
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
