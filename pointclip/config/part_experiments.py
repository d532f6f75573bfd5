"""What a config asks for in part segmentation: experiments as mappings of axes to ids."""

from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from pointclip.catalog.parts import PART_READERS, PATCHES, SEGMENTERS, check_segmenter
from pointclip.config import paths
from pointclip.core.errors import UserError, choose


# Axis of an experiment, which is the wildcard too -> the key of the config that lists its values.
PART_AXES = {
    "part_dataset": "part_datasets",
    "projection": "projections",
    "backbone": "backbones",
    "patches": "patches",
    "segmenter": "segmenters",
    "shots": "shots",
    "protocol": "protocols",
}
DEFAULT_PARTS = "furniture_parts"
_ROTATIONS = ("none", "up", "any")

Config = Mapping[str, Any]
Run = dict[str, Any]


def resolve_parts(config: Config) -> dict[str, dict[str, Any]]:
    """Section -> id -> entry, for what part segmentation uses or describes.

    Raises:
        UserError: if an entry or an experiment names something that is not there.
    """
    resolvers = {
        "part_datasets": resolve_part_dataset,
        "patches": resolve_patches,
        "segmenters": resolve_segmenter,
    }
    used = {(section, name) for section in resolvers for name in config.get(section, {})}
    for block in config.get("segmentation", []):
        used |= {(section, name) for section in resolvers for name in block[section]}
    chosen = [resolve_segmenter(config, name) for kind, name in used if kind == "segmenters"]
    used |= {("patches", kind) for segmenter in chosen for kind in segmenter["patches"]}
    entries: dict[str, dict[str, Any]] = {section: {} for section in resolvers}
    for section, name in sorted(used):
        entries[section][name] = resolvers[section](config, name)
    return entries


def resolve_part_dataset(config: Config, name: str) -> dict[str, Any]:
    """How a part set is read, from where, and in how many shards it is encoded."""
    own = {DEFAULT_PARTS: {"reader": "furniture_parts"}} | dict(config.get("part_datasets", {}))
    entry = dict(own[choose(name, own, "part set")])
    entry.pop("description", None)
    choose(entry["reader"], PART_READERS, "reader of a part set")
    if "path" in entry and not Path(entry["path"]).exists():
        raise UserError(f"The path '{entry['path']}' of the part set '{name}' does not exist.")
    if "path" not in entry and entry["reader"] != "furniture_parts":
        raise UserError(f"The part set '{name}' needs the path of its files.")
    choose(entry.get("rotation", "none"), _ROTATIONS, f"rotation of the part set '{name}'")
    shards = entry.pop("shards", 1)
    return {"entry": entry, "shards": [str(shard) for shard in range(shards)]}


def resolve_patches(config: Config, name: str) -> dict[str, Any]:
    """The side of the encoder's input, and its last layer's attention."""
    known = PATCHES | dict(config.get("patches", {}))
    return {"attention": "ordinary", **known[choose(name, known, "kind of patches")]}


def resolve_segmenter(config: Config, name: str) -> dict[str, Any]:
    """All settings of a segmenter, with those of its `base`."""
    own = config.get("segmenters", {})
    entry = dict(own.get(name, SEGMENTERS.get(name, {})))
    choose(name, {**SEGMENTERS, **own}, "segmenter")
    base = entry.pop("base", None)
    if base is not None:
        entry = SEGMENTERS[choose(base, SEGMENTERS, f"base of segmenter '{name}'")] | entry
    entry.pop("description", None)
    full = check_segmenter(name, entry)
    for key in ("sentences", "view_weights"):
        if full[key] and not Path(full[key]).is_file():
            raise UserError(f"The file '{full[key]}' of segmenter '{name}' does not exist.")
    return full


def described_or_used(config: Config, sections: Iterable[str]) -> set[tuple[str, str]]:
    """Section and id of the entries of `sections` that a config describes or that part segmentation
    uses."""
    used = {(section, name) for section in sections for name in config.get(section, [])}
    for block in config.get("segmentation", []):
        used |= {(key, name) for key in ("projections", "backbones") for name in block[key]}
        used.add(("samplings", block.get("sampling", "default")))
    return used


def part_runs(config: Config) -> list[Run]:
    """Every experiment, each once. Segmenters that learn have shots and the protocol `plain`."""
    found: dict[str, Run] = {}
    for block in config.get("segmentation", []):
        for values in product(*(block[PART_AXES[axis]] for axis in list(PART_AXES)[:5])):
            run = dict(zip(PART_AXES, values, strict=False))
            learns = resolve_segmenter(config, run["segmenter"])["method"] != "zero_shot"
            shots = block.get("shots", []) if learns else [0]
            protocols = ["plain"] if learns else block.get("protocols", ["plain"])
            for count, protocol in product(shots, protocols):
                one = {**run, "shots": count, "protocol": protocol}
                one["sampling"] = block.get("sampling", "default")
                found[paths.path("segmented", **one)] = one
    return list(found.values())


def predicted(run: Run) -> str:
    """The predictions of an experiment."""
    return paths.path("segmented", **run) + "/predicted.h5"


def ceilings(runs: list[Run], part_sets: Config) -> list[dict[str, Any]]:
    """The grids of patches whose ceiling stands beside the experiments, with their shards."""
    axes = ("part_dataset", "projection", "backbone", "patches")
    found = [
        dict(zip(axes, ids, strict=True))
        for ids in sorted({tuple(run[a] for a in axes) for run in runs})
    ]
    return [{**grid, "shards": part_sets[grid["part_dataset"]]["shards"]} for grid in found]


def headlines(runs: list[Run]) -> dict[str, Run]:
    """Part set -> the experiment that figures show: that of most shots, listed first."""
    found: dict[str, Run] = {}
    for run in runs:
        best = found.setdefault(run["part_dataset"], run)
        if run["shots"] > best["shots"]:
            found[run["part_dataset"]] = run
    return found
