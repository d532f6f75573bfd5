"""Projections made of others' views: some of one projection's, or those of several."""

from collections.abc import Mapping
from typing import Any

from pointclip.catalog.projections import PROJECTIONS
from pointclip.core.errors import UserError, choose


def checked_parts(config: Mapping[str, Any], name: str, entry: Mapping[str, Any]) -> list[str]:
    """The projections that an entry joins.

    Raises:
        UserError: if one is not there or joins others itself, or the entry says anything else.
    """
    parts = entry["join"]
    if set(entry) != {"join"}:
        raise UserError(f"The projection '{name}' joins others, and can have no other parameter.")
    for part in parts:
        choose(part, [*config["projections"], *PROJECTIONS], f"part of the projection '{name}'")
        if "join" in config["projections"].get(part, {}):
            raise UserError(f"The projection '{name}' joins '{part}', which joins others itself.")
    return list(parts)


def views_of(base: Any, views: list[int], name: str) -> Any:
    """Views by their place in those of the projection `name`: all of a set, or some of them."""
    if base is None:  # the built-in projection's own set
        return views
    if isinstance(base, str):
        return {"set": base, "indices": views}
    indices = base if isinstance(base, list) else base.get("indices")
    if indices is None:
        return {**base, "indices": views}
    if wrong := [view for view in views if not 0 <= view < len(indices)]:
        raise UserError(
            f"There is no view {wrong[0]} in the projection '{name}': choose from 0 to "
            f"{len(indices) - 1}."
        )
    picked = [indices[view] for view in views]
    return picked if isinstance(base, list) else {**base, "indices": picked}
