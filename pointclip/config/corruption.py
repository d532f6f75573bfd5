"""Data sets that are another one with corrupted test clouds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointclip.catalog.corruptions import CORRUPTIONS, FROM_MESHES, SEVERITIES, TURNS
from pointclip.core.errors import UserError, choose


def checked_corruption(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What is done to the test clouds of a data set, with all defaults; {} for nothing.

    Raises:
        UserError: if the entry does anything else than corrupt its base, or names no corruption.
    """
    entry = config["datasets"].get(name, {})
    if "corruption" not in entry:
        return {}
    if set(entry) - {"base", "corruption", "description", "v2_view_weights"} or "base" not in entry:
        raise UserError(
            f"The data set '{name}' has a corruption: it needs a base and can have no other key."
        )
    if "corruption" in config["datasets"].get(entry["base"], {}):
        raise UserError(f"The data set '{name}' corrupts '{entry['base']}', which is corrupted.")
    given = {"severity": 1, "seed": 0, **entry["corruption"]}
    allowed = [*CORRUPTIONS, *TURNS, *(FROM_MESHES if "files" in given else ())]
    choose(given["name"], allowed, f"corruption of the data set '{name}'")
    if "files" in given and not Path(given["files"]).is_dir():
        raise UserError(f"The folder '{given['files']}' of the data set '{name}' does not exist.")
    return given


def list_corrupted(config: dict[str, Any]) -> None:
    """Add what blocks with `corruptions` ask for, in place: a data set `base_name_severity` each.

    A turn has one severity, and its data set's id none.
    """
    for block in [*config["zero_shot"], *config["few_shot"]]:
        if "corruptions" not in block:
            continue
        given = block.pop("corruptions")
        names = given.get("names", CORRUPTIONS)
        severities = given.get("severities", SEVERITIES)
        found: list[str] = []
        for base in block["datasets"]:
            found.append(base)
            for name in names:
                for severity in severities if name not in TURNS else [None]:
                    entry = {"name": name} | ({"severity": severity} if severity else {})
                    id_ = "_".join(map(str, [base, *entry.values()]))
                    config["datasets"].setdefault(id_, {"base": base, "corruption": entry})
                    found.append(id_)
        block["datasets"] = found


def clean(config: Mapping[str, Any], name: str) -> str:
    """The data set whose train split a data set has: its base, if it is that one corrupted."""
    entry = config["datasets"].get(name, {})
    return str(entry["base"]) if "corruption" in entry else name
