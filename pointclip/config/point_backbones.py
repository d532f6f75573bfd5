"""Which experiments there are of backbones that read points: those with the projection `none`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointclip.catalog.point_backbones import POINT_BACKBONES
from pointclip.catalog.projections import NO_PROJECTION
from pointclip.config.entries import Config, built_in
from pointclip.core.errors import UserError, choose


def reads_points(config: Config, name: str) -> bool:
    """Whether a backbone, of the config or built in, is a 3D encoder."""
    entries, seen = config.get("backbones", {}), set[str]()
    while name in entries and name not in seen:
        seen.add(name)
        if "network" in entries[name]:
            return True
        name = entries[name].get("base", name)
    return name in POINT_BACKBONES


def check_backbones(config: Config, block: Mapping[str, Any]) -> None:
    """See that every backbone of a block has a projection that it can read.

    Raises:
        UserError: naming a backbone that has none.
    """
    for name in block["backbones"]:
        choose(name, [*config["backbones"], *built_in("backbones")], "backbone")
        projections = block["projections"]
        if reads_points(config, name) and NO_PROJECTION not in projections:
            raise UserError(
                f"The backbone '{name}' reads points: list the projection '{NO_PROJECTION}' for it."
            )
        if not reads_points(config, name) and set(projections) == {NO_PROJECTION}:
            raise UserError(
                f"The backbone '{name}' reads depth maps: list a projection beside "
                f"'{NO_PROJECTION}'."
            )


def check_ensemble(config: Config, name: str) -> None:
    """See that an ensemble names a file of logits, or a backbone of ours with what it needs.

    Raises:
        UserError: if it names neither, or both, or a file that does not exist.
    """
    entry = config["ensembles"][name]
    own = {axis: entry[axis] for axis in ("projection", "prompts", "backbone") if axis in entry}
    if "file" in entry and not own:
        if not Path(entry["file"]).is_file():
            raise UserError(f"The file '{entry['file']}' of the ensemble '{name}' does not exist.")
        return
    if "file" in entry or len(own) < 3:
        raise UserError(
            f"The ensemble '{name}' needs a file, or a backbone, a projection and prompts."
        )
    check_backbones(config, {"backbones": [own["backbone"]], "projections": [own["projection"]]})
    if not is_readable(config, own | {"kind": "zero_shot", "protocol": "plain"}):
        raise UserError(
            f"The backbone '{own['backbone']}' of the ensemble '{name}' reads depth maps: give a "
            "projection."
        )


def is_readable(config: Config, run: Mapping[str, Any]) -> bool:
    """Whether the backbone of an experiment reads what its projection gives.

    A backbone that reads points has one view, of which no weight can be chosen, and no release of
    ours to follow: there is no such experiment either.
    """
    points = reads_points(config, run["backbone"])
    if points != (run["projection"] == NO_PROJECTION):
        return False
    chooses_views = run["kind"] == "zero_shot" and run["protocol"] == "validation"
    return not points or not (run["protocol"] == "released" or chooses_views)
