"""What a config asks of registration: sets of pairs, features and solvers, and their products."""

from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from pointclip.catalog.registration import (
    EMBEDDED,
    FAMILIES,
    FEATURES,
    PAIRS,
    RANDOM,
    RANDOM_SOLVER,
    SETTINGS,
    SOLVERS,
    WITH_QUERY_DEPTH,
)
from pointclip.config.entries import Config, here, merged
from pointclip.config.resolve import resolve_backbone
from pointclip.core.errors import UserError, choose
from pointclip.core.files import PACKAGE


# Axis of a registration, which is the wildcard too -> the key of the config that lists its values.
AXES = {"pairs": "pairs", "features": "features", "solver": "solvers"}
Registration = dict[str, str]


def runs(config: Config) -> list[Registration]:
    """Every registration, each once; for each set of pairs that of random matches comes first.

    Raises:
        UserError: if it needs a depth map of the query and the pairs have none.
    """
    found: list[Registration] = []
    for block in config["registration"]:
        found += [_random(pairs) for pairs in block["pairs"]]
        for values in product(*(block[key] for key in AXES.values())):
            found.append(dict(zip(AXES, values, strict=True)))
    return _checked(config, found)


def ablation_runs(config: Config, name: str) -> list[Registration]:
    """The registrations that an ablation compares, in its order.

    Raises:
        UserError: if an axis is missing or unknown.
    """
    ablation = config["registration_ablations"][name]
    base, vary = ablation["base"], ablation["vary"]
    what = f"axis of the registration ablation '{name}'"
    for axis in [*base, *vary]:
        choose(axis, AXES, what)
    if missing := [axis for axis in AXES if axis not in base and axis not in vary]:
        raise UserError(f"The registration ablation '{name}' says nothing about its {missing[0]}.")
    found = [{**base, **dict(zip(vary, values, strict=True))} for values in product(*vary.values())]
    return _checked(config, [{axis: run[axis] for axis in AXES} for run in found])


def all_runs(config: Config) -> list[Registration]:
    """Those of the blocks and of all ablations, each once."""
    found = runs(config)
    for name in config["registration_ablations"]:
        found += ablation_runs(config, name)
    return _unique(found)


def resolve(config: Config, backbones: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Section -> id -> what the rules need of an entry, for all that is used.

    Backbones of features are added to `backbones`.
    """
    entries: dict[str, dict[str, Any]] = {"pairs": {}, "features": {}, "solvers": {}}
    for run in all_runs(config):
        entries["pairs"][run["pairs"]] = resolve_pairs(config, run["pairs"])
        entries["solvers"][run["solver"]] = resolve_solver(config, run["solver"])
        entries["features"][run["features"]] = features = resolve_features(config, run["features"])
        for part in features["parts"]:
            entries["features"][part] = own = resolve_features(config, part)
            if backbone := own["entry"].get("backbone"):
                backbones[backbone] = resolve_backbone(config, backbone)
    return entries


def resolve_pairs(config: Config, name: str) -> dict[str, Any]:
    """A set of pairs with all its settings.

    Raises:
        UserError: if its folder is missing.
    """
    entry, chain = merged(config, "pairs", name, own=("path",))
    for built_in in [link for link in chain if link in EMBEDDED]:
        embedded = EMBEDDED[built_in]
        entry = {**embedded, "path": str(here(PACKAGE / embedded["path"])), **entry}
    entry.pop("base", None)
    entry.pop("description", None)
    settings = SETTINGS[choose(entry.get("scene", PAIRS["scene"]), SETTINGS, "kind of scene")]
    entry = {**settings, **PAIRS, **entry}
    if "path" not in entry:
        raise UserError(f"The set of pairs '{name}' has neither a path nor a base that has one.")
    if not Path(entry["path"]).is_dir():
        raise UserError(f"The folder '{entry['path']}' of the pairs '{name}' does not exist.")
    return entry


def resolve_features(config: Config, name: str) -> dict[str, Any]:
    """A family with its parameters, or several fused: `parts` with their `weights`."""
    if name == RANDOM:
        return {"entry": {}, "parts": [], "weights": []}
    entry, chain = merged(config, "features", name, own=("fuse",))
    entry.pop("description", None)
    entry.pop("base", None)
    if fuse := entry.pop("fuse", None):
        if entry:
            raise UserError(f"The features '{name}' fuse others: '{next(iter(entry))}' is theirs.")
        if any("fuse" in config["features"].get(part, {}) for part in fuse):
            raise UserError(f"The features '{name}' fuse fused ones: name their parts instead.")
        return {"entry": {}, "parts": list(fuse), "weights": list(fuse.values())}
    own = FEATURES[chain[-1]]
    for key in entry:
        choose(key, own, f"parameter of features '{name}'")
    choose(own["family"], FAMILIES, "feature family")
    return {"entry": {**own, **entry}, "parts": [name], "weights": [1.0]}


def resolve_solver(config: Config, name: str) -> dict[str, Any]:
    """A solver with its parameters."""
    entry, chain = merged(config, "solvers", name)
    entry.pop("description", None)
    entry.pop("base", None)
    own = SOLVERS[chain[-1]]
    for key in entry:
        choose(key, own, f"parameter of the solver '{name}'")
    return {**own, **entry}


def depth_name(entry: Mapping[str, Any]) -> str:
    """What tables call a set's query depth: `sensor`, `none`, or `file`; and its added error."""
    source = entry["query_depth"]
    name = source if source in ("sensor", "none") else "file"
    scale, smooth = entry["query_depth_error"]
    return name if scale == smooth == 0 else f"{name} +{100 * scale:g} % +{100 * smooth:g} %"


def headlines(config: Config) -> dict[str, Registration]:
    """Set of pairs -> the registration that figures show: the first that is listed."""
    found: dict[str, Registration] = {}
    for run in runs(config):
        if run["features"] != RANDOM:
            found.setdefault(run["pairs"], run)
    return found


def _random(pairs: str) -> Registration:
    return {"pairs": pairs, "features": RANDOM, "solver": RANDOM_SOLVER}


def _unique(found: Iterable[Registration]) -> list[Registration]:
    return list({tuple(run.values()): run for run in found}.values())


def _checked(config: Config, found: list[Registration]) -> list[Registration]:
    kept = []
    for run in _unique(found):
        entry = resolve_pairs(config, run["pairs"])
        if entry["query_depth"] != "none":
            kept.append(run)
        elif run["features"] != RANDOM:
            method = resolve_solver(config, run["solver"])["method"]
            parts = resolve_features(config, run["features"])["parts"]
            families = [resolve_features(config, part)["entry"]["family"] for part in parts]
            if needs := [name for name in (*families, method) if name in WITH_QUERY_DEPTH]:
                raise UserError(
                    f"'{needs[0]}' needs a depth map of the query, but the pairs '{run['pairs']}' "
                    "have query_depth: none."
                )
            kept.append(run)
    return kept
